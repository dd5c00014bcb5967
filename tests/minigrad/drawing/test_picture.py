"""`draw`: what the forms of small graphs read, names, options, refusals, files; and random tapes in every form."""

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import minigrad as mg
import nn
from minigrad.drawing import Drawing
from minigrad.errors import ArgumentError, DTypeError
from tests.strategies import given, settings, st


def lines(text):
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def small():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    c = mg.tensor([3.0, 4.0])
    h = x * c
    return mg.draw((h + h * 2).sum(), x=x, c=c, h=h)


def test_text_of_a_small_graph():
    assert lines(str(small())) == [
        "    x        leaf    (2,)",
        "    c        data    (2,)",
        "#1  h = mul          (2,)    ← x, c",
        "#2  mul      b = 2   (2,)    ← #1",
        "#3  add              (2,)    ← #1, #2",
        "#4  sum      axes 0  scalar  ← #3",
        "    output   output  scalar  ← #4",
    ]


def test_dot_of_a_small_graph():
    found = small().dot()
    assert found.startswith("digraph minigrad {\n  rankdir=TB;\n")
    assert lines(found)[-8:] == [
        "  n0 -> n1;",
        "  n2 -> n1 [style=dashed];",
        '  n1 -> n3 [label="(2,)"];',
        '  n1 -> n4 [label="(2,)"];',
        '  n3 -> n4 [label="(2,)"];',
        '  n4 -> n5 [label="(2,)"];',
        '  n5 -> n6 [label="scalar"];',
        "}",
    ]
    assert '  n0 [label="x\\n(2,)", fillcolor="#e4f5e8", color="#62b07a"];' in lines(found)


def test_mermaid_of_a_small_graph():
    assert lines(small().mermaid())[:14] == [
        "flowchart TB",
        '  n0(["x<br/>(2,)"]):::leaf',
        '  n1["h = mul"]:::operation',
        '  n2(["c<br/>(2,)"]):::data',
        '  n3["mul<br/>b = 2"]:::operation',
        '  n4["add"]:::operation',
        '  n5["sum<br/>axes 0"]:::operation',
        '  n6(["output"]):::output',
        "  n0 --> n1",
        "  n2 -.-> n1",
        '  n1 -->|"(2,)"| n3',
        '  n1 -->|"(2,)"| n4',
        '  n3 -->|"(2,)"| n4',
        '  n4 -->|"(2,)"| n5',
    ]


def test_values_and_gradients():
    w, x = mg.tensor([1.0, -2.0], requires_grad=True), mg.tensor([3.0, 4.0])
    h = w * x
    h.retain_grad()
    loss = h.square().sum()
    before = str(mg.draw(loss, values=True))
    assert "h = mul          (2,)    ← w, x  value: [3, -8]" in before
    assert "loss     output  scalar  ← #3    value: 73" in before
    loss.backward()
    after = str(mg.draw(loss, values=True, grads=True, x=x))
    assert re.search(r"w +leaf +\(2,\) +value: \[1, -2\]  grad: \[18, -64\]", after)
    assert "value: [3, -8]  grad: [6, -16]" in after
    assert re.search(r"square .*\(value and grad not kept\)", after)
    assert "b: constant, not kept" in after  # the walk has freed it
    drawing = mg.draw(w, values=True)
    with mg.no_grad():
        w.zero_()
    assert "[1, -2]" in str(drawing)


def test_what_the_tape_keeps_is_shown_until_it_is_walked():
    def loss():
        return (mg.tensor([0.5], requires_grad=True).exp() * mg.tensor([2.0], requires_grad=True)).sum()

    kept = loss()
    assert "value: [1.649]" in str(mg.draw(kept, values=True))
    kept.backward()
    assert "value: [1.649]" not in str(mg.draw(kept, values=True))


def test_a_saved_value_that_was_changed_is_not_shown():
    x = mg.tensor([0.5], requires_grad=True)
    outputs = [x.exp()]
    total = outputs[0].sum()
    assert "value: [1.649]" in str(mg.draw(total, values=True))
    with mg.no_grad():
        outputs[0].zero_()
    assert "value: [" not in str(mg.draw(total, values=True)).replace("value: [0.5]", "")


def test_names():
    model = nn.Linear(2, 1)
    made = [model(mg.ones(3, 2))]
    for params in (model, dict(model.named_parameters()), list(model.named_parameters())):
        assert re.search(r"^ +weight +parameter +1×2", str(mg.draw(made[0], params=params)), re.MULTILINE)
    assert re.search(r"^ +weight +parameter", str(mg.draw(made[0])), re.MULTILINE)  # a module among the variables
    del model
    assert re.search(r"^#\d +leaf +leaf +1×2", str(mg.draw(made[0])), re.MULTILINE)
    first, second = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2))
    part = second[0]  # noqa: F841 - a variable for what second owns
    found = str(mg.draw(second(first(mg.ones(1, 2)))))
    assert all(name in found for name in ("first.weight", "second.0.weight"))
    assert "part" not in found
    a = mg.ones(1, requires_grad=True)
    assert "this" in str(mg.draw({"this": a * 2}))
    _hidden = a * 3
    assert "_hidden" not in str(mg.draw(a * 3))


