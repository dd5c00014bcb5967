"""What one layer cannot do and two can: XOR, regions that are not convex, and more units for more shape (N64).

python examples/xor.py          # saves xor.png
"""

import argparse
import math
from pathlib import Path

from canvas import plt

import minigrad as mg
import nn
import nn.functional as F

CORNERS = mg.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
XOR = mg.tensor([0.0, 1, 1, 0])


def by_hand() -> nn.Sequential:
    """XOR without learning: relu(a + b) − 2·relu(a + b − 1) is 0, 1, 1, 0 on the corners; below 0 by a half less."""
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    with mg.no_grad():
        model[0].weight.copy_(mg.tensor([[1.0, 1], [1, 1]]))
        model[0].bias.copy_(mg.tensor([0.0, -1]))
        model[2].weight.copy_(mg.tensor([[1.0, -2]]))
        model[2].bias.copy_(mg.tensor([-0.5]))
    return model


def either_half_plane() -> nn.Sequential:
    """One hidden layer, and what it says yes to is not convex: a > 1 or b > 1, an L (X73)."""
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    with mg.no_grad():
        model[0].weight.copy_(mg.eye(2))
        model[0].bias.copy_(mg.tensor([-1.0, -1]))
        model[2].weight.copy_(mg.ones(1, 2))
        model[2].bias.copy_(mg.tensor([-1e-3]))
    return model


def moons(count: int) -> tuple[mg.Tensor, mg.Tensor]:
    """Two half circles that reach into each other, and which of them each point belongs to."""
    angle = math.pi * mg.rand(count)
    upper = mg.stack([angle.cos(), angle.sin()], 1)
    lower = mg.stack([1 - angle.cos(), 0.5 - angle.sin()], 1)
    points = mg.cat([upper, lower]) + 0.08 * mg.randn(2 * count, 2)
    return points, mg.cat([mg.zeros(count), mg.ones(count)])


def network(hidden: int) -> nn.Module:
    """One layer without hidden units, or one with some in front of it."""
    return nn.Sequential(nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, 1)) if hidden else nn.Linear(2, 1)


def train(model: nn.Module, points: mg.Tensor, labels: mg.Tensor, steps: int) -> nn.Module:
    """Lower the mean logistic loss, all points at a time."""
    optimizer = mg.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(steps):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(points)[:, 0], labels).backward()
        optimizer.step()
    return model


@mg.no_grad()
def right(model: nn.Module, points: mg.Tensor, labels: mg.Tensor) -> int:
    """How many points the model puts on their side."""
    return int(((model(points)[:, 0] > 0) == (labels > 0.5)).sum())


@mg.no_grad()
def best_line(count: int = 10_000) -> int:
    """The most corners that one of so many random lines puts on their sides of XOR."""
    sides = mg.randn(count, 2) @ CORNERS.T + mg.randn(count, 1) > 0
    return int((sides == (XOR > 0.5)).sum(1).max())


def draw(path: Path, panels: list[tuple[str, nn.Module, mg.Tensor, mg.Tensor]]) -> None:
    """One square for each model: where it says yes, where no, and the points that it was asked about."""
    figure, axes = plt.subplots(2, 3, figsize=(10, 7), layout="constrained")
    for ax, (title, model, points, labels) in zip(axes.flat, panels, strict=True):
        low, high = points.numpy().min(0) - 0.5, points.numpy().max(0) + 0.5
        a, b = mg.meshgrid(mg.linspace(low[0], high[0], 160), mg.linspace(low[1], high[1], 160), indexing="xy")
        with mg.no_grad():
            score = model(mg.stack([a.flatten(), b.flatten()], 1)).reshape(a.shape)
        ax.contourf(a.numpy(), b.numpy(), (score > 0).numpy(), levels=[-0.5, 0.5, 1.5], colors=["#c9dff5", "#fbd9b0"])
        ax.contour(a.numpy(), b.numpy(), score.numpy(), levels=[0], colors="#333333", linewidths=1)
        for value, marker, colour in ((0, "o", "#0b5394"), (1, "s", "#b45309")):
            chosen = points[labels == value].numpy()
            ax.plot(chosen[:, 0], chosen[:, 1], marker, color=colour, markersize=9 if len(points) < 20 else 3)
        ax.set_title(f"{title}\n{right(model, points, labels)} of {len(points)} right")
        ax.set_aspect("equal", "box")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    """Train, count and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1500, help="steps of training for each model (%(default)s)")
    parser.add_argument("--points", type=int, default=150, help="points of each moon (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of first values and points (%(default)s)")
    parser.add_argument("--out", type=Path, default="xor.png", help="where the picture goes (%(default)s)")
    args = parser.parse_args()
    mg.manual_seed(args.seed)

    crescents = moons(args.points)
    ticks = mg.arange(4) / 2 + 0.25
    grid = mg.stack([one.flatten() for one in mg.meshgrid(ticks, ticks, indexing="ij")], 1)
    beyond = ((grid > 1).sum(1) > 0).float()
    panels = [
        ("XOR: one Linear", train(network(0), CORNERS, XOR, args.steps), CORNERS, XOR),
        ("XOR: four hidden units", train(network(4), CORNERS, XOR, args.steps), CORNERS, XOR),
        ("XOR: two hidden units by hand", by_hand(), CORNERS, XOR),
        ("a > 1 or b > 1: two units by hand", either_half_plane(), grid, beyond),
        ("moons: one Linear", train(network(0), *crescents, args.steps), *crescents),
        ("moons: sixteen hidden units", train(network(16), *crescents, args.steps), *crescents),
    ]
    for title, model, points, labels in panels:
        print(f"{title:36}{right(model, points, labels):4} of {len(points)} right")
    print(f"the best of 10000 random lines puts {best_line()} of the 4 corners of XOR on their sides")
    draw(args.out, panels)
    print(f"drawn into {args.out}")


if __name__ == "__main__":
    main()
