"""The SVG: well-formed, self-contained, readable without sight, and apart from every other drawing on the page."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

import minigrad as mg
import nn
from tests.contrast import contrast

SVG = "{http://www.w3.org/2000/svg}"


def drawing(**options):
    x = mg.tensor([1.0, -1.0], requires_grad=True)
    y = mg.tanh(x) * mg.tensor([2.0, 3.0])
    loss = y.sum()
    loss.backward(retain_graph=True)
    return mg.draw(loss, x=x, **options)


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("filled", [False, True])
def test_it_is_one_element_that_needs_nothing_else(direction, filled):
    text = drawing(values=filled, grads=filled, direction=direction).svg()
    root = ElementTree.fromstring(text)
    assert root.tag == SVG + "svg"
    assert not re.search(r"<script|@import|url\(|https?://(?!www\.w3\.org/2000/svg)|\bid=|\bon\w+=", text)
    width, height = float(root.get("width")), float(root.get("height"))
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    for rect in root.iter(SVG + "rect"):
        assert float(rect.get("x", 0)) + float(rect.get("width")) <= width + 0.2
        assert float(rect.get("y", 0)) + float(rect.get("height")) <= height + 0.2


def test_every_rule_is_for_this_drawing_alone():
    one, two = drawing().svg(), mg.draw(mg.ones(3, requires_grad=True).exp()).svg()
    names = [re.search(r'<svg [^>]*class="(mg-\w+)"', text)[1] for text in (one, two)]
    assert names[0] != names[1]
    style = re.search(r"<style>\n(.*?)</style>", one, re.DOTALL)[1]
    for line in style.splitlines():
        selectors = re.sub(r"@media \(prefers-color-scheme:dark\)\{(.*)\}$", r"\1", line)
        for selector in re.sub(r"\{[^}]*\}", ",", selectors).split(","):
            assert not selector.strip() or f".{names[0]}" in selector, line


def test_light_and_dark_have_the_same_colours_to_give():
    style = re.search(r"<style>\n(.*?)</style>", drawing().svg(), re.DOTALL)[1]
    blocks = re.findall(r"\{(--[^}]*)\}", style)
    assert len(blocks) == 4  # light, dark by the system, dark and light by the page
    given = [dict(pair.split(":") for pair in block.split(";")) for block in blocks]
    assert given[0] == given[3] != given[1] == given[2]
    assert given[0].keys() == given[1].keys()
    assert set(re.findall(r"var\((--[\w-]+)\)", style)) <= given[0].keys()


def test_text_has_contrast_on_every_box():
    style = re.search(r"<style>\n(.*?)</style>", drawing().svg(), re.DOTALL)[1]
    for block in re.findall(r"\{(--[^}]*)\}", style)[:2]:
        colours = dict(pair.split(":") for pair in block.split(";"))
        grounds = [colour for name, colour in colours.items() if name.endswith("-fill")] + [colours["--page"]]
        for ground in grounds:
            for name in ("--ink", "--soft", "--grad"):
                assert contrast(colours[name], ground) >= 4.5, (name, ground)


def test_it_is_readable_without_sight():
    root = ElementTree.fromstring(drawing().svg())
    assert root.get("role") == "img"
    assert [element.tag for element in root[:2]] == [SVG + "title", SVG + "desc"]
    titles = [element.text for element in root.iter(SVG + "title")]
    assert titles[0] == "Graph of loss"
    (description,) = [element.text for element in root.iter(SVG + "desc")]
    assert description.startswith("3 steps from x to loss.")
    assert "mul" in description
    (product,) = [title for title in titles if title.startswith("y = mul\n")]
    formula = mg.primitives()["mul"]
    assert formula.formula in product
    assert formula.vjp in product
    assert any(title.startswith("x → tanh (x)") for title in titles)


def test_wires_without_a_gradient_are_dashed_and_gradients_point_back():
    text = drawing(values=True, grads=True).svg()
    assert text.count('class="mg-wire mg-loose"') == 1
    assert text.count('class="mg-back"') == 1  # only the leaf keeps its gradient
    assert 'class="mg-back"' not in drawing().svg()


def test_texts_fit_into_their_boxes():
    root = ElementTree.fromstring(drawing(values=True, grads=True).svg())
    for group in root.iter(SVG + "g"):
        rect = group.find(SVG + "rect")
        if rect is None:
            continue
        left, right = float(rect.get("x")), float(rect.get("x")) + float(rect.get("width"))
        for text in group.iter(SVG + "text"):
            at = float(text.get("x"))
            length = 6 * len(text.text)
            start = at - length / 2 if "mg-mid" in text.get("class") else at
            assert left - 1 <= start, text.text
            assert "mg-mid" in text.get("class") or start + length <= right + 3, text.text


def test_the_heading_of_a_layer_stands_beside_its_wires():
    with mg.drawing.record() as tape:
        nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))(mg.ones(1, 2))
    root = ElementTree.fromstring(tape.draw().svg())
    heads = [text.text for text in root.iter(SVG + "text") if text.get("class") == "mg-head"]
    assert sorted(heads) == ["0 · Linear", "1 · Linear", "Sequential"]
