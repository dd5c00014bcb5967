"""What a transform records: sources joined to the outer tape or not, and whether anything outside asks."""

import pytest

import minigrad as mg
from minigrad.errors import DTypeError, GradError, ShapeError
from minigrad.func.recorded import Recorded, fitting, source, zeros_of


def recorded(function, *inputs, outer=True):
    found = Recorded(lambda leaves: function(*leaves), inputs, "test", outer)
    found.ends_at([found.value])
    return found


def test_a_source_is_a_copy_and_no_leaf():
    x = mg.ones(2)
    inner = source(x, True)
    assert inner.requires_grad
    assert inner.grad_fn.name() == "leaf"
    assert (inner.tolist(), inner._storage is x._storage) == ([1.0, 1.0], False)


def test_a_source_is_joined_to_the_tape_where_that_is_asked_for():
    x = mg.ones(2, requires_grad=True)
    with mg.enable_grad():
        assert source(x, True).grad_fn.next_functions[0][0] is x._node
        assert not source(x, False).grad_fn.next_functions


def test_what_asks_from_outside():
    x, w = mg.ones(2), mg.ones(2, requires_grad=True)
    interior = w * 2
    assert not recorded(lambda x: x * 3, x).asked
    assert recorded(lambda x: x * w, x).asked
    assert recorded(lambda x: x * interior, x).asked
    assert recorded(lambda w: w * 3, w).asked
    assert not recorded(lambda w: w * 3, w, outer=False).asked
    assert not recorded(lambda x: x * w, x, outer=False).asked
    assert not recorded(lambda x: x * w.detach(), x).asked
    assert recorded(lambda x: x * mg.ones(2, requires_grad=True), x).asked


def test_an_outer_tape_is_not_walked_to_find_that_out(monkeypatch):
    w = mg.ones(2, requires_grad=True)
    deep = w
    for _ in range(5):
        deep = deep * 1.0
    found = recorded(lambda x: x * deep, mg.ones(2))
    monkeypatch.setattr(type(w._node), "edges", property(lambda self: pytest.fail("walked")), raising=False)
    assert found.asked


def test_inner_sources_do_not_ask():
    x = mg.ones(())
    one = mg.ones(())
    found = recorded(lambda x: mg.func.jvp(lambda y: x * y * y, (one,), (one,))[1], x)
    assert not found.asked


def test_of_what_an_output_depends():
    found = Recorded(lambda leaves: None, [mg.ones(2), mg.ones(2)], "test", True)
    x, y = (mg.Tensor._wrap(mg.ones(2)._array, *edge) for edge in found.sources)
    found.ends_at([x * 2, x * y, mg.ones(2), y])
    assert found.dependence() == [[True, False], [True, True], [False, False], [False, True]]


def test_integers_are_refused():
    with pytest.raises(GradError, match=r"test: tensor 1 of the arguments is int64"):
        recorded(lambda x, n: x, mg.ones(2), mg.arange(2))


def test_what_fits_a_tensor():
    x = mg.ones(2)
    assert fitting(mg.ones(2, dtype=mg.float64), x, "v").dtype == mg.float32
    with pytest.raises(DTypeError, match=r"v is a int; give a tensor of shape \(2,\)"):
        fitting(3, x, "v")
    with pytest.raises(ShapeError, match=r"v has shape \(3,\) for a tensor of shape \(2,\)"):
        fitting(mg.ones(3), x, "v")
    assert zeros_of(mg.ones(2, dtype=mg.float64)).tolist() == [0, 0]
