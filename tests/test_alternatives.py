"""Images without a text for those who do not see them are found, and only those."""

import importlib.util
from pathlib import Path

import pytest

import minigrad as mg

SOURCE = Path(__file__).parent.parent / "docs" / "_ext" / "alternatives.py"


def load():
    spec = importlib.util.spec_from_file_location("alternatives", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


alternatives = load()


@pytest.mark.parametrize(
    "html",
    [
        '<p><img src="a.png" alt="Two curves"></p>',
        '<p><img src="a.png" alt="Two curves"/></p>',
        "<svg><title>Graph of y</title><rect/></svg>",
        "<svg>\n<style>a{}</style><title>\nGraph\n</title></svg>",
        '<svg aria-label="Graph" role="img"><rect/></svg>',
        '<svg aria-hidden="true"><path/></svg>',
        '<div role="img" aria-label="x"><br><svg><text>1</text></svg><img src="a.png"></div>',
        "<svg><title>Graph</title><g><title>box</title><svg><rect/></svg><image href='a'/></g></svg>",
        mg.draw(mg.ones(2, requires_grad=True) * 2)._repr_html_(),
        mg.drawing.draw_arrays([1, 2], "=", [[3]])._repr_html_(),
        mg.drawing.draw_sliding([1, 2, 3], [1, 2])._repr_html_(),
        mg.drawing.draw_sliding([1, 2, 3], [1, 2]).svg(),
    ],
)
def test_told_images(html):
    assert alternatives.untold(html) == []


@pytest.mark.parametrize(
    "html",
    [
        '<img src="a.png">',
        '<img src="a.png" alt=" ">',
        '<img src="_images/0af3.png" alt="../_images/0af3.png"/>',
        "<svg><rect/></svg>",
        "<svg><title> </title><rect/></svg>",
        "<svg><g><title>a box of it</title></g></svg>",
        '<div role="img" aria-label=""><svg/></div>',
        '<div role="img" aria-label="x"></div><svg></svg>',
        "<svg><title>one</title></svg><svg></svg>",
    ],
)
def test_untold_images(html):
    assert len(alternatives.untold(f"<p>{html}</p>")) == 1


def test_what_is_untold_is_named():
    images = alternatives.untold('<img src="a.png"><svg class="mg-1"></svg>')
    assert images == ["the image a.png", "the drawing <svg class='mg-1'>"]
