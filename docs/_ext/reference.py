"""The API reference: a directive that documents every public name of a module, and plain docstrings as text.

    ```{public-names} minigrad.signal
    ```

The names are those of the module's `__all__`, in its order. With `:by-topic:` they
stand under one heading for each module that defines some of them. So a page is
complete by construction, and a new public name needs no change here.
"""

import importlib
import inspect
import re
from collections import defaultdict
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

# ------------------------------------------------------------------ docstrings


SPAN = re.compile(r"``.+?``|`[^`]+`", re.DOTALL)
ENUMERATOR = re.compile(r"\(?\w{1,4}[.)]\s")
RULE = re.compile(r"([-=~])\1{2,}\s*$")


def literal(span: str) -> str:
    """A span between single or double backticks as reStructuredText's literal."""
    return "``" + " ".join(span.strip("`").split()) + "``"


def escaped(text: str) -> str:
    """Text in which only backticks have a meaning, as reStructuredText."""
    pieces = []
    end = 0
    for found in SPAN.finditer(text):
        before = re.sub(r"([\\*|_`])", r"\\\1", text[end : found.start()])
        # A literal must be surrounded by blanks or punctuation; an escaped blank prints nothing.
        pieces += [before, "\\ " if before[-1:].isalnum() else "", literal(found[0])]
        end = found.end()
        pieces.append("\\ " if text[end : end + 1].isalnum() else "")
    pieces.append(re.sub(r"([\\*|_`])", r"\\\1", text[end:]))
    return "".join(pieces)


def paragraphs(lines: list[str]) -> list[list[str]]:
    """Lines between blank lines; a doctest is a paragraph of its own."""
    found: list[list[str]] = [[]]
    for line in lines:
        if not line.strip():
            found.append([])
        elif line.lstrip().startswith(">>>") and found[-1] and not found[-1][0].lstrip().startswith(">>>"):
            found.append([line])
        else:
            found[-1].append(line)
    return [paragraph for paragraph in found if paragraph]


def paragraph_as_rest(lines: list[str]) -> list[str]:
    """One paragraph of a plain docstring as reStructuredText that cannot be malformed."""
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    flush = [line[margin:] for line in lines]
    if flush[0].startswith(">>>"):
        return flush
    if margin:
        return ["::", "", *lines]
    if re.match(r"[-*] ", flush[0]):
        items = re.split(r"\n(?=[-*] )", "\n".join(flush))
        return ["- " + escaped(" ".join(item[2:].split())) for item in items]
    if len(flush) > 1 and RULE.match(flush[1]):
        return [f"**{escaped(flush[0])}**", "", *(paragraph_as_rest(flush[2:]) if flush[2:] else [])]
    text = escaped("\n".join(flush)).split("\n")
    if any(line.startswith(" ") for line in flush):
        return [f"| {line}" for line in text]
    return [("\\" if ENUMERATOR.match(text[0]) else "") + text[0], *text[1:]]


def process_docstring(app, what, name, obj, options, lines):
    """Sphinx's hook: rewrite the docstring in place."""
    rest = []
    for paragraph in paragraphs(lines):
        rest += [*paragraph_as_rest(paragraph), ""]
    lines[:] = rest


# ------------------------------------------------------------------- directive


