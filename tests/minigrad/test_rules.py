"""What a primitive may declare of its derivatives."""

import pytest

import minigrad as mg
from minigrad.errors import GradError
from minigrad.rules import Rules

PRIMITIVES = mg.primitives()


class Declared(Rules):
    """Rules without a forward."""

    name, arguments, static, aux = "toy", ("a", "b"), ("axis",), ("winners",)
    variadic = broadcast = linear = symmetric = False
    _outputs = {"y": 0}  # noqa: RUF012

    def __init__(self):
        super().__init__()


def test_rules_say_by_their_names_what_they_need():
    toy = Declared()
    toy.defvjp(a=lambda g, b, a_shape, axis, y, winners: None, b=lambda g: None)
    toy.defjvp(a=lambda t, b, winners, axis: None, b=lambda t, axis: None)
    assert toy.rules["a"][1] == ("b", "a_shape", "axis", "y", "winners")
    assert toy.jvps["a"][1] == ("b", "winners", "axis")
    _, places, kept, pulls = toy._plan((True, True))
    assert places == (0, 0)
    assert [name for name, *_ in kept] == ["b", "a_shape", "y", "winners"], "a static argument stands in the node"
    assert [pull[:2] for pull in pulls] == [(0, "a"), (1, "b")]
    (pull,) = toy._plan((False, True)).pulls
    assert pull[:2] == (1, "b")
    assert toy._plan((False, True)).kept == ()


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (lambda toy: toy.defvjp(c=lambda g: g), "toy has no argument 'c'; its arguments are a, b"),
        (lambda toy: toy.defvjp(a=lambda g, c: g), "the VJP of toy for 'a' asks for 'c'; it can ask for a, b, a_shape"),
        (lambda toy: toy.defjvp(b=lambda t: t), "toy has no VJP for 'b'; declare that before the JVP"),
        (lambda toy: toy.defjvp(a=lambda t, y: t), "the JVP of toy for 'a' asks for 'y'; it can ask for b, axis"),
    ],
)
def test_what_cannot_be_declared(declare, words):
    toy = Declared()
    toy.defvjp(a=lambda g, b: g)
    with pytest.raises(GradError, match=words):
        declare(toy)


def test_nothing_more_is_saved_for_forward_mode():
    for primitive in PRIMITIVES.values():
        for argument, (_, names) in primitive.jvps.items():
            assert set(names) <= {*primitive.rules[argument][1], *primitive.static}
