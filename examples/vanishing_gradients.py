"""How much of the gradient is left in the first layer of a deep network: sigmoid, tanh and ReLU, measured (N68).

python examples/vanishing_gradients.py          # saves vanishing_gradients.png
"""

import argparse
from itertools import pairwise
from pathlib import Path

from canvas import plt

import minigrad as mg
import nn
import nn.functional as F
from minigrad import datasets

# The nonlinearities, and how their layers start, each in the usual way.
KINDS = {
    "sigmoid": (nn.Sigmoid, nn.init.xavier_normal_),
    "tanh": (nn.Tanh, nn.init.xavier_normal_),
    "ReLU": (nn.ReLU, nn.init.kaiming_normal_),
}


def network(kind: str, depth: int, width: int) -> nn.Sequential:
    """A chain of hidden layers of equal width between 784 pixels and 10 classes."""
    activation, start = KINDS[kind]
    sizes = [784, *[width] * depth]
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), activation()]
    model = nn.Sequential(*layers, nn.Linear(width, 10))
    for layer in model:
        if isinstance(layer, nn.Linear):
            start(layer.weight)
            nn.init.zeros_(layer.bias)
    return model


def norms(model: nn.Sequential, images: mg.Tensor, labels: mg.Tensor) -> list[float]:
    """The norm of the gradient of every hidden layer's weights, the first layer first."""
    F.cross_entropy(model(images), labels).backward()
    return [layer.weight.grad.norm().item() for layer in model if isinstance(layer, nn.Linear)][:-1]


def chain(length: int) -> float:
    """The derivative of σ(σ(…σ(x)…)) at 0, by the tape: a product of `length` slopes of at most 1/4 each."""
    x = mg.tensor(0.0, dtype=mg.float64, requires_grad=True)
    y = x
    for _ in range(length):
        y = mg.sigmoid(y)
    y.backward()
    return x.grad.item()


def draw(path: Path, deepest: dict[str, list[float]], left: dict[str, list[float]], depths: list[int],
         slopes: list[float]) -> None:  # fmt: skip
    """Gradients along the deepest network, what is left of them by depth, and the chain below its bound."""
    styles = dict(zip(KINDS, [("#b45309", "o"), ("#0b6b3a", "s"), ("#1d5fa8", "^")], strict=True))
    figure, (along, shares, bound) = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
    for kind, (colour, marker) in styles.items():
        along.semilogy(range(1, len(deepest[kind]) + 1), deepest[kind], color=colour, marker=marker, label=kind)
        shares.semilogy(depths, left[kind], color=colour, marker=marker, label=kind)
    along.set(
        title=f"{depths[-1]} hidden layers", xlabel="layer, from the input", ylabel="norm of the weights' gradient"
    )
    shares.set(title="What is left of it", xlabel="hidden layers", ylabel="first layer's norm / last layer's")
    lengths = range(1, len(slopes) + 1)
    bound.semilogy(lengths, [0.25**k for k in lengths], "--", color="#555555", label="0.25ᵏ")
    bound.semilogy(lengths, slopes, color=styles["sigmoid"][0], marker="o", label="σ(σ(…σ(0)…)) by the tape")
    bound.set(title="A chain of sigmoids, weights 1", xlabel="k", ylabel="derivative")
    for ax in (along, shares, bound):
        ax.grid(alpha=0.3)
        ax.legend(loc="lower left" if ax is bound else "best")
        ax.xaxis.get_major_locator().set_params(integer=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deepest", type=int, default=16, help="the most hidden layers (%(default)s)")
    parser.add_argument("--width", type=int, default=64, help="units of a hidden layer (%(default)s)")
    parser.add_argument("--images", type=int, default=256, help="digits in the batch (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the first weights (%(default)s)")
    where = Path("vanishing_gradients.png")
    parser.add_argument("--out", type=Path, default=where, help="where the picture goes (%(default)s)")
    args = parser.parse_args()
    if args.deepest < 2:
        parser.error("--deepest is at least 2")

    sample = datasets.mnist_sample()
    images = sample.data[: args.images].float().flatten(1) / 255
    images, labels = (images - images.mean()) / images.std(), sample.targets[: args.images]
    depths = sorted({*range(2, args.deepest, 2), args.deepest})
    deepest: dict[str, list[float]] = {}
    left: dict[str, list[float]] = {kind: [] for kind in KINDS}
    print(
        "first layer's gradient over the last hidden layer's\nhidden layers" + "".join(f"{kind:>10}" for kind in KINDS)
    )
    for depth in depths:
        for kind in KINDS:
            mg.manual_seed(args.seed)
            deepest[kind] = norms(network(kind, depth, args.width), images, labels)
            left[kind].append(deepest[kind][0] / deepest[kind][-1])
        print(f"{depth:13}" + "".join(f"{left[kind][-1]:10.1e}" for kind in KINDS))

    slopes = [chain(length) for length in range(1, args.deepest + 1)]
    print(f"\n{'k':>2}  derivative of k sigmoids  bound 0.25^k")
    for k in sorted({1, 2, 5, 10, args.deepest} & set(range(1, args.deepest + 1))):
        print(f"{k:2}  {slopes[k - 1]:24.1e}  {0.25**k:.1e}")
    draw(args.out, deepest, left, depths, slopes)
    print(f"drawn into {args.out}")


if __name__ == "__main__":
    main()
