"""Note B's network for images of 28×28, in both readings of its padding (N106)."""

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError

from ..activation import Tanh
from ..container import Sequential
from ..conv import Conv2d
from ..linear import Flatten, Linear
from ..module import Module
from ..pooling import AvgPool2d, MaxPool2d

__all__ = ["ConvNet28"]


class ConvNet28(Module):
    """Note B's diagram of a network for 28×28: 61 610 parameters for ten classes (N106).

    (N, 1, 28, 28) -> (N, 10) logits

        layer             maps   pad_total=2   pad_total=4   kernel   parameters
        convolution       6      28×28         30×30         3×3              60
        pooling           6      14×14         15×15         2×2               0
        convolution       16     10×10         11×11         5×5            2416
        pooling           16     5×5           5×5           2×2               0
        fully connected   120                                             48 120
        fully connected   84                                              10 164
        fully connected   10                                                 850

    The note prints pad = 2. By its own formula that is the total of both sides,
    which keeps the size; read as 2 on each side it is `pad_total=4`. Both end
    with 16 maps of 5×5, so the dense layers cannot decide (X27). The kind of
    pooling is not printed either: 'max', B's usual choice, or 'average'. tanh
    follows the convolutions, and the two inner dense layers (X83). `features` and
    `classifier` are the two halves (N96).

    Raises `ArgumentError` for another `pad_total` or `pool`, `ShapeError` for
    images of another size.

    >>> import minigrad as mg, nn
    >>> net = nn.models.ConvNet28()
    >>> net(mg.zeros(2, 1, 28, 28)).shape, sum(p.numel() for p in net.parameters())
    ((2, 10), 61610)
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 1, pad_total: int = 2, pool: str = "max") -> None:
        super().__init__()
        if pad_total not in (2, 4):
            raise ArgumentError(
                f"ConvNet28 got pad_total={pad_total!r}; the note's pad = 2 is 2 for both sides together, or 4 where "
                "it is read as 2 on each side"
            )
        pools = {"max": MaxPool2d, "average": AvgPool2d}
        if not isinstance(pool, str) or pool not in pools:
            raise ArgumentError(f"ConvNet28 got pool={pool!r}; it is 'max' or 'average'")
        self.features = Sequential(
            Conv2d(in_channels, 6, 3, padding=pad_total // 2),
            Tanh(),
            pools[pool](2),
            Conv2d(6, 16, 5),
            Tanh(),
            pools[pool](2),
        )
        self.classifier = Sequential(
            Flatten(),
            Linear(400, 120),
            Tanh(),
            Linear(120, 84),
            Tanh(),
            Linear(84, num_classes),
        )

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, 28, 28) -> (N, num_classes) logits"""
        if not hasattr(input, "shape"):
            raise DTypeError(f"ConvNet28 got a {type(input).__name__}; it takes a tensor of images (N, C, 28, 28)")
        if input.shape[-2:] != (28, 28):
            raise ShapeError(f"ConvNet28 got images of shape {input.shape}; it takes 28×28, so resize or crop them")
        return self.classifier(self.features(input))  # type: ignore[no-any-return]
