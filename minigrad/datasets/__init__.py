"""MNIST, Fashion-MNIST and CIFAR-10 under torchvision's names, and a sample of MNIST that needs no download."""

from .cifar import CIFAR10
from .idx import read_idx, write_idx
from .mnist import MNIST, FashionMNIST, ImageDataset
from .sample import MNISTSample, mnist_sample

__all__ = ["CIFAR10", "MNIST", "FashionMNIST", "ImageDataset", "MNISTSample", "mnist_sample", "read_idx", "write_idx"]
