"""From images to tensors, and changed at random on the way: the transforms of torchvision's v2, for small images."""

from .basic import Compose, Lambda, Normalize, RandomApply, ToTensor
from .basic import transformed as transformed
from .framing import CenterCrop, Pad, RandomCrop, RandomHorizontalFlip, RandomVerticalFlip, Resize
from .noise import GaussianNoise, RandomErasing
from .resampling import InterpolationMode
from .warping import ElasticTransform, RandomAffine, RandomDistortion, RandomRotation

__all__ = [
    "CenterCrop",
    "Compose",
    "ElasticTransform",
    "GaussianNoise",
    "InterpolationMode",
    "Lambda",
    "Normalize",
    "Pad",
    "RandomAffine",
    "RandomApply",
    "RandomCrop",
    "RandomDistortion",
    "RandomErasing",
    "RandomHorizontalFlip",
    "RandomRotation",
    "RandomVerticalFlip",
    "Resize",
    "ToTensor",
]
