"""Signatures of PyTorch's functions, methods and classes, from wherever they can be read.

By `inspect` where the thing is written in Python, else from the stubs that come with PyTorch, its documentation and
the schemas of its operators. A name may have several: one for each overload.
"""

import ast
import inspect
import pathlib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import torch

Signature = list[tuple[str, Any]]

REQUIRED = inspect.Parameter.empty
UNKNOWN = object()  # a default that the text does not tell
MARK: tuple[str, Any] = ("*", REQUIRED)  # behind it, arguments go by name only

# Arguments without a meaning here, or that PyTorch itself has given up (departures).
OMITTED = {
    "_stacklevel", "layout", "max_value", "memory_format", "min_value", "names", "out", "out_dtype", "pin_memory",
    "size_average", "sparse_grad",
}  # fmt: skip


def wanted(signature: Signature) -> Signature:
    """Without what is omitted; `reduce` is given up where it goes with `size_average`."""
    names = {name for name, _ in signature}
    omitted = OMITTED | ({"reduce"} if "size_average" in names else set())
    return [(name, default) for name, default in signature if name not in omitted]


def of_python(function: Any) -> Signature:
    """Names and defaults of a function or class written in Python; variadic names begin with stars."""
    if inspect.isclass(function) and function.__init__.__qualname__ == "Module.__init__":
        return []
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    found = []
    for one in inspect.signature(function).parameters.values():
        if one.kind is one.KEYWORD_ONLY and MARK not in found and not any(key[0] == "*" for key, _ in found):
            found.append(MARK)
        found.append((stars.get(one.kind, "") + one.name, one.default))
    return found


# ---------------------------------------------------------------------- texts


def _literal(node: ast.expr | None) -> Any:
    if node is None:
        return REQUIRED
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return UNKNOWN
    return UNKNOWN if value is ... else value


def _of_definition(node: ast.FunctionDef) -> Signature:
    given = node.args
    positional = [*given.posonlyargs, *given.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(given.defaults)) + list(given.defaults)
    found = [(one.arg, _literal(default)) for one, default in zip(positional, defaults, strict=True)]
    if given.vararg:
        found.append((f"*{given.vararg.arg}", REQUIRED))
    elif given.kwonlyargs:
        found.append(MARK)
    return found + [(one.arg, _literal(d)) for one, d in zip(given.kwonlyargs, given.kw_defaults, strict=True)]


def _collected(nodes: Iterable[ast.stmt]) -> dict[str, list[Signature]]:
    found: dict[str, list[Signature]] = {}
    for node in nodes:
        if isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, []).append(_of_definition(node))
    return found


@cache
def _stubs() -> dict[str, dict[str, list[Signature]]]:
    """The overloads of functions and of methods, in the stubs that come with PyTorch."""
    folder = pathlib.Path(torch.__file__).parent / "_C"
    functions = _collected(ast.parse((folder / "_VariableFunctions.pyi").read_text()).body)
    layers = _collected(ast.parse((folder / "_nn.pyi").read_text()).body)
    kinds = [one for one in ast.parse((folder / "__init__.pyi").read_text()).body if isinstance(one, ast.ClassDef)]
    methods = _collected(next(one.body for one in kinds if one.name == "TensorBase"))
    return {"functions": {**layers, **functions}, "methods": methods}


def _of_documentation(name: str, text: str | None) -> Iterator[Signature]:
    """Lines such as `name(input, dim=None, *, keepdim=False) -> Tensor` in a docstring."""
    for arguments in re.findall(rf"^\s*(?:torch\.)?{name}\((.*?)\)(?: ->|\s*$)", text or "", re.MULTILINE):
        try:
            (definition,) = ast.parse(f"def f({arguments}): pass").body
        except SyntaxError:
            continue
        assert isinstance(definition, ast.FunctionDef)
        yield _of_definition(definition)


def _of_schemas(name: str) -> Iterator[Signature]:
    """The overloads of an operator."""
    for schema in torch._C._jit_get_schemas_for_operator(f"aten::{name}"):
        yield [
            ("input" if one.name == "self" else one.name, one.default_value if one.has_default_value() else REQUIRED)
            for one in schema.arguments
        ]


