"""Note A's classical chain of layers (N103)."""

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError

from ..activation import ReLU
from ..container import Sequential
from ..conv import Conv2d
from ..linear import Flatten, Linear
from ..module import Module
from ..pooling import MaxPool2d

__all__ = ["ClassicCNN"]


class ClassicCNN(Module):
    """Note A's chain Conv → ReLU → Pool → ReLU → Conv → ReLU → Pool → FC (N103).

    (N, C, input_size, input_size) -> (N, num_classes) logits

    The note prints the kinds of layers and no sizes. Here the images are of
    28×28, the convolutions have `widths` kernels of `kernel_size` and no padding,
    the pooling takes the largest of windows of `pool_size`, and the dense layer
    gives one output per class: sizes 28, 26, 13, 11, 5.

    The ReLU behind the first pooling changes nothing, as what a pooling of numbers
    from 0 on gives is not negative (X14); `redundant_relu=False` leaves it out.
    `features` and `classifier` are the two parts (N96).

    Raises `ArgumentError` for sizes with which no pixel is left, `ShapeError` for
    images of another size.

    >>> import minigrad as mg, nn
    >>> net = nn.models.ClassicCNN()
    >>> net(mg.zeros(2, 1, 28, 28)).shape, len(net.features)
    ((2, 10), 7)
    """

    def __init__(
        self,
        num_classes: int = 10,
        in_channels: int = 1,
        input_size: int = 28,
        widths: tuple[int, int] = (8, 16),
        kernel_size: int = 3,
        pool_size: int = 2,
        redundant_relu: bool = True,
    ) -> None:
        super().__init__()
        if not isinstance(widths, tuple | list) or len(widths) != 2:
            raise ArgumentError(f"ClassicCNN got widths={widths!r}; it is a number of kernels for each of the two")
        first, second = widths
        if min(kernel_size, pool_size) < 1:
            raise ArgumentError(
                f"ClassicCNN got kernel_size={kernel_size} and pool_size={pool_size}; both are at least 1"
            )
        size = input_size
        for _ in widths:
            size = (size - kernel_size + 1) // pool_size
        if size < 1:
            raise ArgumentError(
                f"ClassicCNN got input_size={input_size}, kernel_size={kernel_size} and pool_size={pool_size}, with "
                "which no pixel is left behind the second pooling. Use larger images, or smaller windows"
            )
        self.input_size = input_size
        self.features = Sequential(
            Conv2d(in_channels, first, kernel_size),
            ReLU(),
            MaxPool2d(pool_size),
            *([ReLU()] if redundant_relu else []),
            Conv2d(first, second, kernel_size),
            ReLU(),
            MaxPool2d(pool_size),
        )
        self.classifier = Sequential(
            Flatten(),
            Linear(second * size * size, num_classes),
        )

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, input_size, input_size) -> (N, num_classes) logits"""
        if not hasattr(input, "shape"):
            raise DTypeError(f"ClassicCNN got a {type(input).__name__}; it takes a tensor of images (N, C, H, W)")
        if input.shape[-2:] != (self.input_size, self.input_size):
            raise ShapeError(
                f"ClassicCNN(input_size={self.input_size}) got images of shape {input.shape}; give it their size, or "
                "resize them"
            )
        return self.classifier(self.features(input))  # type: ignore[no-any-return]
