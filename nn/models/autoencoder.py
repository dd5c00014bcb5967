"""A convolutional autoencoder after the sizes of the notes (N134–N138)."""

from collections.abc import Sequence

import minigrad as mg
from minigrad.errors import ArgumentError

from ..activation import ReLU, Sigmoid
from ..container import Sequential
from ..conv import Conv2d, ConvTranspose2d
from ..linear import Flatten, Linear, Unflatten
from ..module import Module

__all__ = ["ConvAutoencoder"]


class ConvAutoencoder(Module):
    """An encoder that halves the image, a latent vector, and a decoder that doubles it back (N134).

    (N, C, S, S) -> (N, C, S, S); `encode` gives (N, latent_size), `decode` takes it

        layer                          maps   size for S = 28
        convolution, 3×3, stride 2     16     14×14
        convolution, 3×3, stride 2     32     7×7
        fully connected                       latent_size
        fully connected                32     7×7
        transposed convolution         16     14×14
        transposed convolution         C      28×28

    All convolutions have k = 3, s = 2, p = 1. Since ⌊(2m + 2·1 − 3)/2⌋ + 1 = m, each
    halves an even size, and the transposed one with output_padding=1 doubles it back:
    (m − 1)·2 − 2·1 + 3 + 1 = 2m (N136). `widths` are the maps behind each convolution
    of the encoder; the decoder goes through them backwards. `logits=True` leaves out the
    sigmoid at the end, for a loss that has it built in.

    Raises `ArgumentError` for an image that cannot be halved that often, or widths
    that are none.

    >>> import minigrad as mg, nn
    >>> net = nn.models.ConvAutoencoder(latent_size=8)
    >>> x = mg.zeros(2, 1, 28, 28)
    >>> net.encode(x).shape, net(x).shape
    ((2, 8), (2, 1, 28, 28))
    """

    def __init__(
        self,
        input_size: int = 28,
        in_channels: int = 1,
        widths: Sequence[int] = (16, 32),
        latent_size: int = 32,
        logits: bool = False,
    ) -> None:
        super().__init__()
        steps = 2 ** len(widths)
        if not widths or input_size < steps or input_size % steps:
            raise ArgumentError(
                f"ConvAutoencoder got input_size={input_size} and widths={tuple(widths)}: every width halves the image "
                f"once, so the size must be a multiple of {steps}, and there is at least one width. Pad or resize the "
                "images, or use fewer widths"
            )
        size = input_size // steps
        channels = [in_channels, *widths]
        downwards: list[Module] = []
        upwards: list[Module] = []
        for wide, narrow in zip(channels[1:], channels[:-1], strict=True):
            downwards += [Conv2d(narrow, wide, 3, stride=2, padding=1), ReLU()]
            upwards = [ReLU(), ConvTranspose2d(wide, narrow, 3, stride=2, padding=1, output_padding=1), *upwards]
        self.latent_size = latent_size
        self.encoder = Sequential(*downwards, Flatten(), Linear(widths[-1] * size * size, latent_size))
        self.decoder = Sequential(
            Linear(latent_size, widths[-1] * size * size), Unflatten(1, (widths[-1], size, size)), *upwards
        )
        if not logits:
            self.decoder.append(Sigmoid())

    def encode(self, input: mg.Tensor) -> mg.Tensor:
        """The latent vectors of images: (N, C, S, S) -> (N, latent_size)"""
        return self.encoder(input)  # type: ignore[no-any-return]

    def decode(self, latent: mg.Tensor) -> mg.Tensor:
        """Images from latent vectors: (N, latent_size) -> (N, C, S, S)"""
        return self.decoder(latent)  # type: ignore[no-any-return]

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, S, S) -> (N, C, S, S)"""
        return self.decode(self.encode(input))
