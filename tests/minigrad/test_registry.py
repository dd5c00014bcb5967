"""Names and what they stand for."""

import pytest

import minigrad as mg
from minigrad import registry


def test_a_function_goes_before_the_primitive_of_its_name():
    assert registry.lookup("reshape") is mg.reshape
    assert registry.lookup("tanh") is mg.tanh is mg.primitives()["tanh"]
    assert registry.lookup("reshape") is not mg.primitives()["reshape"]


def test_an_unknown_name():
    with pytest.raises(KeyError, match="no such thing"):
        registry.lookup("no such thing")


def test_a_name_is_given_once():
    before = registry.registered_primitives()["tanh"]
    with pytest.raises(ValueError, match="'tanh' is registered already"):
        registry.register_primitive("tanh", object())
    assert registry.registered_primitives()["tanh"] is before


def test_the_register_can_be_read_but_not_written():
    with pytest.raises(TypeError):
        registry.registered_primitives()["mine"] = object()
    mg.primitives().clear()
    assert "tanh" in mg.primitives()


def test_names_are_those_the_primitives_say():
    for name, primitive in mg.primitives().items():
        assert name == primitive.name
        assert primitive.formula
        assert name in repr(primitive)


@pytest.mark.parametrize("name", sorted(name for name, primitive in mg.primitives().items() if primitive.rules))
def test_what_can_be_differentiated_says_how(name):
    primitive = mg.primitives()[name]
    assert primitive.vjp, f"{name} has VJPs and does not show them"
    assert set(primitive.rules) <= set(primitive.arguments)
    assert primitive.__doc__


def test_primitives_cite_items_that_exist():
    items = {note for primitive in mg.primitives().values() for note in primitive.notes}
    assert items >= {"N113", "N114", "N46", "N128", "N129", "N69", "N71"}
    for item in items:
        kind, number = item[0], int(item[1:])
        assert (kind == "N" and 1 <= number <= 144) or (kind == "X" and 1 <= number <= 85)
