"""Arrays side by side: digits, colours, marks, words, and what is refused."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.drawing import ArrayDrawing, Panel, draw_arrays
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError

SVG = "{http://www.w3.org/2000/svg}"
X = np.array([[0, 0, 2], [0, 2, 2], [2, 2, 9]])


def texts(picture):
    """What is written in the picture, in order."""
    return [text.text for text in ElementTree.fromstring(picture.svg()).iter(SVG + "text")]


def colours(picture):
    """The kinds of the coloured cells and how opaque they are."""
    found = re.findall(r'<rect class="mg-(hot|cold|odd)"[^>]*?(?:fill-opacity="([\d.]+)")?/>', picture.svg())
    return [(kind, float(share or 1)) for kind, share in found]


def test_labels_signs_and_digits_stand_in_their_order():
    picture = draw_arrays(("x", X), "⋆", ("w", [[1.5, -2.0]]), "=", mg.tensor([3.0], requires_grad=True))
    assert isinstance(picture, ArrayDrawing)
    written = texts(picture)
    assert [text for text in written if text in ("⋆", "=")] == ["⋆", "="]
    assert [text for text in written if text not in ("⋆", "=", "x", "w")] == [
        *map(str, X.flat), "1.5", "−2", "3",
    ]  # fmt: skip
    assert str(picture) == repr(picture) == "   x         w\n[0 0 2]\n[0 2 2] ⋆ [1.5 -2] = [3]\n[2 2 9]"


def test_zero_is_neutral_and_the_largest_is_strongest():
    assert colours(draw_arrays([[0, 4], [-2, 4]])) == [("hot", 1.0), ("cold", 0.55), ("hot", 1.0)]
    assert colours(draw_arrays([[0, 4], [-2, 4]], heat=False)) == []
    assert colours(draw_arrays([0, 0])) == []
    apart, together = (colours(draw_arrays([4.0], [2.0], shared=shared)) for shared in (False, True))
    assert (apart, together) == ([("hot", 1.0), ("hot", 1.0)], [("hot", 1.0), ("hot", 0.55)])


def test_what_is_no_finite_number_is_named():
    picture = draw_arrays([np.nan, np.inf, -np.inf, 1.0])
    assert texts(picture) == ["NaN", "∞", "−∞", "1"]
    assert [kind for kind, _ in colours(picture)] == ["odd", "odd", "odd", "hot"]
    large = draw_arrays(np.where(np.eye(40) > 0, np.nan, 1.0))
    assert texts(large) == ["40×40: 1 … 1, 40 NaN"]


@pytest.mark.parametrize(
    ("array", "digits", "written"),
    [
        ([1.23456, 10.0, 0.1], 3, ["1.2", "10", "0.1"]),
        ([1.23456, -0.5, 0.001234], 3, ["1.23", "−0.5", "0.001"]),
        ([1.23456, 0.00001], 5, ["1.2346", "1e−5"]),
        ([0.00012345, 0.0], 3, ["0.000123", "0"]),
        ([123456, 7], 3, ["123456", "7"]),
        ([1.5e9, 1.0], 3, ["1.5e9", "1"]),
        ([True, False], 3, ["1", "0"]),
        ([-0.0], 3, ["0"]),
    ],
)
def test_numbers_have_as_many_digits_as_the_largest_needs(array, digits, written):
    assert texts(draw_arrays(array, digits=digits)) == written


@pytest.mark.parametrize("shape", [(28, 28), (40, 3), (1, 200), (500,)])
def test_what_has_no_room_for_digits_is_a_heat_map(shape):
    array = np.linspace(-1, 2, int(np.prod(shape))).reshape(shape)
    picture = draw_arrays(("x", array))
    root = ElementTree.fromstring(picture.svg())
    (image,) = root.iter(SVG + "image")
    assert image.get("href").startswith("data:image/png;base64,")
    sizes = "×".join(map(str, shape)) if len(shape) > 1 else f"({shape[0]},)"
    assert texts(picture) == [f"{sizes}: −1 … 2", "x"] or texts(picture) == ["x", f"{sizes}: −1 … 2"]
    assert str(picture).endswith(f"[{sizes}: -1 … 2]")


def test_every_value_of_a_heat_map_is_seen_on_both_grounds():
    from minigrad.drawing.cells import heat_pixels

    signed = heat_pixels(np.array([[0.0, 2.0, -1.0, np.nan]]), 2.0)
    assert signed[0, :, 3].tolist() == [0, 255, 128, 255]  # zero is the ground of the page
    assert len({tuple(pixel) for pixel in signed[0, 1:, :3].tolist()}) == 3
    grey = heat_pixels(np.array([[0.0, 1.0, 2.0]]), 2.0)
    assert grey[0].tolist() == [[0, 0, 0, 255], [128, 128, 128, 255], [255, 255, 255, 255]]


@pytest.mark.parametrize(
    ("mark", "windows"),
    [
        ((0, 1), [(0, 1, 1, 1)]),
        ((-1, -1), [(2, 2, 1, 1)]),
        (np.s_[0:2, 1:3], [(0, 1, 2, 2)]),
        (1, [(1, 0, 1, 3)]),
        (np.s_[:, 0], [(0, 0, 3, 1)]),
        (X == 9, [(2, 2, 1, 1)]),
        (mg.tensor(X) == 9, [(2, 2, 1, 1)]),
        (np.s_[0:0, 0], []),
    ],
)
def test_marks_are_indices(mark, windows):
    assert Panel(X, marks=[mark]).marks == [windows]
    assert Panel(X, marks=mark).marks == [windows]
    assert draw_arrays(Panel(X, marks=[mark])).svg().count('class="mg-mark0"') == len(windows)


def test_marks_of_a_vector_and_several_of_them():
    panel = Panel([1, 2, 3], "v", marks=[0, np.s_[1:3], np.array([True, False, True])])
    assert panel.marks == [[(0, 0, 1, 1)], [(0, 1, 1, 2)], [(0, 0, 1, 1), (0, 2, 1, 1)]]
    assert repr(panel) == "Panel((3,), 'v', 3 marks)"
    assert re.findall('class="mg-mark(.)"', draw_arrays(panel).svg()) == ["0", "1", "2", "2"]


def test_long_rows_wrap_and_lines_end_where_asked():
    panels = [np.ones((3, 8))] * 6
    one, many = draw_arrays(panels[0]), draw_arrays(*panels)
    width, height = (float(ElementTree.fromstring(many.svg()).get(side)) for side in ("width", "height"))
    assert width <= 740
    assert height > 1.5 * float(ElementTree.fromstring(one.svg()).get("height"))
    broken = draw_arrays([1], "\n", [2])
    assert str(broken) == "[1]\n\n[2]"
    assert broken.html().count("mg-break") == 2  # the rule and the place


def test_the_picture_is_told_to_those_who_do_not_see_it():
    picture = draw_arrays(("x", X), "⋆", ("w", [1.5]))
    root = ElementTree.fromstring(picture.svg())
    assert (root.get("role"), root[0].text) == ("img", "x ⋆ w")
    assert root[1].text == "x, 3×3: 0 0 2, next row 0 2 2, next row 2 2 9; w, (1,): 1.5"
    assert 'role="img" aria-label="x ⋆ w. x, 3×3: 0 0 2' in picture.html()
    assert picture.html().count("<svg") == picture.html().count('aria-hidden="true"') == 2
    named = draw_arrays(("x", X), alt="A <blob>")
    assert 'aria-label="A &lt;blob&gt;"' in named.html()
    assert "<title>A &lt;blob&gt;</title>" in named.svg()


def test_empty_arrays_and_numbers_are_drawn():
    assert texts(draw_arrays(("none", np.zeros((0, 3))), 2.5)) == ["none", "0×3, empty", "2.5"]
    assert str(draw_arrays(np.zeros((0, 3)))) == "[0×3]"


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ShapeError, match=r"shape \(2, 3, 5, 5\).*Pick one, x\[0, 0\]"):
        draw_arrays(np.zeros((2, 3, 5, 5)))
    with pytest.raises(DTypeError, match=r"a Conv2d.*in weight"):
        draw_arrays(nn.Conv2d(1, 1, 3))
    with pytest.raises(DTypeError, match="complex128"):
        draw_arrays(np.ones(2, complex))
    with pytest.raises(DTypeError, match="a list"):
        draw_arrays([[1], [1, 2]])
    with pytest.raises(ArgumentError, match="no array"):
        draw_arrays("=")
    with pytest.raises(ArgumentError, match="1 to 17"):
        draw_arrays([1], digits=0)
    with pytest.raises(ShapeError, match="a mask of shape"):
        Panel(X, marks=np.ones(3, bool))
    for mark in [(3, 0), (0, 0, 0), np.s_[::2, 0], 1.5, "a"]:
        with pytest.raises(IndexOutOfRangeError, match="is an index of that array"):
            Panel(X, marks=[mark])


def test_long_labels_and_words_have_room_and_are_told_whole():
    long = "a label of more words than there is room for above an array"
    words = "words between two arrays, which are too many for one line"
    picture = draw_arrays((long, [1]), words, (long, np.ones((1, 9))))
    first, *lines, last = [text for text in texts(picture) if text != "1"]
    assert first.endswith("…")
    assert last.endswith("…")
    assert long.startswith(first[:-1])
    assert len(lines) > 1
    assert " ".join(lines) == words
    assert max(float(width) for width in re.findall(r'mg-piece.*?width="([\d.]+)"', picture.html())) < 600
    assert picture.html().count(long) == 4


def test_labels_and_words_are_on_one_line():
    picture = draw_arrays(("one\ntwo", [1]), "and\nthen", "\n", Panel([2], "three\r\nfour"))
    assert str(picture) == "one two\n[1]     and then\n\nthree four\n[2]"
    assert 'aria-label="one two and then three four. ' in picture.html()


def test_marks_are_told():
    panel = Panel(X, "x", marks=[(0, 1), np.s_[:, 0], X > 1])
    assert ", marked: [0, 1] and [0:" in draw_arrays(panel).svg()
    vector = Panel([1, 2, 3], "v", marks=[np.s_[1:], np.zeros(3, bool)])
    assert "<desc>v, (3,): 1 2 3, marked: [1:3]</desc>" in draw_arrays(vector).svg()
    many = Panel(np.arange(20), marks=[np.ones(20, bool)])
    assert "[8], …</desc>" in draw_arrays(many).svg()