def test_a_tensor_off_the_tape_and_a_leaf_are_one_box():
    assert repr(mg.draw(mg.ones(2))) == "<Drawing: 1 box, 0 wires>"
    x = mg.ones(2, requires_grad=True)
    assert lines(str(mg.draw(x))) == ["    x  leaf  (2,)"]
    assert mg.draw([x * 2, x.detach(), x]).dot().count("->") == 2


def test_several_outputs_of_one_operation():
    x = mg.ones(4, 6, requires_grad=True)
    one, two = x.split(3, dim=1)
    found = str(mg.draw(one.sum() + two.exp().sum()))
    assert "split" in found
    assert "4×3, 4×3" in found
    assert "#1[0]" in found
    assert "#1[1]" in found
    drawing = mg.draw([one, two, one])
    assert drawing.mermaid().count(":::output") == 2
    assert drawing.svg().count('class="mg-tag"') == 2


def test_the_graph_of_a_recorded_walk():
    x = mg.tensor(0.5, requires_grad=True)
    (first,) = mg.autograd.grad(mg.tanh(x), x, create_graph=True)
    assert "tanh_vjp" in str(mg.draw(first))
    freed = mg.tanh(x)
    freed.backward()
    assert "tanh" in str(mg.draw(freed))


def test_arguments_of_operations():
    x = mg.ones(1, 4, 9, 9, requires_grad=True)
    y = mg.conv2d(x, mg.ones(2, 2, 3, 3), stride=2, padding=(1, 0), groups=2)
    found = str(mg.draw(mg.max_pool2d(y, 2).amax((2, 3), keepdim=True)[0, ..., 1:]))
    for note in ("stride 2", "padding 1×0", "groups 2", "kernel 2", "axes 2, 3", "keepdims", "[0, …, 1:]"):
        assert note in found


def test_of_a_large_graph_the_end_is_drawn():
    x = mg.ones(1, requires_grad=True)
    y = x
    for _ in range(50):
        y = y + 1
    found = mg.draw(y, max_nodes=10)
    assert lines(str(found))[0].split()[1:3] == ["43", "more"]
    assert str(found).count("add") == 8
    assert "max_nodes=10" in found.svg()
    assert str(mg.draw(y)).count("add") == 50