# The topics in the order of the page. What is not named here comes last, under its module's own name.
TITLES = {
    "minigrad.tensor": "The tensor",
    "minigrad.creation": "Making tensors",
    "minigrad.dtypes": "Element types",
    "minigrad.device": "The device",
    "minigrad.legacy": "Old constructors",
    "minigrad.sampling": "Random tensors",
    "minigrad.random": "Generators",
    "minigrad.mode": "Recording",
    "minigrad.observing": "Observing",
    "minigrad.anomaly": "Anomaly mode",
    "minigrad.determinism": "Determinism",
    "minigrad.threads": "Threads",
    "minigrad.ops.arithmetic": "Arithmetic, element by element",
    "minigrad.ops.elementary": "Elementary functions, element by element",
    "minigrad.ops.exponential": "Exponentials and logarithms to other bases",
    "minigrad.ops.trigonometric": "Circular and hyperbolic functions",
    "minigrad.ops.special": "Special functions",
    "minigrad.ops.signs": "Signs, remainders and repairs",
    "minigrad.ops.activation": "Nonlinearities",
    "minigrad.ops.comparison": "Comparison and selection",
    "minigrad.ops.reduction": "Reductions",
    "minigrad.ops.statistics": "Medians, quantiles and counts",
    "minigrad.ops.norms": "Norms and distances",
    "minigrad.ops.cumulative": "Running sums, products and extremes",
    "minigrad.ops.sorting": "Order, different values and searching",
    "minigrad.ops.softmax": "The softmax family",
    "minigrad.ops.normalization": "Standardising",
    "minigrad.ops.shape": "Shape",
    "minigrad.ops.joining": "Joining and cutting",
    "minigrad.ops.stacking": "Joining and cutting by direction, grids",
    "minigrad.ops.repetition": "Repeating and turning",
    "minigrad.ops.diagonals": "Diagonals and triangles",
    "minigrad.ops.indexing": "Indexing",
    "minigrad.ops.selecting": "Picking out by number, mask and place",
    "minigrad.ops.scattering": "Writing to places",
    "minigrad.ops.padding": "Padding and cropping",
    "minigrad.ops.linear": "Matrix products",
    "minigrad.ops.products": "Products with a sum, outer and inner ones",
    "minigrad.ops.contraction": "Einstein's summation",
    "minigrad.ops.convolution": "Convolution",
    "minigrad.ops.pooling": "Pooling",
    "minigrad.ops.unfolding": "Windows as columns",
    "minigrad.ops.resampling": "Resizing",
    "minigrad.ops.queries": "Questions about tensors and dtypes",
    "minigrad.ops.aliases": "Other names",
    "minigrad.ops.adaptive": "Adaptive pooling",
    "minigrad.ops.unpooling": "Max unpooling",
    "minigrad.ops.loss": "Losses",
    "minigrad.signal.convolving": "Convolution of signals and images",
    "minigrad.signal.smoothing": "Smoothing",
    "minigrad.signal.matching": "Finding a template",
    "minigrad.signal.toeplitz": "Convolution as a matrix",
    "minigrad.signal.pyramids": "Subsampling and pyramids",
    "minigrad.signal.sampling": "Sampling, coordinates and the order of axes",
    "minigrad.signal.checking": "Linear and shift-invariant systems",
    "minigrad.signal.sizes": "Sizes, receptive fields and parameter counts",
    "minigrad.drawing.picture": "Drawing the tape",
    "minigrad.drawing.recording": "Recording",
    "minigrad.drawing.arrays": "Arrays side by side",
    "minigrad.drawing.sliding": "A kernel on its way",
    "minigrad.drawing.figure": "What they return",
    "minigrad.serialization.saving": "Saving and loading",
    "minigrad.serialization.checkpoint": "Checkpoints of a run",
    "minigrad.errors": "Errors",
    "minigrad.primitive": "Primitives",
    "minigrad.custom": "Primitives of your own",
    "minigrad.utils.checkpoint": "Checkpoints",
    "minigrad.transforms.basic": "Tensors, numbers and lists of transforms",
    "minigrad.transforms.framing": "Margins, parts, mirror images and sizes",
    "minigrad.transforms.warping": "Turning, moving, shearing and bending",
    "minigrad.transforms.noise": "Noise and holes",
    "minigrad.transforms.resampling": "Between pixels",
    "nn.module": "Module",
    "nn.parameter": "Parameter",
    "nn.parameter_container": "Lists and dictionaries of parameters",
    "nn.container": "Containers",
    "nn.branches": "Side by side: skips and joined branches",
    "nn.model_summary": "What a model does, as a table",
    "nn.conv": "Convolution",
    "nn.separable": "Separable convolution",
    "nn.pooling": "Pooling",
    "nn.adaptive": "Adaptive pooling",
    "nn.linear": "Linear layers and shape",
    "nn.activation": "Nonlinearities",
    "nn.gating": "Nonlinearities over an axis",
    "nn.batchnorm": "Batch and instance normalisation",
    "nn.normalization": "Normalisation",
    "nn.padding": "Padding",
    "nn.upsampling": "Rearranging and resizing maps",
    "nn.lazy": "Layers that infer their input",
    "nn.lazy_norm": "Normalisation that infers its input",
    "nn.sparse": "Embedding",
    "nn.distance": "Distances",
    "nn.dropout": "Dropout",
    "nn.loss": "Losses of classification",
    "nn.probability_loss": "Losses of probabilities",
    "nn.regression_loss": "Losses of values",
    "nn.embedding_loss": "Losses of pairs and triplets",
    "nn.sequence_loss": "Losses of sequences",
    "nn.notes.conv": "Convolution, with each note's conventions",
    "nn.notes.matrix": "Matrices of kernels",
    "nn.notes.local": "Local connections that share nothing",
    "nn.notes.linear": "Dense layers",
    "nn.notes.activation": "Nonlinearities and gains",
    "nn.notes.normalization": "Contrast normalisation",
    "nn.notes.pooling": "Subsampling and pooling",
    "nn.notes.loss": "Losses",
    "nn.notes.encoding": "Labels as vectors",
    "nn.notes.counting": "Receptive fields and numbers of parameters",
    "nn.functional.activation": "More nonlinearities",
    "nn.functional.pooling": "More pooling",
    "nn.functional.bilinear": "Bilinear maps",
    "nn.functional.distance": "Distances",
    "nn.functional.gating": "Nonlinearities over an axis",
    "nn.functional.attention": "Attention",
    "nn.functional.inplace": "Nonlinearities in place",
    "nn.functional.loss": "Losses of classification",
    "nn.functional.probability_loss": "Losses of probabilities",
    "nn.functional.regression_loss": "Losses of values",
    "nn.functional.embedding_loss": "Losses of pairs and triplets",
    "nn.functional.sequence_loss": "Losses of sequences",
    "nn.functional.dropout": "Dropout",
    "nn.functional.normalization": "Normalisation",
    "nn.functional.padding": "Padding",
    "nn.functional.unfolding": "Windows as columns",
    "nn.functional.interpolation": "Resizing",
    "nn.functional.shuffling": "Pixels and channels in another order",
    "nn.functional.sampling": "Reading at places of a grid",
    "nn.functional.sparse": "Class numbers as vectors, and rows of tables",
}


