"""Formulas as MathML, made when the pages are built: they need no script and no network to be read.

Browsers draw MathML well where a font for mathematics is installed. Where none is, they stretch no
parenthesis and print primes of superscripts too small to see, so what needs such a font is written without.
"""

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'
SCRIPTS = ("msub", "msup", "msubsup", "munder", "mover", "munderover")
OPEN, CLOSE = "([{|‖⌊⌈", ")]}|‖⌋⌉"
PRIMES = "′″‴"
MATRICES = {"()": "matrix round", "[]": "matrix square", "||": "matrix bars"}
TALL = "1.9em"  # the parentheses of a fraction or a sum


def space() -> Element:
    return Element("mspace", width="0.167em")


def is_name(node: Element) -> bool:
    """Whether it is the name of a function, such as ln, with its scripts if it has any."""
    if node.tag in SCRIPTS:
        return is_name(node[0])
    return node.tag in ("mi", "mo") and bool(re.fullmatch(r"[A-Za-z][A-Za-z0-9]+", node.text or ""))


def upright(row: Element) -> None:
    r"""Letters of \mathrm as one word, names of operators as names, bars close to what they enclose."""
    if len(row) > 1 and all(child.tag == "mi" and child.get("mathvariant") == "normal" for child in row):
        word = Element("mi")
        word.text = "".join(child.text or "" for child in row)
        row[:] = [word]
    for child in row:
        if child.tag == "mo" and is_name(child):
            child.tag = "mi"
        if child.tag == "mo" and (child.text or " ") in "|‖":
            child.attrib |= {"lspace": "0", "rspace": "0"}


def spaced(row: Element) -> Iterator[Element]:
    """The children of a row, with thin spaces round the names of functions as TeX has them."""
    before: Element | None = None
    for child in row:
        if before is not None and "mspace" not in (before.tag, child.tag):
            ends_a_factor = before.tag != "mo" or (before.text or " ") in CLOSE
            if (is_name(child) and ends_a_factor) or (is_name(before) and child.tag != "mo"):
                yield space()
        yield child
        before = child


def primes(node: Element) -> None:
    """A prime is raised by itself: it stands behind its letter at full size, not in a superscript."""
    raised = node[-1] if node.tag in ("msup", "msubsup") else None
    marks = raised[0] if raised is not None and raised.tag == "mrow" and len(raised) else raised
    if raised is None or marks is None or not marks.text or marks.text not in PRIMES:
        return
    base = Element("mrow")
    prime = Element("mo", lspace="0", rspace="0")
    prime.text = marks.text
    base[:] = [node[0], prime]
    rest = list(raised)[1:] if marks is not raised else []
    scripts = list(node)[1:-1]
    if rest:
        raised[:] = rest
        scripts.append(raised)
    node.tag = {(0, 0): "mrow", (1, 0): "msub", (0, 1): "msup", (1, 1): "msubsup"}[len(node) - 2, int(bool(rest))]
    node[:] = [base, *scripts] if scripts else list(base)


def matrices(row: Element) -> None:
    """The parentheses of a matrix are drawn by the style sheet, as high as it is."""
    for at in range(len(row) - 2):
        left, table, right = row[at : at + 3]
        kind = MATRICES.get((left.text or "") + (right.text or ""))
        if kind and left.tag == right.tag == "mo" and table.tag == "mtable":
            table.set("class", kind)
            row[at : at + 3] = [table]
            return


def fences(row: Element) -> None:
    r"""\left, \right, \big and \Big as letters of a larger size, lowered to the middle of the line."""
    for at, child in enumerate(row):
        if child.tag != "mo" or not (child.get("stretchy") == "true" or child.get("minsize")):
            continue
        size = child.get("minsize") or (TALL if any(row.iter("mfrac")) else "")
        if not child.text or child.text not in OPEN + CLOSE or not size:
            continue
        lower = Element("mpadded", voffset=f"{0.28 * (1 - float(size.removesuffix('em'))):.2f}em")
        child.attrib = {"stretchy": "false", "style": f"font-size: {size}"}
        lower.append(child)
        row[at] = lower


def readable(math: Element) -> None:
    """Mend what the converter makes, from the leaves up."""
    for node in math:
        readable(node)
    if math.tag in SCRIPTS:
        upright(math)
        fences(math)
        primes(math)
        if math.tag != "mrow":
            return
    if math.tag in ("math", "mrow", "mtd", "msqrt", "mstyle"):
        upright(math)
        matrices(math)
        fences(math)
        math[:] = list(spaced(math))


def mathml(node: nodes.Element, display: str) -> str:
    """The formula of a node; a command that came through unread fails the build."""
    made: str = convert(node.astext(), display=display)
    if "\\" in made:
        raise ValueError(f"the formula {node.astext()!r} holds a command that cannot be shown as MathML: {made}")
    tree = ElementTree.fromstring(made.replace(NAMESPACE, "", 1))
    readable(tree)
    return ElementTree.tostring(tree, encoding="unicode").replace("<math", f"<math{NAMESPACE}", 1)


def inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(mathml(node, "inline"))
    raise nodes.SkipNode


def display(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="formula">{mathml(node, "block")}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