def test_a_deep_graph_needs_no_deep_stack():
    y = mg.ones(1, requires_grad=True)
    for _ in range(3000):
        y = y + 1
    drawing = mg.draw(y, max_nodes=10_000)
    assert drawing.svg().count('class="mg-box mg-operation"') == 3000


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: mg.draw(3.0), DTypeError, "draw got a float; it draws tensors"),
        (lambda x: mg.draw([]), DTypeError, "draw got a list"),
        (lambda x: mg.draw([x, 1]), DTypeError, "draw got a int"),
        (lambda x: mg.draw(nn.ReLU()), DTypeError, "a ReLU, a module; a graph belongs to what it computed"),
        (lambda x: mg.draw(x, params=3), DTypeError, "params is a int; give a module, or a dictionary"),
        (lambda x: mg.draw(x, params=[x]), DTypeError, "params holds a Tensor where a name and a tensor belong"),
        (lambda x: mg.draw(x, w=3), DTypeError, "draw got w= with a int"),
        (lambda x: mg.draw(x, direction="up"), ArgumentError, "direction='up'; it is 'TB'"),
        (lambda x: mg.draw(x, values=mg.ones(3)), DTypeError, "values"),
        (lambda x: mg.draw(x, max_nodes=1), ArgumentError, "max_nodes=1"),
        (lambda x: mg.draw(x, max_nodes=1.5), DTypeError, "max_nodes"),
        (lambda x: mg.draw(x, depth=1), ArgumentError, "the tape does not know layers"),
        (lambda x: mg.draw(x).save("x.png"), ArgumentError, "'x.png'; the ending says what to write: .svg"),
        (lambda x: mg.draw(x).save(3), DTypeError, "save got a int; give a path"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call(mg.ones(2, requires_grad=True))


def test_files(tmp_path):
    drawing = small()
    for name, text in (("x.svg", drawing.svg()), ("x.dot", drawing.dot()), ("x.gv", drawing.dot()),
                       ("x.mmd", drawing.mermaid()), ("X.TXT", drawing.text() + "\n")):  # fmt: skip
        drawing.save(tmp_path / name)
        assert (tmp_path / name).read_text(encoding="utf-8") == text
    drawing.save(str(tmp_path / "deep" / "x.svg"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["X.TXT", "deep", "x.dot", "x.gv", "x.mmd", "x.svg"]


def test_notebooks_show_the_picture():
    drawing = small()
    assert isinstance(drawing, Drawing)
    assert drawing._repr_svg_() == drawing.svg()
    assert drawing.svg() in drawing._repr_html_()
    assert repr(drawing) == "<Drawing: 7 boxes, 7 wires>"


def test_drawing_is_loaded_when_it_is_used():
    code = "import sys, minigrad as mg; assert 'minigrad.drawing' not in sys.modules; mg.draw(mg.ones(1)); mg.drawing"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert "draw" in dir(mg)


# ------------------------------------------------------------- random tapes

STEPS = {
    "add": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "sub": lambda a, b: a - 2 * b,
    "tanh": lambda a, b: mg.tanh(a),
    "cat": lambda a, b: mg.cat([a, b, a]).chunk(3)[1],
    "no": lambda a, b: a.detach() + b,
    "index": lambda a, b: a[mg.tensor([1, 0, 2])] * b,
}


@st.composite
def tapes(draw):
    values = [mg.ones(3, requires_grad=True), mg.zeros(3), mg.randn(3, requires_grad=True)]
    for name in draw(st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=10)):
        a, b = (values[draw(st.integers(0, len(values) - 1))] for _ in range(2))
        values.append(STEPS[name](a, b))
    return values


DOT = re.compile(
    r"^(digraph minigrad \{|}| *}|  rankdir=(TB|LR);|  (graph|node|edge) \[.*\];| *subgraph cluster_\d+ \{"
    r'| *label="([^"\\\n]|\\.)*";| *n\d+ \[label="([^"\\\n]|\\.)*", fillcolor="#\w{6}", color="#\w{6}"\];'
    r'|  n\d+ -> n\d+( \[(label="([^"\\\n]|\\.)*")?(, )?(style=dashed)?\])?;)$'
)
MERMAID = re.compile(
    r'^(flowchart (TB|LR)| *end| *subgraph c\d+\["[^"`<>]*"\]| *n\d+(\["[^"`]*"\]|\(\["[^"`]*"\]\)):::\w+'
    r'|  n\d+ (-->|-\.->)(\|"[^"`<>]*"\|)? n\d+|  classDef \w+ fill:#\w+,stroke:#\w+,color:#\w+)$'
)


@given(tapes(), st.booleans(), st.sampled_from(["TB", "LR"]))
@settings(max_examples=60)
def test_random_tapes_in_every_form(values, filled, direction):
    drawing = mg.draw(values[-3:], values=filled, grads=filled, direction=direction)
    boxes = len(drawing._graph.boxes)
    assert len(drawing.text().splitlines()) == boxes
    root = ElementTree.fromstring(drawing.svg())
    groups = [element for element in root.iter() if element.get("class", "").startswith("mg-box ")]
    assert len(groups) == boxes
    assert all(DOT.match(line) for line in drawing.dot().splitlines())
    assert all(MERMAID.match(line) for line in drawing.mermaid().splitlines())
    again = mg.draw(values[-3:], values=filled, grads=filled, direction=direction)
    assert again.svg() == drawing.svg()


NASTY = 'a"b\\c<d>&#1; `e`\n1. \x00\x1b{x}|y|[z]]>--'


def test_names_with_every_character_are_escaped():
    x = mg.ones(2, requires_grad=True)
    drawing = mg.draw(x * 2, params={NASTY: x, "1. x": mg.ones(1), "-y": mg.ones(1, requires_grad=True)})
    root = ElementTree.fromstring(drawing.svg())
    shown = "".join(root.itertext())
    assert 'a"b\\c<d>&#1;' in shown
    assert "\x00" not in drawing.svg()
    assert all(DOT.match(line) for line in drawing.dot().splitlines())
    assert all(MERMAID.match(line) for line in drawing.mermaid().splitlines())
    assert "a#34;b#92;c#60;d#62;#38;#35;1;" in drawing.mermaid()
    assert ":::leaf" not in mg.draw(x, params={"1. x": x}).mermaid()
    assert '"1#46; x' in mg.draw(x, params={"1. x": x}).mermaid()
    assert '"#45;y' in mg.draw(x, params={"-y": x}).mermaid()


def test_graphviz_takes_what_we_write():
    dot = shutil.which("dot")
    if dot is None:
        pytest.skip("Graphviz is not installed")
    x = mg.ones(2, requires_grad=True)
    source = mg.draw(x * np.float32(2), params={NASTY: x}).dot()
    run = subprocess.run([dot, "-Tplain"], input=source.encode(), capture_output=True, timeout=60)
    assert run.returncode == 0, run.stderr
