"""LeNet-5 as the table of the notes has it."""

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.errors import ArgumentError, ShapeError
from nn.models import LeNet5


def outputs(model, x):
    """The shape behind every layer, by its path."""
    shapes = {}
    for path, layer in model.named_modules():
        if not list(layer.children()):
            layer.register_forward_hook(
                lambda module, args, output, path=path: shapes.__setitem__(path, output.shape[1:])
            )
    model(x)
    return shapes


def test_N104_sizes_and_parameters_of_every_layer():
    model = LeNet5()
    shapes = outputs(model, mg.zeros(2, 1, 32, 32))
    assert [shapes[f"features.{n}"] for n in (0, 2, 3, 5, 6)] == [
        (6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (120, 1, 1)]  # fmt: skip
    assert [shapes[f"classifier.{n}"] for n in (1, 3)] == [(84,), (10,)]
    counts = {
        path: sum(p.numel() for p in layer.parameters())
        for path, layer in model.named_modules()
        if not list(layer.children())
    }
    assert [counts[f"features.{n}"] for n in (0, 2, 3, 5, 6)] == [156, 0, 2416, 0, 48_120]
    assert [counts[f"classifier.{n}"] for n in (1, 3)] == [10_164, 850]
    assert sum(counts.values()) == 61_706


def test_N104_receptive_field_of_the_last_convolution_is_the_image():
    model = LeNet5().double()
    x = mg.randn(1, 1, 32, 32, dtype=mg.float64, requires_grad=True)
    model.features(x)[0, 0, 0, 0].backward()
    assert (x.grad != 0).all()
    x.grad = None
    model.features[:3](x)[0, 0, 3, 4].backward()  # behind the first pooling: 6×6
    rows, columns = np.nonzero(x.grad.numpy()[0, 0])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (6, 11, 8, 13)


def test_N105_the_last_convolution_is_a_dense_layer():
    model = LeNet5().double()
    x = mg.randn(3, 16, 5, 5, dtype=mg.float64, requires_grad=True)
    convolution = model.features[6]
    dense = nn.Linear(400, 120).double()
    dense.load_state_dict({"weight": convolution.weight.reshape(120, 400).detach(), "bias": convolution.bias.detach()})
    results = []
    for y in (convolution(x).flatten(1), dense(x.flatten(1))):
        x.grad = None
        (y * mg.arange(120.0, dtype=mg.float64)).sum().backward()
        results.append((y.detach().numpy(), x.grad.numpy()))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(
        convolution.weight.grad.numpy().reshape(120, 400), dense.weight.grad.numpy(), rtol=1e-10, atol=1e-12
    )


def test_N96_features_and_classifier_are_the_model():
    model, x = LeNet5(), mg.randn(2, 1, 32, 32)
    assert model.classifier(model.features(x)).tolist() == model(x).tolist()
    model.features.requires_grad_(False)
    model(x).sum().backward()
    assert all(p.grad is None for p in model.features.parameters())
    assert all(p.grad is not None for p in model.classifier.parameters())


@pytest.mark.parametrize(("size", "channels", "classes"), [(28, 1, 10), (32, 3, 26)])
def test_other_images_and_classes(size, channels, classes):
    model = LeNet5(classes, channels, size)
    assert model(mg.zeros(2, channels, size, size)).shape == (2, classes)


def test_the_modern_variant():
    model = LeNet5(activation=nn.ReLU, pooling=nn.MaxPool2d)
    assert sum(isinstance(layer, nn.ReLU) for layer in model.modules()) == 4
    assert sum(isinstance(layer, nn.MaxPool2d) for layer in model.modules()) == 2
    assert not any(isinstance(layer, nn.Tanh | nn.AvgPool2d) for layer in model.modules())
    assert model(mg.zeros(1, 1, 32, 32)).shape == (1, 10)


def test_one_image_without_batch_is_one_row():
    assert LeNet5()(mg.zeros(1, 1, 32, 32)).shape == (1, 10)


def test_images_of_another_size():
    with pytest.raises(ArgumentError, match=r"input_size=30; images are 32×32, or 28×28"):
        LeNet5(input_size=30)
    with pytest.raises(ShapeError, match=r"shape \(1, 1, 28, 28\).*input_size=28"):
        LeNet5()(mg.zeros(1, 1, 28, 28))
    with pytest.raises(ShapeError, match=r"kernel spans 5 .*has only 4.*\[in 6: Conv2d"):
        LeNet5().features(mg.zeros(1, 1, 28, 28))
    with pytest.raises(ShapeError, match=r"weight reads 1 channels, the input has 3.*\[in features\.0: Conv2d"):
        LeNet5()(mg.zeros(1, 3, 32, 32))


def test_state_comes_back(tmp_path):
    first, second = LeNet5(), LeNet5()
    mg.save(first.state_dict(), tmp_path / "lenet")
    second.load_state_dict(mg.load(tmp_path / "lenet"))
    x = mg.randn(1, 1, 32, 32)
    assert first(x).tolist() == second(x).tolist()
    with pytest.raises(
        mg.errors.StateDictError, match=r"classifier\.3\.weight has shape \(10, 84\), the module's has \(26, 84\)"
    ):
        LeNet5(26).load_state_dict(first.state_dict())
