"""A convolutional autoencoder after the sizes of the notes (N134–N138), with the usual variants."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import minigrad as mg
from minigrad.errors import ArgumentError, ShapeError

from .. import functional as F
from ..container import ModuleList
from ..conv import Conv2d, ConvTranspose2d
from ..linear import Linear
from ..module import Module
from ..pooling import MaxPool2d, MaxUnpool2d
from ..upsampling import Upsample

__all__ = ["ConvAutoencoder"]

_DOWN = ("stride", "pool")
_UP = ("transpose", "nearest", "bilinear", "unpool")


class _Kept(NamedTuple):
    """What one halving leaves for the doubling that answers it: maps before it, and where the maxima were."""

    maps: Any
    places: Any


class _Halving(Module):
    """A convolution, and half the size: by its stride, or by max pooling behind it."""

    def __init__(self, narrow: int, wide: int, pooled: bool) -> None:
        super().__init__()
        self.conv = Conv2d(narrow, wide, 3, stride=1 if pooled else 2, padding=1)
        self.pool = MaxPool2d(2, return_indices=True) if pooled else None

    def forward(self, input: mg.Tensor) -> tuple[mg.Tensor, _Kept]:
        """(N, narrow, S, S) -> (N, wide, S/2, S/2), and what is kept"""
        maps = F.relu(self.conv(input))
        if self.pool is None:
            return maps, _Kept(input, None)
        output, places = self.pool(maps)
        return output, _Kept(maps, places)


class _Doubling(Module):
    """Twice the size, then, unless a transposed convolution has done both, a convolution over it and the maps kept."""

    def __init__(self, wide: int, narrow: int, beside: int, how: str) -> None:
        super().__init__()
        self.how, self.joins = how, beside > 0
        self.enlarge: Module
        if how == "transpose":
            self.enlarge = ConvTranspose2d(wide, wide if beside else narrow, 3, stride=2, padding=1, output_padding=1)
        elif how == "unpool":
            self.enlarge = MaxUnpool2d(2)
        else:
            self.enlarge = Upsample(scale_factor=2, mode=how)
        self.conv = Conv2d(wide + beside, narrow, 3, padding=1) if beside or how != "transpose" else None

    def forward(self, input: mg.Tensor, kept: _Kept) -> mg.Tensor:
        """(N, wide, S/2, S/2) -> (N, narrow, S, S)"""
        output = self.enlarge(input, kept.places) if self.how == "unpool" else self.enlarge(input)
        if self.conv is None:
            return output  # type: ignore[no-any-return]
        if self.joins:
            output = mg.cat([kept.maps, F.relu(output) if self.how == "transpose" else output], 1)
        return self.conv(output)  # type: ignore[no-any-return]


class _Encoder(Module):
    def __init__(self, channels: list[int], size: int, latent_size: int | None, pooled: bool) -> None:
        super().__init__()
        pairs = pairwise(channels)
        self.stages = ModuleList([_Halving(narrow, wide, pooled) for narrow, wide in pairs])
        self.latent = None if latent_size is None else Linear(channels[-1] * size * size, latent_size)

    def forward(self, input: mg.Tensor) -> tuple[mg.Tensor, list[_Kept]]:
        """(N, C, S, S) -> the latent vectors, and what each stage kept"""
        kept = []
        for stage in self.stages:
            input, left = stage(input)
            kept.append(left)
        return (input if self.latent is None else self.latent(input.flatten(1))), kept


class _Decoder(Module):
    def __init__(self, channels: list[int], beside: list[int], size: int, latent_size: int | None, how: str) -> None:
        super().__init__()
        self.shape = (channels[-1], size, size)
        self.latent = None if latent_size is None else Linear(latent_size, channels[-1] * size * size)
        stages = zip(channels[:0:-1], channels[-2::-1], beside[::-1], strict=True)
        self.stages = ModuleList([_Doubling(wide, narrow, maps, how) for wide, narrow, maps in stages])

    def forward(self, latent: mg.Tensor, kept: list[_Kept]) -> mg.Tensor:
        """The latent vectors, what each stage of the encoder kept -> (N, C, S, S)"""
        output = latent if self.latent is None else F.relu(self.latent(latent)).reshape(-1, *self.shape)
        for number, stage in enumerate(self.stages):
            output = stage(F.relu(output) if number else output, kept[-1 - number])
        return output


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
    sigmoid at the end: for a loss that has it built in, or one that must not lose its
    gradient where the sigmoid saturates.

    Variants, which go together in any way but one:

    - `latent_size=None`: no latent vector, all layers are convolutions.
    - `downsampling="pool"`: convolutions of stride 1, each with 2×2 max pooling behind it.
    - `upsampling="nearest"` or `"bilinear"`: larger maps by interpolation, then a
      convolution, which leaves no checkerboard (Odena et al., 2016).
    - `upsampling="unpool"`, with pooling only: each value goes to the place that its
      maximum came from, then a convolution (Zeiler and Fergus, 2014).
    - `skip=True`: a small U-Net (Ronneberger et al., 2015). Maps from before each halving join
      those of their size on the way up, by a convolution; of the image itself, only pooling keeps maps.
    - `noise`: a denoising autoencoder (Vincent et al., 2008). In training, `corrupt` adds
      Gaussian noise of this standard deviation to the input; the loss compares with the clean image.

    With "unpool" and skips, `decode` needs more than the vector: what the encoder kept.
    `net.encoder(x)` gives both, `net.decode(latent, kept)` takes them.

    Raises `ArgumentError` for an image that cannot be halved that often, for sizes
    that are none, for variants that there are not, and for `decode` without what was
    kept; `ShapeError`, when it is called, for images of another shape.

    >>> import minigrad as mg, nn
    >>> net = nn.models.ConvAutoencoder(latent_size=8)
    >>> x = mg.zeros(2, 1, 28, 28)
    >>> net.encode(x).shape, net(x).shape
    ((2, 8), (2, 1, 28, 28))
    >>> net = nn.models.ConvAutoencoder(downsampling="pool", upsampling="unpool", noise=0.5)
    >>> latent, kept = net.encoder(x)
    >>> net.decode(latent, kept).shape
    (2, 1, 28, 28)
    """

    def __init__(
        self,
        input_size: int = 28,
        in_channels: int = 1,
        widths: Sequence[int] = (16, 32),
        latent_size: int | None = 32,
        logits: bool = False,
        downsampling: str = "stride",
        upsampling: str = "transpose",
        skip: bool = False,
        noise: float = 0.0,
    ) -> None:
        super().__init__()
        _check_sizes(input_size, in_channels, tuple(widths), latent_size)
        _check_variant(downsampling, upsampling, skip, noise)
        size, channels, pooled = input_size // 2 ** len(widths), [in_channels, *widths], downsampling == "pool"
        beside = (list(widths) if pooled else [0, *widths[:-1]]) if skip else [0] * len(widths)
        self.input_shape = (in_channels, input_size, input_size)
        self.latent_size = latent_size
        self.logits = logits
        self.noise = noise
        self.needs_kept = any(beside) or upsampling == "unpool"
        self.encoder = _Encoder(channels, size, latent_size, pooled)
        self.decoder = _Decoder(channels, beside, size, latent_size, upsampling)

    def corrupt(self, input: mg.Tensor) -> mg.Tensor:
        """`input` with Gaussian noise of standard deviation `noise`, clipped to [0, 1]."""
        return (input + mg.randn_like(input) * self.noise).clamp(0, 1)

    def encode(self, input: mg.Tensor) -> mg.Tensor:
        """The latent vectors of images: (N, C, S, S) -> (N, latent_size)"""
        return self.encoder(input)[0]  # type: ignore[no-any-return]

    def decode(self, latent: mg.Tensor, kept: Any = None) -> mg.Tensor:
        """Images from latent vectors: (N, latent_size) -> (N, C, S, S); `kept` where the variant needs it."""
        if not kept:
            if self.needs_kept:
                raise ArgumentError(
                    "decode got latent vectors only, but this ConvAutoencoder's decoder also takes what its encoder "
                    "kept: the places of the maxima, or the maps of the skip connections. Write latent, kept = "
                    "net.encoder(x), then net.decode(latent, kept)"
                )
            kept = [_Kept(None, None)] * len(self.decoder.stages)
        output = self.decoder(latent, kept)
        return output if self.logits else output.sigmoid()  # type: ignore[no-any-return]

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(N, C, S, S) -> (N, C, S, S)"""
        if tuple(input.shape[1:]) != self.input_shape:
            raise ShapeError(
                f"ConvAutoencoder got images of shape {tuple(input.shape)}; it was made for (N, "
                f"{', '.join(map(str, self.input_shape))}): input_size and in_channels say so"
            )
        if self.noise and self.training:
            input = self.corrupt(input)
        return self.decode(*self.encoder(input))


def _check_sizes(input_size: int, in_channels: int, widths: tuple[int, ...], latent_size: int | None) -> None:
    steps = 2 ** len(widths)
    if not widths or input_size < steps or input_size % steps:
        raise ArgumentError(
            f"ConvAutoencoder got input_size={input_size} and widths={widths}: every width halves the image "
            f"once, so the size must be a multiple of {steps}, and there is at least one width. Pad or resize the "
            "images, or use fewer widths"
        )
    counts = {
        "in_channels": in_channels,
        "widths": min(widths),
        "latent_size": 1 if latent_size is None else latent_size,
    }
    for name, count in counts.items():
        if count < 1:
            raise ArgumentError(f"ConvAutoencoder got {name} of {count}; it counts numbers or maps, one or more")


def _check_variant(downsampling: str, upsampling: str, skip: bool, noise: float) -> None:
    known = {"downsampling": (downsampling, _DOWN), "upsampling": (upsampling, _UP), "skip": (skip, (False, True))}
    for name, (value, values) in known.items():
        if value not in values:
            raise ArgumentError(f"ConvAutoencoder got {name}={value!r}; there are {', '.join(map(repr, values))}")
    if upsampling == "unpool" and downsampling != "pool":
        raise ArgumentError(
            f"ConvAutoencoder got upsampling='unpool' with downsampling={downsampling!r}; unpooling puts values where "
            "a max pooling found them, so it goes with downsampling='pool'"
        )
    if not 0 <= noise < float("inf"):
        raise ArgumentError(f"ConvAutoencoder got noise={noise}; it is a standard deviation, zero or more")
