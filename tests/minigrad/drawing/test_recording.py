"""Recordings: layers as clusters, every value and gradient, modules as one box."""

import re

import numpy as np
import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import DTypeError, GradError


def network():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Sequential(nn.Flatten(), nn.Linear(18, 3)))


def recorded(model=None, **options):
    net = network()
    images = mg.randn(2, 1, 5, 5)
    with mg.drawing.record(net if model else None) as tape:
        loss = F.cross_entropy(net(images), mg.tensor([0, 2]))
        loss.backward()
    return net, loss, tape, tape.draw(loss, **options)


@pytest.mark.parametrize("given", [True, False])
def test_layers_are_clusters(given):
    _, _, _, drawing = recorded(given)
    text = drawing.text()
    assert "┌ Sequential\n" in text
    assert "│ ┌ 0 · Conv2d" in text
    assert "│ │ ┌ 2.1 · Linear" in text
    assert re.search(r"│ relu +1 · ReLU ", text)  # a layer of one operation is its heading
    assert re.search(r"│ │ 0\.weight +parameter +2×1×3×3", text)
    assert re.search(r"^ +images +data", text, re.MULTILINE)  # what the model was given stands outside
    assert re.search(r"^ +loss +output", text, re.MULTILINE)
    assert drawing.dot().count("subgraph cluster_") == 4
    assert drawing.mermaid().count("subgraph c") == 4
    assert drawing.svg().count('class="mg-cluster') == 4
    assert ">weight</text>" in drawing.svg()  # inside its layer a parameter needs no path


def test_every_value_and_gradient_is_kept():
    net, _, _, drawing = recorded(values=True, grads=True)
    assert "not kept" not in drawing.text()
    logits = next(
        box for box in drawing._graph.boxes.values() if box.title == "linear" and box.results[0].shape == (2, 3)
    )
    softmax = F.softmax(mg.tensor(logits.results[0].value), 1) - mg.tensor([[1.0, 0, 0], [0, 0, 1.0]])
    assert np.allclose(logits.results[0].grad, softmax.numpy() / 2, atol=1e-6)
    loss_box = next(box for box in drawing._graph.boxes.values() if box.kind == "output")
    assert loss_box.results[0].grad == 1
    weight = next(box for box in drawing._graph.boxes.values() if box.title == "0.weight")
    assert weight.results[0].grad is net[0].weight.grad._array
    assert 'class="mg-back"' in drawing.svg()


def test_modules_as_one_box():
    _, loss, tape, _ = recorded()
    one = tape.draw(loss, depth=1)
    assert re.search(r"│ Conv2d +module, 0, 20 parameters +2×2×3×3 +← #1", one.text())
    assert re.search(r"Sequential +module, 2, 57 parameters +2×3", one.text())
    assert "correlate" not in one.text()
    whole = tape.draw(loss, depth=0)
    assert re.search(r"Sequential +module, 77 parameters +2×3 +← #1", whole.text())
    assert "computes correlate" in whole.svg()
    assert tape.draw(loss, depth=9).text() == tape.draw(loss).text()


def test_a_module_that_is_called_twice_has_two_clusters_and_shared_parameters_stand_outside():
    layer = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    with mg.drawing.record(layer) as tape:
        layer(layer(mg.ones(1, 2)))
    text = tape.draw().text()
    assert "┌ Sequential\n" in text
    assert "┌ Sequential (call 2)" in text
    assert re.search(r"^ +0\.weight +parameter", text, re.MULTILINE)
    assert text.count("parameter") == 2


def test_what_a_layer_is_given_is_told_before_it():
    model = nn.Sequential(nn.Linear(2, 2))
    with mg.drawing.record(model) as tape:
        model(mg.ones(1, 2))
    lines = tape.draw().text().splitlines()
    assert lines[0].split()[:2] == ["data", "data"]
    assert sum("┌" in line for line in lines) == 2


def test_constants_made_inside_a_layer_stand_inside():
    class Shift(nn.Module):
        def forward(self, x):
            return (x + mg.ones(2)) * 2

    with mg.drawing.record() as tape:
        Shift()(mg.ones(2, requires_grad=True)).sum()
    assert "│ data" in tape.draw().text()


def test_parts_of_a_model_have_its_paths():
    net = network()
    with mg.drawing.record(net) as tape:
        net[2](mg.ones(1, 2, 3, 3, requires_grad=True))
    assert "┌ 2 · Sequential" in tape.draw().text()
    assert "2.1.weight" in tape.draw().text()


def test_everything_that_was_computed_and_not_used_is_drawn():
    x = mg.ones(2, requires_grad=True)
    with mg.drawing.record() as tape:
        mid = x * 2
        mid.sum()
        mid.exp()
    assert re.findall(r"(output \d) +output", tape.draw().text()) == ["output 0", "output 1"]
    assert tape.draw(mid).text().count("mul") == 1


def test_a_value_that_was_changed_in_place_is_not_shown():
    x = mg.ones(2, requires_grad=True)
    with mg.drawing.record() as tape:
        held = [x * 5]
        total = held[0].sum()
        with mg.no_grad():
            held[0].zero_()
    assert "[0, 0]" not in tape.draw(total, values=True).text()
    assert "value not kept" in tape.draw(total, values=True).text()


def test_gradients_that_arrived_are_copies():
    x = mg.ones(3, requires_grad=True)
    with mg.drawing.record() as tape:
        total = (x * 2 + 1).sum()
        total.backward()
    assert all(array.base is None for array in tape.cotangents.values())
    assert "grad: [1, 1, 1]" in tape.draw(total, grads=True).text()


def test_a_recorded_double_backward_is_drawn_too():
    x = mg.tensor(0.5, requires_grad=True)
    with mg.drawing.record() as tape:
        (first,) = mg.autograd.grad(mg.tanh(x), x, create_graph=True)
    assert "tanh_vjp" in tape.draw(first, values=True).text()


def test_refusals():
    with pytest.raises(DTypeError, match="record got a int; give a model"), mg.drawing.record(3):
        pass
    with mg.drawing.record() as tape, mg.no_grad():
        nn.ReLU()(mg.ones(2))
    with pytest.raises(GradError, match="nothing was recorded: in the block no operation"):
        tape.draw()
    with pytest.raises(DTypeError, match="depth"):
        tape.draw(mg.ones(1), depth="all")
    with pytest.raises(DTypeError, match="draw got deep= with a int"):
        tape.draw(mg.ones(1), deep=1)
