"""DCGAN (Radford et al., 2015): a generator of images and a discriminator that judges them."""

import minigrad as mg
from minigrad.errors import ArgumentError

from .. import init
from ..activation import LeakyReLU, ReLU, Sigmoid, Tanh
from ..batchnorm import BatchNorm2d
from ..container import Sequential
from ..conv import Conv2d, ConvTranspose2d
from ..module import Module

__all__ = ["DCGANDiscriminator", "DCGANGenerator"]


def _doublings(image_size: int, name: str) -> int:
    """How often 4×4 maps are doubled to make the image."""
    count = image_size.bit_length() - 3
    if count < 1 or image_size != 4 << count:
        raise ArgumentError(f"{name} got image_size={image_size}; it is 4 doubled at least once: 8, 16, 32, 64, …")
    return count


def _initialise(model: Module) -> None:
    """Weights from N(0, 0.02), those of the normalisation from N(1, 0.02) (section 3 of the paper)."""
    for module in model.modules():
        if isinstance(module, Conv2d | ConvTranspose2d):
            init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, BatchNorm2d):
            init.normal_(module.weight, 1.0, 0.02)
            init.zeros_(module.bias)


class DCGANGenerator(Module):
    """Images from noise, after Radford et al., "Unsupervised representation learning …" (2015), figure 1.

    (N, latent_size, 1, 1) -> (N, C, S, S) with values from −1 to 1

        layer, all transposed convolutions    maps for S = 64   size
        4×4                                   512               4×4
        4×4, stride 2                         256               8×8
        4×4, stride 2                         128               16×16
        4×4, stride 2                         64                32×32
        4×4, stride 2, tanh                   C                 64×64

    With normalisation and ReLU between them, and no bias. (n − 1)·2 − 2·1 + 4 = 2n: each
    stride doubles the map (N136). `width` is the number of maps before the image.

    Raises `ArgumentError` for an image size that is not 4 doubled some times.

    >>> import minigrad as mg, nn
    >>> net = nn.models.DCGANGenerator(10, width=4, image_size=16)
    >>> net(mg.randn(2, 10, 1, 1)).shape
    (2, 3, 16, 16)
    """

    def __init__(self, latent_size: int = 100, out_channels: int = 3, width: int = 64, image_size: int = 64) -> None:
        super().__init__()
        channels = width << _doublings(image_size, "DCGANGenerator") - 1
        self.latent_size = latent_size
        layers: list[Module] = [ConvTranspose2d(latent_size, channels, 4, 1, 0, bias=False)]
        while True:
            layers += [BatchNorm2d(channels), ReLU(True)]
            if channels == width:
                break
            layers.append(ConvTranspose2d(channels, channels // 2, 4, 2, 1, bias=False))
            channels //= 2
        self.main = Sequential(*layers, ConvTranspose2d(width, out_channels, 4, 2, 1, bias=False), Tanh())
        _initialise(self)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, latent_size, 1, 1) -> (N, C, S, S)"""
        return self.main(input)  # type: ignore[no-any-return]


class DCGANDiscriminator(Module):
    """How real images look, after Radford et al. (2015): the generator's shape, backwards.

    (N, C, S, S) -> (N, 1, 1, 1): a probability, or with `logits=True` its logit

    Convolutions of 4×4 and stride 2 halve the map, ⌊(n + 2 − 4)/2⌋ + 1 = n/2, and double the
    maps from `width` on; the last, without padding, reads the 4×4 that are left.
    LeakyReLU(0.2) between them, normalisation too, but not behind the first.

    Raises `ArgumentError` for an image size that is not 4 doubled some times.

    >>> import minigrad as mg, nn
    >>> nn.models.DCGANDiscriminator(width=4, image_size=16)(mg.zeros(2, 3, 16, 16)).shape
    (2, 1, 1, 1)
    """

    def __init__(self, in_channels: int = 3, width: int = 64, image_size: int = 64, logits: bool = False) -> None:
        super().__init__()
        layers: list[Module] = [Conv2d(in_channels, width, 4, 2, 1, bias=False), LeakyReLU(0.2, inplace=True)]
        channels = width
        for _ in range(_doublings(image_size, "DCGANDiscriminator") - 1):
            layers += [
                Conv2d(channels, channels * 2, 4, 2, 1, bias=False), BatchNorm2d(channels * 2),
                LeakyReLU(0.2, inplace=True),
            ]  # fmt: skip
            channels *= 2
        layers.append(Conv2d(channels, 1, 4, 1, 0, bias=False))
        self.main = Sequential(*layers)
        if not logits:
            self.main.append(Sigmoid())
        _initialise(self)

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, S, S) -> (N, 1, 1, 1)"""
        return self.main(input)  # type: ignore[no-any-return]
