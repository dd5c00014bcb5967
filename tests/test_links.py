"""Links of the documentation that lead nowhere are found, and only those."""

import importlib.util
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "docs" / "_ext" / "links.py"


def load():
    spec = importlib.util.spec_from_file_location("links", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


links = load()


@pytest.fixture
def site(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "_static").mkdir()
    (tmp_path / "a picture.png").touch()
    (tmp_path / "index.html").write_text('<h1 id="top"></h1><p id="N1 &amp; more"></p>')
    (tmp_path / "_static" / "template.html").write_text('<a href="{{ nowhere }}">')
    return tmp_path


@pytest.mark.parametrize(
    "link",
    ["../index.html", "../index.html#top", "../", "..#top", "#here", "../index.html#N1%20&amp;%20more", "#",
     "../a%20picture.png", "../index.html?version=1#top", "https://example.org/none#x", "mailto:a@b"],
)  # fmt: skip
def test_links_that_lead_somewhere(site, link):
    (site / "sub" / "page.html").write_text(f'<p id="here"></p><a href="{link}">')
    assert links.dead(site) == []


@pytest.mark.parametrize("link", ["none.html", "../index.html#bottom", "#there", "../#here", "../no.png", "../sub"])
def test_links_that_lead_nowhere(site, link):
    (site / "sub" / "page.html").write_text(f'<p id="here"></p><img src="{link}">')
    assert links.dead(site) == [("sub/page.html", link)]


@pytest.mark.parametrize(
    ("local", "given", "right"),
    [
        ("relu", "a.html#nn.relu", "a.html#m.relu"),
        ("relu", "a.html#m.relu", "a.html#m.relu"),
        ("Layer.relu", "a.html#nn.Layer.relu", "a.html#m.Layer.relu"),
        ("Layer.seed", "a.html#nn.Layer.seed", "b.html#m.sub.Layer.seed"),
        ("tanh", "a.html#nn.tanh", "a.html#nn.tanh"),
    ],
)
def test_sources_lead_back_to_where_a_name_stands(local, given, right):
    documented = {"a.html": {"m.relu", "m.Layer.relu", "m.seed"}, "b.html": {"m.sub.relu", "m.sub.Layer.seed"}}
    body = '<div id="{}">\n<a class="viewcode-back" href="{}">[docs]</a> <a href="a.html#nn.relu">'
    assert links.led_back(body.format(local, given), documented) == body.format(local, right)
