"""LeNet-5, as the notes' table has it (N104)."""

from collections.abc import Callable

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError

from ..activation import Tanh
from ..container import Sequential
from ..conv import Conv2d
from ..linear import Flatten, Linear
from ..module import Module
from ..pooling import AvgPool2d

__all__ = ["LeNet5"]


class LeNet5(Module):
    """LeNet-5 after the table of N104: 61 706 parameters for ten classes.

    (N, 1, 32, 32) -> (N, 10) logits

        layer             maps   size    kernel   parameters
        convolution       6      28×28   5×5             156
        average pooling   6      14×14   2×2               0
        convolution       16     10×10   5×5            2416
        average pooling   16     5×5     2×2               0
        convolution       120    1×1     5×5          48 120
        fully connected   84                          10 164
        fully connected   10                             850

    The last convolution's maps are single numbers, so it is a dense layer
    (N105). Every convolution reads all maps, and pooling has no parameters,
    unlike the network of 1998 (X46); the activations, which the table does not
    state, are tanh (X83).

    `input_size=28` pads the first convolution by 2, for MNIST as it comes;
    `activation=nn.ReLU, pooling=nn.MaxPool2d` is the modern variant. `features`
    and `classifier` are the two halves (N96).

    Raises `ArgumentError` for another `input_size`, `ShapeError` for images of
    another size.

    >>> import minigrad as mg, nn
    >>> net = nn.models.LeNet5()
    >>> net(mg.zeros(2, 1, 32, 32)).shape, sum(p.numel() for p in net.parameters())
    ((2, 10), 61706)
    """

    def __init__(
        self,
        num_classes: int = 10,
        in_channels: int = 1,
        input_size: int = 32,
        activation: Callable[[], Module] = Tanh,
        pooling: Callable[[int], Module] = AvgPool2d,
    ) -> None:
        super().__init__()
        if input_size not in (28, 32):
            raise ArgumentError(
                f"LeNet5 got input_size={input_size}; images are 32×32, or 28×28, which are padded by 2"
            )
        self.input_size = input_size
        self.features = Sequential(
            Conv2d(in_channels, 6, 5, padding=(32 - input_size) // 2),
            activation(),
            pooling(2),
            Conv2d(6, 16, 5),
            activation(),
            pooling(2),
            Conv2d(16, 120, 5),
            activation(),
        )
        self.classifier = Sequential(
            Flatten(),
            Linear(120, 84),
            activation(),
            Linear(84, num_classes),
        )

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, input_size, input_size) -> (N, num_classes) logits"""
        if not hasattr(input, "shape"):
            raise DTypeError(f"LeNet5 got a {type(input).__name__}; it takes a tensor of images (N, C, H, W)")
        if input.shape[-2:] != (self.input_size, self.input_size):
            raise ShapeError(
                f"LeNet5(input_size={self.input_size}) got images of shape {input.shape}; use input_size=28 or 32, or "
                "resize or pad them"
            )
        return self.classifier(self.features(input))  # type: ignore[no-any-return]
