"""Formulas as MathML, made when the pages are built: they need no script and no network to be read."""

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx


def mathml(node: nodes.Element, display: str) -> str:
    """The formula of a node; a command that came through unread fails the build."""
    made: str = convert(node.astext(), display=display)
    if "\\" in made:
        raise ValueError(f"the formula {node.astext()!r} holds a command that cannot be shown as MathML: {made}")
    return made


def inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(mathml(node, "inline"))
    raise nodes.SkipNode


def display(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="formula">{mathml(node, "block")}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