# ------------------------------------------------------------------ questions


def _in_python(owner: Any, name: str) -> Any:
    """The function or class behind a name where PyTorch wrote it in Python, else None.

    Functions that dispatch on a flag take anything; what they dispatch to stands under another name.
    """
    for candidate in (name, f"_{name}"):
        found = getattr(owner, candidate, None)
        if inspect.isclass(found) or inspect.isfunction(found):
            signature = of_python(found)
            if [key for key, _ in signature] != ["args", "kwargs"] and signature[:1] != [("*args", REQUIRED)]:
                return found
    return getattr(owner, name) if inspect.isclass(getattr(owner, name)) else None


def references(owner: Any, name: str) -> list[Signature]:
    """Every signature that PyTorch shows for a name of a module, or for a method (then without the tensor)."""
    method = inspect.isclass(owner)
    python = _in_python(owner, name)
    if python is not None and not method:
        return [wanted(of_python(python))]
    found = [] if python is None else [of_python(python)]
    stubs = _stubs()["methods" if method else "functions"].get(name, [])
    # Overloads of functions that begin with `self` are kept for old programs.
    found += [one for one in stubs if method or "self" not in dict(one)]
    found = found or [*_of_documentation(name, getattr(owner, name).__doc__)] or [*_of_schemas(name)]
    if method:
        found = [one[1:] if one and one[0][0] in ("self", "input") else one for one in found]
    return [wanted(one) for one in found]


def longest(signatures: list[Signature]) -> list[Signature]:
    """Without those whose arguments are all among another's: `sum(input)` beside `sum(input, dim, keepdim)`."""
    names = [{name.strip("*") for name, _ in one} for one in signatures]
    return [one for one, own in zip(signatures, names, strict=True) if not any(own < other for other in names)]


def _same_default(ours: Any, theirs: Any) -> bool:
    if theirs is REQUIRED or theirs is UNKNOWN:
        return True
    if isinstance(theirs, list | tuple) and (not theirs or isinstance(ours, int)):  # `stride=[]`, `padding=[0, 0]`
        return ours is None if not theirs else all(one == ours for one in theirs)
    return bool(ours == theirs)


def _plain(signature: Signature) -> Signature:
    """`f(*sizes, size=None)`, which takes sizes both ways, as `f(size)`."""
    if len(signature) > 1 and signature[0] != MARK and signature[0][0][0] == "*" and signature[1][1] is None:
        return [(signature[1][0], REQUIRED), MARK, *signature[2:]]
    return signature


def _parted(signature: Signature) -> tuple[Signature, Signature]:
    """The arguments that go by position, and those by name only."""
    place = signature.index(MARK) if MARK in signature else len(signature)
    return signature[:place], signature[place + 1 :]


def mismatch(ours: Signature, theirs: Signature) -> str:
    """Why ours does not begin with theirs; '' where it does, and what is more can be left out."""
    (placed, named), (wanted_placed, wanted_named) = _parted(_plain(ours)), _parted(theirs)
    for position, (name, default) in enumerate(wanted_placed):
        key, value = placed[position] if position < len(placed) else ("nothing", None)
        if key.startswith("**"):
            return ""
        if key.strip("*") != name.strip("*") and not key[0] == name[0] == "*":
            return f"argument {position} is {key}, PyTorch's {name}"
        if problem := _default_problem(key, value, default):
            return problem
    known = dict([*placed, *named])
    for name, default in wanted_named:
        if name not in known:
            if any(key.startswith("**") for key in known):
                continue
            return f"no argument {name}"
        if problem := _default_problem(name, known[name], default):
            return problem
    extra = [*placed[len(wanted_placed) :], *named]
    needed = [key for key, value in extra if value is REQUIRED and key[0] != "*" and key not in dict(wanted_named)]
    return f"PyTorch does not know {needed}" if needed else ""


def _default_problem(name: str, ours: Any, theirs: Any) -> str:
    if ours is REQUIRED and theirs is not REQUIRED:
        return f"{name} has no default, PyTorch's is {theirs!r}"
    return "" if _same_default(ours, theirs) else f"{name}={ours!r}, PyTorch's {theirs!r}"
