"""Pictures from pieces: files, pages, colours for light and dark, and no clash with what else is on a page."""

import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest

from minigrad.drawing import draw_arrays, draw_sliding
from minigrad.drawing.style import CELLS, cell_stylesheet
from minigrad.errors import ArgumentError, DTypeError
from tests.contrast import contrast

PICTURES = {
    "arrays": lambda: draw_arrays(("a & <b>", [[1.0, -2.0]]), "\x00 =", [3]),
    "sliding": lambda: draw_sliding([[1, 2, 3], [4, 5, 6]], [[1, -1]], labels=('"', "<w>", "&")),
}


@pytest.fixture(params=PICTURES, name="picture")
def one_of_them(request):
    return PICTURES[request.param]()


def test_the_svg_needs_nothing_else(picture):
    text = picture.svg()
    root = ElementTree.fromstring(text)
    assert not re.search(r"<script|@import|url\(|https?://(?!www\.w3\.org/2000/svg)|\bid=|\bon\w+=", text)
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    assert "max-width:100%" in root.get("style")
    assert text == picture.svg() == picture._repr_svg_()


class Balanced(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attributes):
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_html_is_whole_and_closed(picture):
    parser = Balanced()
    parser.feed(picture._repr_html_())
    assert parser.open == []
    assert not re.search(r"<script|\bid=|\n\n", picture.html())


def test_every_rule_and_every_movement_belongs_to_this_picture(picture):
    name = re.match('<div class="(mg-[0-9a-f]{10}) ', picture.html())[1]
    style = re.search(r"<style>\n(.*?)</style>", picture.html(), re.DOTALL)[1]
    for selectors in re.findall(
        r"(?:^|[{}])([^{}@]+)\{", re.sub(r"@keyframes [^{]*\{(?:[^{}]*\{[^}]*\})*\}", "", style)
    ):
        assert all(f".{name}" in one for one in selectors.split(",") if "media" not in one and one.strip()), selectors
    assert all(one.startswith(name + "-") for one in re.findall(r"@keyframes (\S+?)\{", style))
    assert name not in PICTURES["arrays" if "mg-window" in picture.html() else "sliding"]().html()


@pytest.mark.parametrize("colours", CELLS, ids=["light", "dark"])
def test_digits_have_contrast_on_every_cell(colours):
    def blended(one, share):
        pairs = [(int(one[at : at + 2], 16), int(colours["ground"][at : at + 2], 16)) for at in (1, 3, 5)]
        return "#" + "".join(f"{round(top * share + below * (1 - share)):02x}" for top, below in pairs)

    for kind in ("hot", "cold", "odd"):
        for share in (0.1, 0.4, 0.7, 1.0):
            assert contrast(colours["ink"], blended(colours[kind], share)) >= 4.5, (kind, share)
    assert contrast(colours["ink"], colours["page"]) >= 4.5
    assert contrast(colours["soft"], colours["page"]) >= 4.5
    assert contrast(colours["soft"], colours["outside"]) >= 4.5
    assert contrast(colours["onmark"], colours["mark0"]) >= 4.5
    for mark in ("mark0", "mark1", "mark2"):
        assert contrast(colours[mark], colours["ground"]) >= 3


def test_every_colour_that_is_used_is_given():
    assert CELLS[0].keys() == CELLS[1].keys()
    assert set(re.findall(r"var\(--([\w-]+)\)", cell_stylesheet("me"))) == CELLS[0].keys()


def test_files_are_written_by_their_ending(picture, tmp_path):
    for ending in ("svg", "SVG", "html", "txt"):
        picture.save(tmp_path / f"a.{ending}")
    ElementTree.parse(tmp_path / "a.svg")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert picture.html() in page
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == str(picture) + "\n"
    with pytest.raises(ArgumentError, match=r"\.svg for a picture, \.html"):
        picture.save(tmp_path / "a.png")
    with pytest.raises(DTypeError, match="give a path"):
        picture.save(3)
