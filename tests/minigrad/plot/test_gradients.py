"""Gradients by layer: the bars are the numbers, and what has none says so."""

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad import plot
from minigrad.errors import ArgumentError, DTypeError, GradError


def parameter(*gradient):
    tensor = mg.zeros(len(gradient), requires_grad=True) if gradient else mg.zeros(2, requires_grad=True)
    tensor.grad = mg.tensor(gradient) if gradient else None
    return tensor


def labels(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def test_bars_and_marks_are_the_means_and_the_largest(ax):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Tanh(), nn.Flatten(), nn.Linear(8, 3))
    model(mg.randn(2, 1, 4, 4)).square().sum().backward()
    plot.gradient_flow(model, ax)
    assert labels(ax) == ["0", "3"]
    expected = [
        np.concatenate([abs(one.grad.numpy()).reshape(-1) for one in layer.parameters()])
        for layer in (model[0], model[3])
    ]
    (bars,) = ax.containers
    assert [bar.get_width() for bar in bars] == pytest.approx([one.mean() for one in expected], rel=1e-6)
    assert ax.lines[0].get_xdata().tolist() == pytest.approx([one.max() for one in expected], rel=1e-6)
    assert ax.get_xscale() == "log"
    left, right = ax.get_xlim()
    assert left < min(one.mean() for one in expected)
    assert right > max(one.max() for one in expected)
    assert ax.get_ylim() == (1.5, -0.5)  # the first layer on top
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("|gradient|", "layer")


def test_layers_without_gradients_say_so(ax):
    pairs = {
        "a.weight": parameter(1.0, -3.0), "a.bias": parameter(2.0), "b.weight": parameter(), "c.weight": parameter(0.0),
        "d.weight": parameter(1.0, float("nan")), "e.weight": parameter(float("inf")), "scale": parameter(0.5),
    }  # fmt: skip
    plot.gradient_flow(pairs.items(), ax)
    assert labels(ax) == ["a", "b", "c", "d", "e", "scale"]
    (bars,) = ax.containers
    assert [bar.get_width() for bar in bars] == [2.0, 0.5]
    words = {text.get_position()[1]: text.get_text() for text in ax.texts}
    assert words == {1: "no gradient", 2: "all zero", 3: "NaN or infinite", 4: "NaN or infinite"}


def test_a_layer_of_which_a_part_is_frozen(ax):
    plot.gradient_flow({"a.weight": parameter(), "a.bias": parameter(4.0)}, ax)
    assert [bar.get_width() for bar in ax.containers[0]] == [4.0]


def test_no_layer_that_could_be_drawn(ax):
    plot.gradient_flow({"a.weight": parameter(0.0), "b.weight": parameter(float("nan"))}, ax)
    ax.figure.canvas.draw()
    assert len(ax.texts) == 2


def test_deep_networks_fit(ax):
    pairs = {f"layers.{number}.weight": parameter(10.0**-number) for number in range(60)}
    plot.gradient_flow(pairs, ax)
    ax.figure.canvas.draw()
    assert len(labels(ax)) == 60


WRONG = [
    (lambda: nn.Linear(1, 1), GradError, r"no gradient in any parameter: call it between loss\.backward\(\)"),
    (lambda: nn.ReLU(), ArgumentError, "without parameters"),
    (lambda: nn.Linear(1, 1).parameters(), DTypeError, r"the pairs of names and parameters"),
    (lambda: nn.Linear, DTypeError, "got a type"),
    (lambda: 3, DTypeError, "got a int"),
    (lambda: {"a": 3}, DTypeError, "got a dict"),
]


@pytest.mark.parametrize(("make", "kind", "text"), WRONG)
def test_what_is_wrong_is_told(make, kind, text, ax):
    with pytest.raises(kind, match=text):
        plot.gradient_flow(make(), ax)
    assert not ax.has_data()
