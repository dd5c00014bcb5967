"""Whole networks."""

from .autoencoder import ConvAutoencoder
from .classic import ClassicCNN
from .convnet28 import ConvNet28
from .dcgan import DCGANDiscriminator, DCGANGenerator
from .densenet import DenseNet, densenet121, densenet161, densenet169, densenet201
from .googlenet import GoogLeNet, Inception, googlenet
from .lecun89 import LeCun89
from .lenet import LeNet5
from .mobilenet import InvertedResidual, MobileNetV1, MobileNetV2, mobilenet_v1, mobilenet_v2
from .resnet import BasicBlock, Bottleneck, ResNet, resnet18, resnet34, resnet50, resnet101, resnet152
from .resnet_cifar import CifarResNet, resnet20, resnet32, resnet44, resnet56, resnet110
from .unet import UNet
from .vgg import VGG, vgg11, vgg11_bn, vgg13, vgg13_bn, vgg16, vgg16_bn, vgg19, vgg19_bn

__all__ = [
    "VGG",
    "BasicBlock",
    "Bottleneck",
    "CifarResNet",
    "ClassicCNN",
    "ConvAutoencoder",
    "ConvNet28",
    "DCGANDiscriminator",
    "DCGANGenerator",
    "DenseNet",
    "GoogLeNet",
    "Inception",
    "InvertedResidual",
    "LeCun89",
    "LeNet5",
    "MobileNetV1",
    "MobileNetV2",
    "ResNet",
    "UNet",
    "densenet121",
    "densenet161",
    "densenet169",
    "densenet201",
    "googlenet",
    "mobilenet_v1",
    "mobilenet_v2",
    "resnet101",
    "resnet110",
    "resnet152",
    "resnet18",
    "resnet20",
    "resnet32",
    "resnet34",
    "resnet44",
    "resnet50",
    "resnet56",
    "vgg11",
    "vgg11_bn",
    "vgg13",
    "vgg13_bn",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vgg19_bn",
]
