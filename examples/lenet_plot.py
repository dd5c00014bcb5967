"""The picture of a trained LeNet: curves, filters, confusions and worst mistakes."""

from pathlib import Path

import minigrad as mg
import nn
import nn.functional as F

try:
    import matplotlib
except ImportError:
    raise SystemExit('--plot needs matplotlib: pip install -e ".[viz]"') from None
matplotlib.use("Agg")
from matplotlib import pyplot as plt


def draw(path: Path, history: list, model: nn.Module, testing, scores: mg.Tensor) -> None:
    """Write one PNG with all four."""
    images, labels = testing.tensors
    figure = plt.figure(figsize=(12, 9), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=(3, 2))
    left, right = upper.subfigures(1, 2)
    curves(left, history)
    confusion(right, scores, labels)
    left, right = lower.subfigures(1, 2, width_ratios=(2, 3))
    filters(left, model)
    mistakes(right, images, labels, scores)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def curves(figure, history: list) -> None:
    """Losses and test error by epoch."""
    epochs = range(1, len(history) + 1)
    axes, error = figure.subplots(1, 2)
    axes.plot(epochs, [loss for loss, _, _ in history], "o-", label="training")
    axes.plot(epochs, [loss for _, loss, _ in history], "s-", label="test")
    axes.set(title="Cross-entropy", xlabel="epoch", yscale="log")
    axes.legend()
    error.plot(epochs, [100 * (1 - accuracy) for _, _, accuracy in history], "s-", color="tab:orange")
    error.set(
        title=f"Test error, at last {100 * (1 - history[-1][2]):.2f} %", xlabel="epoch", ylabel="%", ylim=(0, None)
    )


def confusion(figure, scores: mg.Tensor, labels: mg.Tensor) -> None:
    """How often each class was taken for each other; the diagonal is left blank."""
    classes = scores.shape[1]
    pairs = (labels.unsqueeze(1) == mg.arange(classes)).float().T @ F.one_hot(scores.argmax(1), classes).float()
    counts = pairs.numpy().astype(int)
    axes = figure.subplots()
    off_diagonal = counts * (1 - mg.eye(classes).numpy())
    axes.imshow(off_diagonal, cmap="Reds")
    for row in range(classes):
        for column in range(classes):
            count = counts[row, column]
            dark = row != column and off_diagonal[row, column] > 0.6 * off_diagonal.max()
            if count:
                axes.text(
                    column, row, str(count), ha="center", va="center", fontsize=8, color="white" if dark else "black"
                )
    axes.set(title="Confusions", xlabel="predicted", ylabel="true", xticks=range(classes), yticks=range(classes))


def filters(figure, model: nn.Module) -> None:
    """The kernels of the first layer, as the correlation applies them."""
    kernels = model.features[0].weight.detach()[:, 0].numpy()
    figure.suptitle("First-layer kernels")
    limit = abs(kernels).max()
    for axes, kernel in zip(figure.subplots(2, 3).flat, kernels, strict=True):
        axes.imshow(kernel, cmap="RdBu", vmin=-limit, vmax=limit)
        axes.set_axis_off()


def mistakes(figure, images: mg.Tensor, labels: mg.Tensor, scores: mg.Tensor, rows: int = 2, columns: int = 5) -> None:
    """The images whose right class got the least probability."""
    losses = F.cross_entropy(scores, labels, reduction="none").numpy()
    predicted = scores.argmax(1)
    worst = [i for i in losses.argsort()[::-1] if predicted[i] != labels[i]][: rows * columns]
    figure.suptitle("Worst mistakes: true → predicted" if worst else "No mistakes")
    for number, axes in enumerate(figure.subplots(rows, columns).flat):
        axes.set_axis_off()
        if number < len(worst):
            index = int(worst[number])
            axes.imshow(images[index, 0].numpy(), cmap="gray")
            axes.set_title(f"{int(labels[index])} → {int(predicted[index])}", fontsize=10)
