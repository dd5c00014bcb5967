"""Formulas are readable without a font for mathematics: primes, bold numbers, names of functions, high parentheses."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("latex2mathml")
pytest.importorskip("sphinx")
from docutils import nodes

SOURCE = Path(__file__).parent.parent / "docs" / "_ext" / "mathml.py"


def load():
    spec = importlib.util.spec_from_file_location("mathml", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mathml = load()
THIN = '<mspace width="0.167em" />'


def made(latex):
    return mathml.mathml(nodes.math(text=latex), "inline")


@pytest.mark.parametrize(
    ("latex", "piece"),
    [
        ("f'(x)", '<mrow><mi>f</mi><mo lspace="0" rspace="0">′</mo></mrow><mo stretchy="false">('),
        ("f''_i", '<msub><mrow><mi>f</mi><mo lspace="0" rspace="0">″</mo></mrow><mi>i</mi></msub>'),
        ("y'^2", '<msup><mrow><mi>y</mi><mo lspace="0" rspace="0">′</mo></mrow><mrow><mn>2</mn></mrow></msup>'),
        (r"\mathbf{1}", '<mn mathvariant="bold">1</mn>'),
        (r"\mathrm{rot}_{180}", "<mi>rot</mi>"),
        (r"|x|", '<mo stretchy="false" lspace="0" rspace="0">|</mo>'),
    ],
)
def test_letters(latex, piece):
    assert piece in made(latex)


@pytest.mark.parametrize(
    ("latex", "row"),
    [
        (r"\ln\cosh x", f"<mi>ln</mi>{THIN}<mi>cosh</mi>{THIN}<mi>x</mi>"),
        (r"2\ln(x)", f'<mn>2</mn>{THIN}<mi>ln</mi><mo stretchy="false">('),
        (r"a = -\log b", f"<mo>=</mo><mo>−</mo><mi>log</mi>{THIN}<mi>b</mi>"),
        (r"\operatorname{sgn}(x)", '<mi>sgn</mi><mo stretchy="false">('),
        (r"\max_i x", f"<msub><mi>max</mi><mi>i</mi></msub>{THIN}<mi>x</mi>"),
    ],
)
def test_names_of_functions_have_the_spaces_that_tex_gives_them(latex, row):
    assert row in made(latex)


@pytest.mark.parametrize(("kind", "name"), [("p", "round"), ("b", "square"), ("v", "bars")])
def test_the_parentheses_of_a_matrix_are_left_to_the_style_sheet(kind, name):
    text = made(rf"J = \begin{{{kind}matrix}} 1 & 2 \\ 3 & 4 \end{{{kind}matrix}}")
    assert f'<mtable class="matrix {name}">' in text
    assert text.count("<mo") == 1  # the sign of equality
    assert f"mtable.matrix.{name}" in (SOURCE.parent.parent / "_static" / "custom.css").read_text(encoding="utf-8")


def test_high_parentheses_are_larger_letters():
    assert made(r"\left(\frac{a}{b}\right)^2").count('style="font-size: 1.9em"') == 2
    assert made(r"\Bigl(x\Bigr)^2").count('style="font-size: 1.623em"') == 2
    assert "font-size" not in made(r"\left(a\right)")


def test_a_command_that_nobody_knows_is_an_error():
    with pytest.raises(ValueError, match=r"nonsense"):
        made(r"\nonsense x")
