"""The pictures of a trained autoencoder: what it gives back, a walk between codes, and the plane of codes."""

from pathlib import Path

import numpy as np

import minigrad as mg
import nn

try:
    import matplotlib
except ImportError:
    raise SystemExit('--plot needs matplotlib: pip install -e ".[viz]"') from None
matplotlib.use("Agg")
from matplotlib import pyplot as plt


def draw(
    folder: Path, model: nn.Module, images: mg.Tensor, labels: mg.Tensor, given: mg.Tensor, made: mg.Tensor
) -> list[Path]:
    """Write the pictures that this model allows; returns their paths."""
    figures = {"reconstructions": reconstructions(images, labels, given, made)}
    with mg.no_grad():
        codes = mg.cat([model.encode(part) for part in images.split(500)])
        if not model.needs_kept:  # else a code alone is no image
            figures["walk"] = walk(model, images, labels, codes)
    figures["latent"] = plane(codes.numpy(), labels.numpy())
    paths = []
    for name, figure in figures.items():
        paths.append(folder / f"{name}.png")
        figure.savefig(paths[-1], dpi=110)
        plt.close(figure)
    return paths


def examples(labels: mg.Tensor, each: int = 1) -> list[int]:
    """The places of the first images of every class."""
    numbers = labels.numpy()
    return [int(place) for kind in np.unique(numbers) for place in np.flatnonzero(numbers == kind)[:each]]


def rows_of(images: mg.Tensor, places: list[int]) -> np.ndarray:
    """Some of the images beside each other, as one."""
    return np.concatenate(list(images.numpy()[places, 0]), axis=1)


def panel(axes, picture: np.ndarray, title: str) -> None:
    """One strip of images in grey, its name to the left."""
    axes.imshow(picture, cmap="gray", vmin=0, vmax=1)
    axes.set(xticks=[], yticks=[])
    axes.set_ylabel(title, rotation=0, ha="right", va="center")


def reconstructions(images: mg.Tensor, labels: mg.Tensor, given: mg.Tensor, made: mg.Tensor):
    """Originals, what the network was given if that is something else, and what it made of them."""
    strips = {"original": images, "noisy": given, "network": made}
    if given is images:
        del strips["noisy"]
    places = examples(labels, 2)
    halves = [places[::2], places[1::2]]
    figure, axes = plt.subplots(2 * len(strips), 1, figsize=(9, 1.9 * len(strips)), layout="constrained")
    for half, group in zip(halves, np.split(axes, 2), strict=True):
        for one, (name, kind) in zip(group, strips.items(), strict=True):
            panel(one, rows_of(kind, half), name)
    figure.suptitle("Test images and what became of them")
    return figure


def walk(model: nn.Module, images: mg.Tensor, labels: mg.Tensor, codes: mg.Tensor, steps: int = 12):
    """From the code of one class's image to that of the next, in a straight line, decoded on the way."""
    places = examples(labels)
    pairs = list(zip(places, places[1:] + places[:1], strict=True))
    share = mg.linspace(0, 1, steps).unsqueeze(1)
    figure, axes = plt.subplots(len(pairs), 1, figsize=(8, 0.68 * len(pairs) + 0.5), layout="constrained")
    for one, (start, end) in zip(axes, pairs, strict=True):
        between = model.decode(codes[start] * (1 - share) + codes[end] * share)
        panel(one, rows_of(between, list(range(steps))), f"{int(labels[start])} → {int(labels[end])}")
    figure.get_layout_engine().set(w_pad=0.12)
    figure.suptitle("Straight lines through latent space, decoded")
    return figure


def plane(codes: np.ndarray, labels: np.ndarray):
    """The codes of the test images, coloured by class: as they are, or along their two principal components."""
    codes = codes.reshape(len(codes), -1)
    shown, seen = codes - codes.mean(0), "the two numbers of a code"
    if codes.shape[1] > 2:
        values, vectors = np.linalg.eigh(np.cov(codes, rowvar=False))
        shown = shown @ vectors[:, :-3:-1]
        seen = f"two principal components of {codes.shape[1]}, {values[-2:].sum() / values.sum():.0%} of the variance"
    figure, axes = plt.subplots(figsize=(7.5, 6.5), layout="constrained")
    for number, kind in enumerate(np.unique(labels)):
        points = shown[labels == kind]
        colour = plt.colormaps["tab10"](number % 10)
        axes.scatter(points[:, 0], points[:, -1], s=8, color=colour, alpha=0.5, linewidths=0, label=str(kind))
        axes.annotate(
            str(kind), np.median(points, 0)[[0, -1]], ha="center", va="center", weight="bold",
            bbox={"boxstyle": "circle", "facecolor": "white", "edgecolor": colour},
        )  # fmt: skip
    axes.set(title="Codes of the test images", xlabel=f"first of {seen}", ylabel="second")
    return figure
