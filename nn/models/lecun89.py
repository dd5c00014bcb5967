"""Note E's network: that of LeCun and others of 1989, simplified to one map per layer (N107)."""

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError

from ..container import Sequential
from ..module import Module
from ..notes import Conv2d, FullyConnectedMaps, Softplus, Subsample2d

__all__ = ["LeCun89"]


class LeCun89(Module):
    """Note E's simplified network of LeCun and others, 1989: one map throughout, one neuron at the end (N107, X64).

    (N, 1, 12, 12) -> (N, 1)

        l   layer                                                  size    place
        0   the image, Y⁽⁰⁾                                        12×12
        1   convolution, Y⁽¹⁾ = B⁽¹⁾ + K⁽¹⁾ ⋆ Y⁽⁰⁾                  10×10   features.0
        2   softplus with gain, f                                          features.1
        3   subsampling, Y⁽³⁾ = S·f[Y⁽¹⁾]·Sᵀ                       5×5     features.2
        4   convolution, Y⁽⁴⁾ = B⁽⁴⁾ + K⁽⁴⁾ ⋆ Y⁽³⁾                  3×3     features.3
        5   softplus with gain, f                                          features.4
        6   subsampling, Y⁽⁶⁾ = S·f[Y⁽⁴⁾]·Sᵀ                       2×2     features.5
        7   neuron, y⁽⁷⁾ = f(Σ w_rs·(Y⁽⁶⁾)_rs)                     1       classifier

    The note gives formulae and no sizes. `h` are the half-widths of the two
    kernels, which have 2h + 1 rows and columns; every unit has a bias of its own
    (N49), and the neuron has none. It goes with `nn.notes.HalfSquaredError` (N99),
    and the notes' hand-written backward pass is N125–N127.

    Raises `ArgumentError` for sizes with which no unit is left, `ShapeError` for
    images of another size.

    >>> import minigrad as mg, nn
    >>> net = nn.models.LeCun89()
    >>> net(mg.zeros(3, 1, 12, 12)).shape, [tuple(p.shape) for p in net.parameters()][:2]
    ((3, 1), [(1, 1, 3, 3), (1, 10, 10)])
    """

    def __init__(self, gain: float = 2.0, input_size: int = 12, h: tuple[int, int] = (1, 1), n_out: int = 1) -> None:
        super().__init__()
        if not isinstance(h, tuple | list) or len(h) != 2:
            raise ArgumentError(f"LeCun89 got h={h!r}; it is the half-width of each of the two kernels, such as (1, 1)")
        first = input_size - 2 * h[0]
        third = -(-first // 2)
        fourth = third - 2 * h[1]
        if min(h) < 0 or min(first, fourth) < 1:
            raise ArgumentError(
                f"LeCun89 got input_size={input_size} and h={tuple(h)}, with which no unit is left: {input_size} − 2h "
                f"= {first}, every second {third}, less 2h = {fourth}. Use larger images, or smaller kernels"
            )
        self.input_size = input_size
        self.features = Sequential(
            Conv2d.after_e(1, 1, h[0], size=input_size),
            Softplus(gain),
            Subsample2d(skip=1),
            Conv2d.after_e(1, 1, h[1], size=third),
            Softplus(gain),
            Subsample2d(skip=1),
        )
        self.classifier = Sequential(
            FullyConnectedMaps(1, -(-fourth // 2), n_out, bias=False),
            Softplus(gain),
        )

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, 1, input_size, input_size) -> (N, n_out)"""
        if not hasattr(input, "shape"):
            raise DTypeError(f"LeCun89 got a {type(input).__name__}; it takes a tensor of images (N, 1, H, W)")
        if input.shape[-2:] != (self.input_size, self.input_size):
            raise ShapeError(
                f"LeCun89(input_size={self.input_size}) got images of shape {input.shape}; every unit has a bias, so "
                "it takes one size only. Give it the images' size, or resize them"
            )
        return self.classifier(self.features(input))  # type: ignore[no-any-return]
