"""The picture of a trained LeNet: curves, confusions, filters and worst mistakes."""

from pathlib import Path

from canvas import plt

import minigrad as mg
import nn
import nn.functional as F
from minigrad import metrics, plot


def draw(path: Path, history: list, model: nn.Module, testing, scores: mg.Tensor) -> None:
    """Write one PNG with all of them."""
    images, labels = testing.tensors
    layout = {"figsize": (12, 9), "height_ratios": (3, 2), "layout": "constrained"}
    figure, axes = plt.subplot_mosaic("LLLEEECCCCCC;FFFFFMMMMMMM", **layout)
    loss, test_loss, accuracy = zip(*history, strict=True)
    plot.learning_curves({"training": loss, "test": test_loss}, axes["L"], title="Cross-entropy", log=True)
    errors = [100 * (1 - one) for one in accuracy]
    plot.learning_curves(errors, axes["E"], title=f"Test error, at last {errors[-1]:.2f} %", ylabel="%")
    axes["E"].set_ylim(0, None)
    confusions = metrics.confusion_matrix(scores, labels, num_classes=scores.shape[1])
    plot.confusion_matrix(confusions, axes["C"], diagonal=False)
    plot.filters(model.features[0], axes["F"], title="First-layer kernels")
    mistakes(axes["M"], images, labels, scores)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def mistakes(ax, images: mg.Tensor, labels: mg.Tensor, scores: mg.Tensor, rows: int = 2, columns: int = 5) -> None:
    """The images whose right class got the least probability."""
    losses = F.cross_entropy(scores, labels, reduction="none")
    predicted = scores.argmax(1)
    worst = [i for i in losses.argsort(descending=True).tolist() if predicted[i] != labels[i]][: rows * columns]
    if not worst:
        ax.set_axis_off()
        ax.set_title("No mistakes")
        return
    titles = [f"{int(labels[i])} → {int(predicted[i])}" for i in worst]
    plot.image_grid(images[worst], ax, columns=columns, titles=titles, title="Worst mistakes: true → predicted")
