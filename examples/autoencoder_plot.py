"""The pictures of a trained autoencoder: what it gives back, walks between codes, and the plane of codes."""

from collections.abc import Iterator
from pathlib import Path

from canvas import plt

import minigrad as mg
import nn
from minigrad import plot


def draw(
    folder: Path, model: nn.Module, images: mg.Tensor, labels: mg.Tensor, given: mg.Tensor, made: mg.Tensor
) -> Iterator[Path]:
    """Write the pictures that this model allows, and name them."""
    with mg.no_grad():
        codes = mg.cat([model.encode(part).flatten(1) for part in images.split(500)])
        pictures = {"reconstructions": (reconstructions, (9, 3 if model.noise else 2.2), (images, labels, given, made))}
        if not model.needs_kept:  # else a code alone is no image
            pictures["walk"] = (walk, (8, 7.2), (model, images, labels, codes))
        if codes.shape[1] > 1:
            pictures["latent"] = (plane, (7.5, 6.5), (codes, labels))
        for name, (picture, size, arguments) in pictures.items():
            figure, ax = plt.subplots(figsize=size, layout="constrained")
            picture(ax, *arguments)
            figure.savefig(folder / f"{name}.png", dpi=110)
            plt.close(figure)
            yield folder / f"{name}.png"


def firsts(labels: mg.Tensor) -> list[int]:
    """The place of the first image of every class."""
    return [int((labels == kind).nonzero()[0, 0]) for kind in range(int(labels.max()) + 1)]


def reconstructions(ax, images: mg.Tensor, labels: mg.Tensor, given: mg.Tensor, made: mg.Tensor) -> None:
    """Originals, what the network was given if that is something else, and what it made of them."""
    places = firsts(labels)
    rows = {"original": images[places], "noisy": given[places], "network": made[places]}
    if given is images:
        del rows["noisy"]
    plot.image_grid(rows, ax, title="Test images, and what became of them", vmin=0, vmax=1)


def walk(ax, model: nn.Module, images: mg.Tensor, labels: mg.Tensor, codes: mg.Tensor, steps: int = 12) -> None:
    """From the code of one class's image to that of the next, in a straight line, decoded on the way."""
    places = firsts(labels)
    share, shape = mg.linspace(0, 1, steps).unsqueeze(1), model.encode(images[:1]).shape[1:]
    rows = {}
    for start, end in zip(places, places[1:] + places[:1], strict=True):
        between = codes[start] * (1 - share) + codes[end] * share
        rows[f"{int(labels[start])} → {int(labels[end])}"] = model.decode(between.reshape(-1, *shape))
    plot.image_grid(rows, ax, title="Straight lines between the codes of two images, decoded", vmin=0, vmax=1)


def plane(ax, codes: mg.Tensor, labels: mg.Tensor) -> None:
    """The codes of the test images by class: as they are, or along their principal components."""
    plot.embedding(codes, labels, ax, title="Codes of the test images", size=max(2.0, 12000 / len(codes)))
