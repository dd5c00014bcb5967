"""A label for every pixel: a small network of 'same' convolutions tells discs from squares in noisy images.

python examples/segmentation.py                         # segmentation.png, after 16 epochs
python examples/segmentation.py --epochs 40 --noise 0.4
"""

import argparse

from canvas import plt
from matplotlib.colors import ListedColormap

import minigrad as mg
import nn
import nn.functional as F
from minigrad import metrics, signal
from minigrad.utils import data

KINDS = ["background", "disc", "square"]
COLOURS = ListedColormap(["#dddddd", "#d95f02", "#1b6ca8"])


def scene(size: int, shapes: int = 4) -> tuple[mg.Tensor, mg.Tensor]:
    """An image of discs and squares of random sizes and grey levels, later ones in front, and each pixel's kind."""
    down, right = signal.centred_grid((size, size))
    image, kinds = mg.zeros(size, size), mg.zeros(size, size, dtype=mg.int64)
    for _ in range(shapes):
        row, column = ((mg.rand(2) - 0.5) * size).tolist()
        radius, level = 3 + 4 * mg.rand(1).item(), 0.4 + 0.6 * mg.rand(1).item()
        kind = 1 + int(mg.randint(2, (1,)))
        far, wide = (down - row).abs(), (right - column).abs()
        # A disc of radius r and a square with sides of 1.77 r have the same area.
        inside = far * far + wide * wide < radius**2 if kind == 1 else mg.maximum(far, wide) < 0.886 * radius
        image, kinds = mg.where(inside, level, image), mg.where(inside, kind, kinds)
    return image, kinds


def scenes(count: int, size: int, noise: float) -> data.TensorDataset:
    """Noisy images (N, 1, H, W) and their labels (N, H, W)."""
    images, kinds = (mg.stack(list(one)) for one in zip(*(scene(size) for _ in range(count)), strict=True))
    return data.TensorDataset(images[:, None] + noise * mg.randn(count, 1, size, size), kinds)


def network(channels: int) -> tuple[nn.Sequential, list[tuple[int, int, int]]]:
    """Convolutions that keep the size, and what they are: (kernel size, stride, dilation)."""
    layers = [(5, 1, 1), (5, 1, 2), (5, 1, 2), (3, 1, 1)]
    model = nn.Sequential()
    for number, (kernel, _, dilation) in enumerate(layers):
        width = channels if number < len(layers) - 1 else len(KINDS)
        model.append(nn.Conv2d(channels if number else 1, width, kernel, padding="same", dilation=dilation))
        if width == channels:
            model.append(nn.ReLU())
    return model, layers


def tested(model: nn.Module, images: mg.Tensor, kinds: mg.Tensor) -> tuple[mg.Tensor, float, list[float]]:
    """The labels that the model gives, how many pixels are right, and each kind's intersection over union."""
    with mg.no_grad():
        found = model(images).argmax(1)
    confusions = metrics.confusion_matrix(found.flatten(), kinds.flatten(), num_classes=len(KINDS)).double()
    right = confusions.diagonal()
    union = confusions.sum(0) + confusions.sum(1) - right
    return found, (right.sum() / confusions.sum()).item(), (right / union).tolist()


def draw(path: str, images: mg.Tensor, kinds: mg.Tensor, found: mg.Tensor, columns: int = 6) -> None:
    """Images, what is in them, and what the network found, below each other."""
    figure, axes = plt.subplots(3, columns, figsize=(1.9 * columns, 6), layout="constrained")
    for place in range(columns):
        axes[0, place].imshow(images[place, 0], cmap="gray")
        for row, labels in ((1, kinds), (2, found)):
            axes[row, place].imshow(labels[place], cmap=COLOURS, vmin=0, vmax=len(KINDS) - 1, interpolation="nearest")
    for ax in axes.flat:
        ax.set_xticks([])
        ax.set_yticks([])
    for ax, title in zip(axes[:, 0], ("image", "truth", "network"), strict=True):
        ax.set_ylabel(title)
    handles = [plt.Rectangle((0, 0), 1, 1, color=COLOURS(number)) for number in range(len(KINDS))]
    figure.legend(handles, KINDS, loc="outside lower center", ncols=len(KINDS), frameon=False)
    figure.savefig(path, dpi=100)


def main() -> None:
    """Train, test and draw."""
    parser = argparse.ArgumentParser(description="Tell discs from squares, pixel by pixel.")
    parser.add_argument("--out", default="segmentation.png", help="where the picture goes (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--images", type=int, default=512, help="to train with (default: %(default)s)")
    parser.add_argument("--size", type=int, default=32, help="of their sides (default: %(default)s)")
    parser.add_argument("--noise", type=float, default=0.2, help="its standard deviation (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    mg.manual_seed(arguments.seed)
    training = scenes(arguments.images, arguments.size, arguments.noise)
    images, kinds = scenes(64, arguments.size, arguments.noise).tensors
    model, layers = network(channels=16)
    seen = signal.receptive_field(layers)[-1]
    print(f"{sum(one.numel() for one in model.parameters())} parameters; a pixel's label sees {seen}×{seen} pixels")
    share = (kinds == 0).float().mean().item()
    print(f"everything called background: {100 * share:.1f} % of the pixels right")
    optimizer = mg.optim.Adam(model.parameters(), lr=0.005)
    for epoch in range(1, arguments.epochs + 1):
        for batch, labels in data.DataLoader(training, batch_size=16, shuffle=True):
            optimizer.zero_grad()
            F.cross_entropy(model(batch), labels).backward()
            optimizer.step()
        found, accuracy, overlaps = tested(model, images, kinds)
        told = ", ".join(f"{kind} {overlap:.2f}" for kind, overlap in zip(KINDS, overlaps, strict=True))
        print(f"epoch {epoch}: {100 * accuracy:.1f} % of the test pixels right; intersection over union: {told}")
    draw(arguments.out, images, kinds, found)
    print(f"drawn in {arguments.out}")


if __name__ == "__main__":
    main()