def home(value: object) -> str:
    """The module that defines a public value, as far as a reader cares: packages of small files count as one."""
    module = getattr(value, "__module__", None) or type(value).__module__
    for package in ("minigrad.tensor", "minigrad.kernels"):
        if module.startswith(package + "."):
            return package
    return module


def title(place: str) -> str:
    """The heading over what a module defines."""
    return TITLES.get(place) or place.rpartition(".")[2].strip("_").capitalize()


def position(place: str) -> int:
    """Where its heading stands on the page."""
    return list(TITLES).index(place) if place in TITLES else len(TITLES)


def documented_elsewhere(module: str, value: object) -> bool:
    """Whether a class that a module offers has its entry with the package above it."""
    first = [package for package in ("minigrad", "nn", "minigrad.autograd") if package != module]
    if module == "minigrad" or (module == "nn" and getattr(value, "__module__", "").startswith("nn")):
        return False
    return any(
        getattr(importlib.import_module(package), name) is value
        for package in first
        for name in importlib.import_module(package).__all__
    )


def foreign(value: object) -> bool:
    """Whether it is a class of Python's or NumPy's, which have their own documentation."""
    return isinstance(value, type) and value.__module__.partition(".")[0] not in ("minigrad", "nn")


def entry(module: str, name: str, value: object) -> list[str]:
    """The lines that document one public name."""
    if not isinstance(value, type):
        return [f".. autofunction:: {module}.{name}", ""]
    lines = [f".. autoclass:: {module}.{name}", "   :members:"]
    if name == "Tensor":
        lines.append("   :inherited-members:")
    if documented_elsewhere(module, value):
        lines.append("   :no-index:")
    return [*lines, ""]


class PublicNames(SphinxDirective):
    """Documents every name in a module's `__all__`; submodules among them are left to their own pages."""

    required_arguments = 1
    option_spec: ClassVar = {"by-topic": directives.flag}

    def run(self) -> list[nodes.Node]:
        module = importlib.import_module(self.arguments[0])
        values = {name: getattr(module, name) for name in module.__all__}
        values = {name: value for name, value in values.items() if not inspect.ismodule(value)}
        plain = [name for name, value in values.items() if not callable(value) or foreign(value)]
        groups: dict[str, list[str]] = defaultdict(list)
        for name, value in values.items():
            if name not in plain:
                groups[home(value) if "by-topic" in self.options else ""] += entry(module.__name__, name, value)

        result = self.parsed([f".. automodule:: {module.__name__}", "   :no-members:", ""])
        for place in sorted(groups, key=position):
            if place:
                result.append(self.section(module.__name__, place, groups[place]))
            else:
                result += self.parsed(groups[place])
        if plain:
            result += self.parsed(["Values: " + ", ".join(f"``{name}``" for name in plain) + "."])
        return result

    def section(self, module: str, place: str, lines: list[str]) -> nodes.section:
        """A section of the page for what one module defines."""
        section = nodes.section(ids=[nodes.make_id(f"{module} {title(place)}")])
        section += nodes.title(title(place), title(place))
        section += self.parsed(lines)
        return section

    def parsed(self, lines: list[str]) -> list[nodes.Node]:
        """The nodes that reStructuredText lines stand for, inside a MyST page."""
        block = StringList(["```{eval-rst}", *lines, "```"], source=self.env.docname)
        container = nodes.section()
        container.document = self.state.document
        self.state.nested_parse(block, 0, container)
        return container.children


def skip_fields(app, what, name, value, skip, options):
    """Leave out the fields of named tuples, of which Python only says their number."""
    return True if (getattr(value, "__doc__", None) or "").startswith("Alias for field number") else None


def setup(app):
    """Called by Sphinx."""
    app.add_directive("public-names", PublicNames)
    app.connect("autodoc-process-docstring", process_docstring)
    app.connect("autodoc-skip-member", skip_fields)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
