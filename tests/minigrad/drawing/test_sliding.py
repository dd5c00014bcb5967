"""A kernel on its way over an image: numbers, windows, movement, and what is refused."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import scipy.signal

import minigrad as mg
from minigrad.drawing import draw_sliding
from minigrad.drawing.sliding import _slide
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError

SVG = "{http://www.w3.org/2000/svg}"
X = np.array([[1, 0, 2, -1], [0, 3, 1, 1], [2, -2, 0, 1], [1, 1, -3, 2]])
W = np.array([[1, 2], [0, -1]])


def shown(picture, kind):
    """The digits in the output, or in the strips of the window."""
    found = []
    for group in ElementTree.fromstring(picture.svg()).iter(SVG + "g"):
        if (group.get("class") or "").startswith(f"mg-{kind}"):
            found += [text.text for text in group.iter(SVG + "text")]
    return found


@pytest.mark.parametrize("mode", ["valid", "same", "full"])
@pytest.mark.parametrize("operator", ["⋆", "*"])
@pytest.mark.parametrize("kernel", [(2, 2), (3, 3), (1, 4), (3, 2)])
def test_the_output_is_scipys(mode, operator, kernel):
    w = np.arange(1.0, 1 + kernel[0] * kernel[1]).reshape(kernel)
    y = _slide(X.astype(float), w, operator, mode, 1, 1).output
    if operator == "*":
        full = scipy.signal.convolve2d(X, w)
        expected = {"full": full, "valid": scipy.signal.convolve2d(X, w, "valid")}
        expected["same"] = full[(kernel[0] - 1) // 2 :, (kernel[1] - 1) // 2 :][:4, :4]
        assert np.array_equal(y, expected[mode])
    else:
        assert np.array_equal(y, mg.correlate2d(mg.tensor(X).double(), mg.tensor(w).double(), mode).numpy())


@pytest.mark.parametrize(("stride", "dilation"), [(2, 1), (1, 2), ((2, 1), (1, 3)), (3, 2)])
def test_strides_and_dilations_are_those_of_correlate2d(stride, dilation):
    for mode in ("valid", "full"):
        x, w = np.arange(36.0).reshape(6, 6), np.array([[1.0, 2.0], [-1.0, 1.0]])
        expected = mg.correlate2d(mg.from_numpy(x), mg.from_numpy(w), mode, stride=stride, dilation=dilation)
        assert np.array_equal(_slide(x, w, "⋆", mode, stride, dilation).output, expected.numpy())


@pytest.mark.parametrize("mode", ["valid", "same", "full"])
def test_X81_one_dimension_is_numpys(mode):
    x, h = np.array([1.0, 2.0, 4.0, -1.0, 3.0]), np.array([1.0, 0.5, -2.0, 3.0])
    assert np.array_equal(_slide(x, h, "*", mode, 1, 1).output[0], np.convolve(x, h, mode))


def test_N34_the_modes_have_other_names():
    for name, other in (("full", "wide"), ("valid", "narrow")):
        assert draw_sliding(X, W, mode=name).svg() == draw_sliding(X, W, mode=other).svg()


def test_products_and_sum_are_written_out():
    text = str(draw_sliding(X, W))
    assert "y[0, 0] = 1·1 + 0·2 + 0·0 + 3·(-1) = -2" in text.splitlines()
    assert text.count("y[") == 9
    assert str(draw_sliding(X, W, at=(0, 0))).count("y[") == 1
    convolved = str(draw_sliding(X, W, operator="*", at=(0, 0)))
    assert "y[0, 0] = 1·(-1) + 0·0 + 0·2 + 3·1 = 2" in convolved
    assert "w → w reversed" in " ".join(convolved.split("\n")[0].split()).replace("w w", "w → w")
    outside = draw_sliding([1.0, 2.0], [3.0, 5.0], operator="*", mode="full", labels=("a", "b", "c"), at=0)
    assert "c[0] = 0·5 + 1·3 = 3" in str(outside)


def test_the_kernel_lies_on_the_image_as_it_is_or_reversed():
    assert shown(draw_sliding(X, W, at=(1, 1)), "window") == ["1", "2", "0", "−1"]
    assert shown(draw_sliding(X, W, operator="*", at=(1, 1)), "window") == ["−1", "0", "2", "1"]


def test_a_place_stands_still_and_the_output_is_filled_up_to_it():
    still, moving = draw_sliding(X, W, at=(1, 0)), draw_sliding(X, W)
    assert "animation" not in still.svg()
    assert "@media (prefers-reduced-motion:no-preference)" in moving.svg()
    y = [text for group in ElementTree.fromstring(still.svg()).iter(SVG + "text") if (text := group.text)]
    assert "y[1, 0] = 0·1 + 3·2 + 2·0 + (−2)·(−1) = 8" in " ".join(y)
    assert "y[1, 1]" not in still.svg()
    x, output = (window.get("transform") for window in ElementTree.fromstring(still.svg()).iter(SVG + "g")
                 if window.get("class") in ("mg-window", "mg-cursor"))  # fmt: skip
    assert re.match(r"translate\(0 \d+\)", x)
    assert re.match(r"translate\(0 \d+\)", output)


def test_without_movement_everything_is_at_its_end():
    text = draw_sliding(X, W).svg()
    rules, media = text.split("@media (prefers-reduced-motion:no-preference){")
    assert "animation" not in rules
    assert re.search(r"\.mg-last\{opacity:1\}\n$", rules)
    root = ElementTree.fromstring(text)
    assert sum((group.get("class") or "").startswith("mg-y") for group in root.iter(SVG + "g")) == 9
    assert sum("mg-last" in (group.get("class") or "") for group in root.iter(SVG + "g")) == 1
    assert "animation-play-state:paused" in media
    moved = re.search(r"@keyframes \S+-window\{(.*)\}", media)[1]
    assert moved.count("translate") == 9
    (window,) = (group for group in root.iter(SVG + "g") if group.get("class") == "mg-window")
    x, y = re.match(r"translate\((\S+) (\S+)\)", window.get("transform")).groups()
    assert moved.endswith(f"{{transform:translate({x}px,{y}px)}}")


def test_one_place_does_not_move():
    assert "animation" not in draw_sliding([1, 2], [3, 4]).svg()


def test_dilated_windows_outline_their_cells():
    text = draw_sliding(np.ones((5, 5)), np.ones((2, 2)), dilation=2, at=(0, 0)).svg()
    window = re.search(r'<g class="mg-window".*?</g>', text)[0]
    assert window.count('class="mg-mark0"') == 4


def test_the_largest_has_digits_of_a_readable_size():
    picture = draw_sliding(np.ones((10, 10)), np.ones((5, 5)), mode="full")
    (piece,) = re.findall(r'viewBox="0 0 (\S+) [^>]*>(?=<text class="mg-label"[^>]*>x<)', picture.html())
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)"', picture.html())]
    assert min(sizes) * min(1, 340 / float(piece)) >= 8.5


def test_what_is_too_large_or_does_not_fit_is_refused():
    for x, w, mode in [
        (np.ones((30, 30)), W, "valid"),
        (X, np.ones((1, 6)), "full"),
        (np.ones(19), np.ones(2), "valid"),
    ]:
        with pytest.raises(ShapeError, match="too many to be read; draw a part, x\\[2:10"):
            draw_sliding(x, w, mode=mode)
    with pytest.raises(ShapeError, match="too many to be read"):
        draw_sliding(X, W, mode="full", dilation=2**40)
    with pytest.raises(ShapeError, match="no window fits"):
        draw_sliding(W, X)
    for x, w in [(X, [1, 2]), (3, 3), (np.ones((0, 3)), W), (X, np.ones((0, 0)))]:
        with pytest.raises(ShapeError, match="give an image"):
            draw_sliding(x, w)
    with pytest.raises(ArgumentError, match="reverses the kernel"):
        draw_sliding(X, W, operator="x")
    with pytest.raises(ArgumentError, match="the modes are"):
        draw_sliding(X, W, mode="circular")
    for stride in (0, (1, 2, 3)):
        with pytest.raises(ArgumentError, match="one number or one for each axis"):
            draw_sliding(X, W, stride=stride)
    for labels in ("xyz", ("x", "y"), (1, 2, 3)):
        with pytest.raises(ArgumentError, match="they name image, kernel and output"):
            draw_sliding(X, W, labels=labels)
    for at in [(3, 0), 0, (0, 0, 0), (-1, 0)]:
        with pytest.raises(IndexOutOfRangeError, match=r"the output has the shape \(3, 3\)"):
            draw_sliding(X, W, at=at)
    with pytest.raises(DTypeError, match="as alt"):
        draw_sliding(X, W, alt=3)
    with pytest.raises(ShapeError, match=r"x\[0\]"):
        draw_sliding(np.ones((1, 4, 4)), W)
