"""Nonlinearities with the notes' gain k, each in the form that does not overflow (X69), and gains of maps."""

import math

import minigrad as mg
from minigrad.errors import ShapeError
from minigrad.registry import guarded

from .operands import as_floating, as_maps, as_positive


@guarded
def softplus(input: mg.Tensor, k: float = 1.0) -> mg.Tensor:
    """The smooth rectifier ln(1 + e^(kx))/k; its derivative is s(kx) (N70, X69).

    (*) -> (*)

    It lies above `relu` by at most ln 2/k, at 0. `nn.functional.softplus` is the
    same with PyTorch's β for k, and a line from βx = 20 on.

    Raises `ArgumentError` unless 0 < k < ∞, `DTypeError` for integers.

    >>> import minigrad as mg, nn.notes.functional as F
    >>> F.softplus(mg.tensor([-1., 0., 1.]), 1e4)
    tensor([0.0000e+00, 6.9315e-05, 1.0000e+00])
    """
    return mg.softplus(as_floating(input, "softplus"), as_positive(k, "softplus", "k"), threshold=mg.inf)


@guarded
def smooth_sign(input: mg.Tensor, k: float = 1.0) -> mg.Tensor:
    """The smooth sign 2e^(kx)/(1 + e^(kx)) − 1 = tanh(kx/2) (N73, X69).

    (*) -> (*). Raises as `softplus`.

    >>> import minigrad as mg, nn.notes.functional as F
    >>> F.smooth_sign(mg.tensor([-1., 0., 1e3]), 4.0)
    tensor([-0.9640,  0.0000,  1.0000])
    """
    return mg.tanh(as_floating(input, "smooth_sign") * (as_positive(k, "smooth_sign", "k") / 2))


@guarded
def smooth_abs(input: mg.Tensor, k: float = 1.0, centered: bool = True) -> mg.Tensor:
    """The smooth absolute value 2/k·ln cosh(kx/2); its derivative is `smooth_sign` (N74, X69, X70).

    (*) -> (*)

    It is 0 at 0, and so tends to |x| − 2/k·ln 2. With `centered=False` it tends
    to |x|, and is 2/k·ln 2 at 0. Far from 0 it is computed as ln(1 + e^(kx))/k +
    ln(1 + e^(−kx))/k − 2/k·ln 2; near 0, where nothing would be left of that, as
    2/k·ln(1 + 2 sinh²(kx/4)), which has every derivative. Raises as `softplus`.

    >>> import minigrad as mg, nn.notes.functional as F
    >>> F.smooth_abs(mg.tensor([-1., 0., 1.]), 20.0)
    tensor([0.9307, 0.0000, 0.9307])
    """
    input, k = as_floating(input, "smooth_abs"), as_positive(k, "smooth_abs", "k")
    lowest = 2 * math.log(2) / k
    near = mg.abs(input.detach() * (k / 2)) < 1
    little = mg.log1p(2 * mg.square(mg.sinh(mg.where(near, input, 0) * (k / 4)))) * (2 / k)
    far = mg.softplus(input, k, threshold=mg.inf) + mg.softplus(-input, k, threshold=mg.inf) - lowest
    y: mg.Tensor = mg.where(near, little, far)
    return y if mg.as_flag(centered, "smooth_abs", "centered") else y + lowest


@guarded
def gain(input: mg.Tensor, gain: mg.Tensor) -> mg.Tensor:
    """Each map times its gain: Y_i = g_i·X_i; ḡ_i = Σ G_i ⊙ X_i, X̄_i = g_i·G_i (N66).

    (N, C, H, W) or (C, H, W), (C) -> the same

    Raises `ShapeError` where there are not as many gains as maps.

    >>> import minigrad as mg, nn.notes.functional as F
    >>> F.gain(mg.ones(2, 1, 2), mg.tensor([1., 3.]))
    tensor([[[1., 1.]],
            [[3., 3.]]])
    """
    input, gain = as_maps(input, "gain"), as_floating(gain, "gain")
    if gain.shape != input.shape[-3:-2]:
        raise ShapeError(
            f"gain got gains of shape {gain.shape} for maps of shape {input.shape}; it takes one gain for each of the "
            f"{input.shape[-3]} maps"
        )
    return input * gain.reshape(-1, 1, 1)
