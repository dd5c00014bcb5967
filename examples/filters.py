"""Filters on a photograph: blur, noise, sharpening, edges, a pyramid, and templates that are found again.

python examples/filters.py                              # filters.png, of the portrait that comes with matplotlib
python examples/filters.py --image cat.png --out filtered_cat.png
"""

import argparse
from pathlib import Path

import numpy as np
from canvas import plt
from matplotlib import cbook

import minigrad as mg
from minigrad import signal
from minigrad.signal import kernels, pictures

SIDE = 33  # of the part of the photograph that is looked for


def photograph(path: str | None) -> mg.Tensor:
    """Grey levels from 0 to 1, (H, W), of a file that matplotlib can read, or of an array in a .npy file."""
    if path is None:
        path = cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    pixels = np.load(path) if Path(path).suffix == ".npy" else plt.imread(path)
    if pixels.dtype.kind != "f":
        pixels = pixels / np.iinfo(pixels.dtype).max
    if pixels.ndim == 2:
        return mg.tensor(pixels).float()
    colours = signal.to_nchw(mg.tensor(pixels).float(), "HWC")[:, :3]  # without the opacity
    shares = [0.299, 0.587, 0.114] if colours.shape[1] == 3 else [1.0]
    return mg.conv2d(colours, mg.tensor(shares).reshape(1, -1, 1, 1))[0, 0]


def reduced(image: mg.Tensor, size: int) -> mg.Tensor:
    """The first level of the image's pyramid whose sides are not longer than `size`."""
    while max(image.shape) > size:
        image = signal.pyramid(image, 1)[1]
    return image


def filtered(image: mg.Tensor, noise: float) -> dict[str, mg.Tensor]:
    """What low-level vision makes of an image: titles and images."""
    noisy = image + noise * mg.randn_like(image)
    blurred = kernels.gaussian(23, 3.8).apply(image)
    down, right = kernels.sobel(axis=0).apply(image), kernels.sobel(axis=1).apply(image)
    return {
        "Photograph": image,
        "Gaussian, 23×23, σ = 3.8": blurred,
        "What the blur took away": image - blurred,
        f"Noise of {noise:g}": noisy,
        "Noise, smoothed by 5×5": kernels.gaussian(5, 1.0).apply(noisy),
        "Sharpened": kernels.sharpen(2.0).apply(image),
        "Emboss": kernels.emboss().apply(image),
        "Outline": kernels.outline().apply(image),
        "Sobel, downwards": down,
        "Sobel, to the right": right,
        "Length of the gradient": mg.sqrt(down * down + right * right),
    }


def side_by_side(levels: list[mg.Tensor]) -> mg.Tensor:
    """The largest level, and the others below each other beside it."""
    rows, columns = levels[0].shape
    canvas = mg.ones(rows, columns + levels[1].shape[1])
    canvas[:, :columns] = levels[0]
    top = 0
    for level in levels[1:]:
        height, width = level.shape
        canvas[top : top + height, columns : columns + width] = level
        top += height
    return canvas


def place_of(largest: mg.Tensor) -> tuple[int, int]:
    """Row and column of the largest element."""
    row, column = divmod(int(largest.argmax()), largest.shape[1])
    return row, column


def show(ax, title: str, image: mg.Tensor) -> None:
    """A picture in grey levels, or, if it has signs, in blue for below zero and red for above."""
    ax.set_title(title, fontsize=10)
    ax.set_axis_off()
    if any(word in title for word in ("Sobel", "Outline", "took")):
        most = mg.quantile(image.abs(), 0.995).item()
        ax.imshow(image, cmap="RdBu_r", vmin=-most, vmax=most)
    elif "gradient" in title:
        ax.imshow(image, cmap="magma", vmin=0, vmax=mg.quantile(image, 0.995).item())
    else:
        ax.imshow(image, cmap="gray", vmin=0, vmax=1)


def framed(ax, place: tuple[int, int], shape: tuple[int, int], colour: str) -> None:
    """A rectangle round the window that begins at a place."""
    (row, column), (height, width) = place, shape
    ax.add_patch(plt.Rectangle((column - 0.5, row - 0.5), width, height, fill=False, color=colour, linewidth=2))


def search(ax, image: mg.Tensor, noisy: mg.Tensor) -> None:
    """Cut out the window with the most edges, and find it again in the noisy image."""
    side = min(SIDE, *image.shape)
    slopes = [kernels.sobel(axis=axis).apply(image) for axis in (0, 1)]
    strength = mg.sqrt(slopes[0] * slopes[0] + slopes[1] * slopes[1])
    row, column = place_of(kernels.box(side).apply(strength, mode="valid"))
    template = image[row : row + side, column : column + side]
    likeness = signal.normalized_correlation(noisy, template)
    found = place_of(likeness)
    print(
        f"the window at {(row, column)} was found in the noisy image at {found}, likeness {likeness.max().item():.2f}"
    )
    show(ax, f"Found again: likeness {likeness.max().item():.2f}", noisy)
    framed(ax, found, template.shape, "tab:orange")


def eyes(ax, beside) -> None:
    """Find the eyes of the lecture notes' smiling face; beside it, how alike an eye and each window are."""
    eye = pictures.SMILE[2:7, 2:7]
    likeness = signal.normalized_correlation(pictures.SMILE, eye)
    found = [tuple(place) for place in (likeness > 0.9).nonzero().tolist()]
    print(f"eyes of the smiling face: {found}")
    ax.set_title("Smiling face: its eyes", fontsize=10)
    ax.set_axis_off()
    ax.imshow(pictures.SMILE, cmap="gray_r")
    for place in found:
        framed(ax, place, eye.shape, "tab:orange")
    beside.set_title("Likeness to an eye, from −1 to 1", fontsize=10)
    beside.set_axis_off()
    beside.imshow(likeness, cmap="RdBu_r", vmin=-1, vmax=1)


def main() -> None:
    """Filter, search and draw."""
    parser = argparse.ArgumentParser(description="Filters on a photograph, or on an image of yours.")
    parser.add_argument("--image", help="a .png or .npy file (default: a portrait that comes with matplotlib)")
    parser.add_argument("--out", default="filters.png", help="where the picture goes (default: %(default)s)")
    parser.add_argument("--size", type=int, default=320, help="no side is longer than this (default: %(default)s)")
    parser.add_argument("--noise", type=float, default=0.15, help="its standard deviation (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    mg.manual_seed(arguments.seed)
    whole = photograph(arguments.image)
    image = reduced(whole, arguments.size)
    print(f"{whole.shape[0]}×{whole.shape[1]} pixels, filtered at {image.shape[0]}×{image.shape[1]}")
    results = filtered(image, arguments.noise)
    noisy, smooth = (results[title] for title in results if "Noise" in title)
    print(f"noise of {(noisy - image).std().item():.3f}, after smoothing {(smooth - image).std().item():.3f}")

    figure, axes = plt.subplots(3, 5, figsize=(14, 9.6), layout="constrained")
    places = iter(axes.flat)
    for title, result in results.items():
        show(next(places), title, result)
    show(next(places), "Pyramid", side_by_side(signal.pyramid(image, 4)))
    search(next(places), image, noisy)
    eyes(next(places), next(places))
    figure.savefig(arguments.out, dpi=100)
    print(f"drawn in {arguments.out}")


if __name__ == "__main__":
    main()
