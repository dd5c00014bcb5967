"""Local contrast normalisation, subtractive and divisive (N76–N79)."""

from typing import Any

import minigrad as mg
from minigrad import signal
from minigrad.errors import ArgumentError
from minigrad.geometry import per_axis
from minigrad.registry import guarded

from .. import sizes
from .operands import as_maps, as_positive


def gaussian_window(sigma: float, size: Any) -> signal.kernels.Kernel:
    """The Gaussian window with sum 1 (N31, N78, X57); raises `ArgumentError` for an even size, which has no centre.

    >>> from nn.notes.functional.normalization import gaussian_window
    >>> gaussian_window(1.0, (1, 3)).weight
    tensor([[0.2741, 0.4519, 0.2741]])
    """
    rows, columns = per_axis(size, 2, "size")
    if not rows % 2 or not columns % 2:
        raise ArgumentError(
            f"subtractive_norm got size={size!r}; the window needs a centre, so its sizes are odd: 2h + 1 for a window "
            "that reaches h pixels to each side"
        )
    return signal.kernels.gaussian((rows, columns), sigma)


@guarded
def subtractive_norm(
    input: mg.Tensor, sigma: float, size: Any, border: Any = "reflect", literal: bool = False
) -> mg.Tensor:
    """Each map less the weighted mean over a Gaussian window and all m maps: Y_i = X_i − 1/m·Σ_j K_G ⋆ X_j (N77).

    (N, C, H, W) or (C, H, W) -> the same

    The weights sum to 1 over window and maps, so a constant image becomes 0, and
    a constant added to an image changes nothing, if the border repeats what is
    inside: 'reflect', 'symmetric', 'edge' or 'wrap', not 'zero'. Others as for
    `minigrad.signal.correlate2d`. The note prints the sum over the maps without
    1/m, which makes (1 − m)·c of a constant c (X58): `literal=True`.

    X̄_j = G_j − 1/m·adj(K_G ⋆)(Σ_i G_i), where the adjoint adds the border's part
    back to the pixels that the border was made of.

    Raises `ArgumentError` for an even size, which has no centre, and for another
    border; `DTypeError` for integers.

    >>> import minigrad as mg, nn.notes.functional as F
    >>> F.subtractive_norm(mg.full((2, 3, 3), 7.0), 1.0, 3).abs().max() < 1e-5
    tensor(True)
    """
    input = as_maps(input, "subtractive_norm")
    window = gaussian_window(sigma, size).to(input.dtype)
    total = input.sum(-3, keepdim=True)
    if not mg.as_flag(literal, "subtractive_norm", "literal"):
        total = total / input.shape[-3]
    batch = total.reshape(-1, 1, *total.shape[-2:])
    mean = signal.correlate2d(batch, window[None, None], "same", border=border)
    return input - mean.reshape(total.shape)


def as_weight_and_exponent(lam: Any, mu: Any, name: str) -> tuple[float, float]:
    """λ ≥ 0 and μ, both finite; raises `ArgumentError` for others.

    >>> from nn.notes.functional.normalization import as_weight_and_exponent
    >>> as_weight_and_exponent(1, 0.5, "brightness_norm")
    (1.0, 0.5)
    """
    weight, exponent = mg.as_number(lam, name, "lam"), mg.as_number(mu, name, "mu")
    if not 0 <= weight < mg.inf or not abs(exponent) < mg.inf:
        raise ArgumentError(
            f"{name} got lam={weight} and mu={exponent}; both are finite, and lam, which weighs the energy, is not "
            "negative, so that the sum under the exponent stays positive"
        )
    return weight, exponent


@guarded
def brightness_norm(input: mg.Tensor, kappa: float, lam: float, mu: float, window: int | None = None) -> mg.Tensor:
    """Each unit over the energy of all maps at its position: Y_i = X_i/(κ + λ·Σ_j X_j²)^μ (N79).

    (N, C, H, W) or (C, H, W) -> the same

    With `window` the sum is over so many neighbouring maps, as in
    `nn.functional.local_response_norm`, of which α is λ·window. With D for the sum
    in brackets, X̄_i = G_i·D^(−μ) − 2μλ·X_i·D^(−μ−1)·Σ_j G_j·X_j.

    Raises `ArgumentError` unless κ > 0 and λ ≥ 0, with which D is never 0, and for a μ that is not finite.

    >>> import minigrad as mg, nn.notes.functional as F
    >>> F.brightness_norm(mg.tensor([[[3.]], [[4.]]]), kappa=11.0, lam=1.0, mu=0.5).flatten()
    tensor([0.5000, 0.6667])
    """
    input, kappa = as_maps(input, "brightness_norm"), as_positive(kappa, "brightness_norm", "kappa")
    lam, mu = as_weight_and_exponent(lam, mu, "brightness_norm")
    squares = input * input
    if window is None:
        energy = squares.sum(-3, keepdim=True)
    else:
        neighbours = sizes.count(window, "brightness_norm", "window")
        before, after = neighbours // 2, (neighbours - 1) // 2
        padded = mg.pad(squares, [(0, 0)] * (input.ndim - 3) + [(before, after), (0, 0), (0, 0)])
        energy = sum_of_neighbours(padded, neighbours)
    return input / (energy * lam + kappa) ** mu


def sum_of_neighbours(maps: mg.Tensor, neighbours: int) -> mg.Tensor:
    """The sum of so many maps in a row, from each map on that has them.

    >>> import minigrad as mg
    >>> from nn.notes.functional.normalization import sum_of_neighbours
    >>> sum_of_neighbours(mg.arange(4.0).reshape(4, 1, 1), 2).flatten()
    tensor([1., 3., 5.])
    """
    remaining = maps.shape[-3] - neighbours + 1
    total = maps.narrow(-3, 0, remaining)
    for first in range(1, neighbours):
        total = total + maps.narrow(-3, first, remaining)
    return total
