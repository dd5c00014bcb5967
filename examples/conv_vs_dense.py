"""Why convolution: parameters of three ways to connect, and what shifted and shuffled digits do to them (N57–N63).

python examples/conv_vs_dense.py          # saves conv_vs_dense.png
"""

import argparse
import time
from pathlib import Path

from canvas import plt

import minigrad as mg
import nn
import nn.functional as F
from minigrad import datasets, signal
from minigrad.utils.data import DataLoader, TensorDataset

MODELS = {
    "dense": lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)),
    "local": lambda: ending(nn.notes.LocallyConnected2d(1, 6, 5, size=28)),
    "conv": lambda: ending(nn.Conv2d(1, 6, 5)),
}


def ending(first: nn.Module) -> nn.Sequential:
    """A layer from 28×28 pixels to 6 maps, and what makes classes of them."""
    return nn.Sequential(
        first, nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(256, 10),
    )  # fmt: skip


def digits(train: bool, count: int, order: mg.Tensor | None = None) -> TensorDataset:
    """Digits of the sample in the package, their pixels in another order if one is given, and their labels."""
    sample = datasets.mnist_sample(train)
    images = sample.data[:count].float().unsqueeze(1) / 255
    if order is not None:
        images = images.flatten(1)[:, order].reshape(images.shape)
    return TensorDataset((images - 0.13) / 0.31, sample.targets[:count])


def train(model: nn.Module, data: TensorDataset, epochs: int) -> float:
    """Some passes over the images; returns the seconds that they took."""
    started = time.perf_counter()
    optimizer = mg.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(epochs):
        for images, labels in DataLoader(data, 32, shuffle=True):
            optimizer.zero_grad()
            F.cross_entropy(model(images), labels).backward()
            optimizer.step()
    return time.perf_counter() - started


@mg.no_grad()
def accuracy(model: nn.Module, data: TensorDataset, down: int = 0, right: int = 0) -> float:
    """The share of images, moved by so many pixels, that the model names."""
    images, labels = data.tensors
    height, width = images.shape[2:]
    ground = images.min().item()
    around = F.pad(images, (4, 4, 4, 4), value=ground)
    moved = around[:, :, 4 - down : 4 - down + height, 4 - right : 4 - right + width]
    scores = mg.cat([model(part) for part in moved.split(500)])
    return (scores.argmax(1) == labels).float().mean().item()


def shifted(model: nn.Module, data: TensorDataset, by: int) -> float:
    """The mean accuracy over shifts by `by` pixels in the four directions."""
    return sum(accuracy(model, data, by * i, by * j) for i, j in ((0, 1), (0, -1), (1, 0), (-1, 0))) / 4


def counts() -> dict[str, tuple[int, int, int]]:
    """Parameters of a layer, dense, local and shared: LeNet-5's first, and one filter on a colour photograph."""
    side = signal.output_size(256, 16)
    return {
        "LeNet-5's first layer:\n32×32 → 6 maps of 28×28": (
            signal.dense_parameters(32 * 32, 6 * 28 * 28),
            signal.local_parameters(1, 6, 5, 28),
            signal.convolution_parameters(1, 6, 5),
        ),
        "one filter of 16×16\non 256×256 in colour": (
            signal.dense_parameters(256 * 256 * 3, side**2),
            signal.local_parameters(3, 1, 16, side),
            signal.convolution_parameters(3, 1, 16),
        ),
    }  # fmt: skip


def draw(path: Path, by_shift: dict[str, list[float]], by_order: dict[str, tuple[float, float]]) -> None:
    """Parameters, accuracy by shift, and accuracy with the pixels in their order and in another."""
    colours = dict(zip(MODELS, ("#1d5fa8", "#0b6b3a", "#b45309"), strict=True))
    figure, (bars, lines, pairs) = plt.subplots(1, 3, figsize=(14, 4.4), layout="constrained")
    for place, three in enumerate(counts().values()):
        for offset, (name, count) in enumerate(zip(MODELS, three, strict=True)):
            bar = bars.bar(
                place + 0.27 * (offset - 1), count, 0.25, color=colours[name], label=name if not place else None
            )
            bars.bar_label(bar, [f"{count:,}"], fontsize=7, padding=2)
    bars.set(yscale="log", ylim=(10, 1e12), title="Parameters of one layer")
    bars.set_xticks(range(len(counts())), counts())
    for name, shares in by_shift.items():
        lines.plot(range(len(shares)), [100 * one for one in shares], "o-", color=colours[name], label=name)
    lines.set(title="Test images moved", xlabel="pixels", ylabel="accuracy, %", xticks=range(len(by_shift["conv"])))
    for name, both in by_order.items():
        pairs.plot((0, 1), [100 * one for one in both], "o-", color=colours[name], label=name)
    pairs.set(title="Trained and tested on pixels …", ylabel="accuracy, %", xlim=(-0.4, 1.4))
    pairs.set_xticks((0, 1), ("in their order", "shuffled, all images alike"))
    for ax in (bars, lines, pairs):
        ax.legend(loc="upper right" if ax is bars else "lower left")
        ax.grid(axis="y", alpha=0.3)
        ax.set_axisbelow(True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    """Count, train, move, shuffle and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=4, help="passes over the training images (%(default)s)")
    parser.add_argument("--images", type=int, default=6000, help="training images (%(default)s)")
    parser.add_argument(
        "--seed", type=int, default=0, help="of first weights, order of images and of pixels (%(default)s)"
    )
    parser.add_argument("--unseen", type=int, default=1000, help="test images (%(default)s)")
    parser.add_argument("--out", type=Path, default="conv_vs_dense.png", help="where the picture goes (%(default)s)")
    args = parser.parse_args()

    for layer, (dense, local, shared) in counts().items():
        print(f"{' '.join(layer.split())}: dense {dense:,}, local {local:,}, shared {shared:,}")
    print(f"black and white images of 32×32: 2^1024, a number of {len(str(2**1024))} digits\n")

    mg.manual_seed(args.seed)
    order = mg.randperm(784)
    by_shift: dict[str, list[float]] = {}
    by_order: dict[str, tuple[float, float]] = {}
    print("       parameters  seconds  test images moved by 0…4 pixels     pixels shuffled")
    for name, make in MODELS.items():
        found = []
        for pixels in (None, order):
            mg.manual_seed(args.seed)
            model, testing = make(), digits(False, args.unseen, pixels)
            seconds = train(model, digits(True, args.images, pixels), args.epochs)
            found.append(accuracy(model, testing))
            if pixels is None:
                by_shift[name] = [found[0], *(shifted(model, testing, by) for by in range(1, 5))]
                size = nn.notes.count_parameters(model)
                print(f"{name:6}{size:11,}{seconds:9.1f}  " + "".join(f"{one:7.1%}" for one in by_shift[name]), end="")
        by_order[name] = (found[0], found[1])
        print(f"  {found[1]:14.1%}", flush=True)
    draw(args.out, by_shift, by_order)
    print(f"drawn into {args.out}")


if __name__ == "__main__":
    main()
