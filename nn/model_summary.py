"""A table of what a model does to an input: shapes, parameters, multiplications, receptive fields, memory."""

import copy
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import minigrad as mg
from minigrad.autograd import Observer, observe
from minigrad.errors import ArgumentError, DTypeError, MinigradError

from .fields import Field, Fields
from .module import Module
from .parameter import is_lazy

__all__ = ["Row", "Summary", "summary"]


class Row(NamedTuple):
    """One call of one module; what belongs to its submodules stands in their rows.

    `output` is the shape of what it returned, a tuple of shapes for several
    tensors, or None for a module that was never called. A module called again has
    `repeated` set and counts no parameters.
    """

    path: str
    kind: str
    depth: int
    output: Any
    parameters: int
    trainable: int
    multiplications: int
    field: Field | None
    bytes: int
    repeated: bool


class Summary(NamedTuple):
    """What `summary` returns: the rows, and the totals; `str` makes the table of it.

    `multiplications` are those of products, convolutions and linear layers, for
    the whole batch; `activation_bytes` is what the outputs of all modules take,
    each tensor once, `parameter_bytes` what the parameters take.
    """

    rows: tuple[Row, ...]
    inputs: tuple[tuple[int, ...], ...]
    parameters: int
    trainable: int
    multiplications: int
    activation_bytes: int
    parameter_bytes: int

    def __str__(self) -> str:
        header = ("layer", "kind", "output", "parameters", "multiplications", "field", "memory")
        lines = [header, *map(_cells, self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        texts = [
            "  ".join(cell.ljust(width) if number < 3 else cell.rjust(width)
                      for number, (cell, width) in enumerate(zip(line, widths, strict=True))).rstrip()
            for line in lines
        ]  # fmt: skip
        rule = "─" * max(map(len, texts))
        shapes = ", ".join(map(str, self.inputs))
        frozen = self.parameters - self.trainable
        totals = [
            f"input            {shapes}",
            f"parameters       {_grouped(self.parameters)}"
            + (f", {_grouped(frozen)} of them frozen" if frozen else ""),
            f"multiplications  {_grouped(self.multiplications)}",
            f"memory           {_size(self.activation_bytes)} of activations, {_size(self.parameter_bytes)} of "
            "parameters",
        ]
        return "\n".join([texts[0], rule, *texts[1:], rule, *totals])

    def __repr__(self) -> str:
        return str(self)


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _size(count: int) -> str:
    """A number of bytes in the largest unit that keeps it above one."""
    value, units = float(count), ["B", "KiB", "MiB", "GiB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{count} B" if units[0] == "B" else f"{value:.1f} {units[0]}"


def _cells(row: Row) -> tuple[str, ...]:
    shape = "not called" if row.output is None else str(row.output)
    parameters = "again" if row.repeated else _grouped(row.parameters) if row.parameters else "–"
    if row.parameters and row.trainable < row.parameters:
        parameters += " (frozen)" if not row.trainable else " (part frozen)"
    return (
        "  " * row.depth + (row.path.rpartition(".")[2] or "model"), row.kind, shape, parameters,
        _grouped(row.multiplications) if row.multiplications else "–",
        "–" if row.field is None else str(row.field), _size(row.bytes) if row.bytes else "–",
    )  # fmt: skip


# -------------------------------------------------------------- the dry run


class _Call:
    """A module that is running, or has run."""

    def __init__(self, path: str, module: Module, depth: int) -> None:
        self.path = path
        self.module = module
        self.depth = depth
        self.output: Any = None
        self.multiplications = 0
        self.field: Field | None = None
        self.bytes = 0
        self.calls: dict[int, int] = {}  # of the modules called from here


class _Recorder(Observer):
    """Follows a run: which module is running, what it multiplies, what comes out."""

    def __init__(self, model: Module) -> None:
        self.calls: list[_Call] = []
        self.running: list[_Call] = []
        self.outside = _Call("", model, -1)
        self.fields = Fields()
        self.kept: dict[int, mg.Tensor] = {}  # outputs that have been counted, alive so that no other has their id
        self.paths: dict[int, list[str]] = {}
        for path, module in model.named_modules(remove_duplicate=False):
            self.paths.setdefault(id(module), []).append(path)

    def applied(self, primitive: Any, inputs: Sequence[mg.Tensor], outputs: Sequence[mg.Tensor]) -> None:
        """An application of a primitive: its multiplications belong to the innermost module."""
        (self.running[-1] if self.running else self.outside).multiplications += _products(primitive, inputs, outputs[0])
        self.fields.applied(primitive, inputs, outputs)

    def enter(self, module: Module, args: Any) -> None:
        """A forward pre-hook: the module starts."""
        caller = self.running[-1] if self.running else self.outside
        inside = f"{caller.path}." if caller.path else ""
        paths = self.paths.get(id(module), [type(module).__name__])
        below = [path for path in paths if path.startswith(inside)] or paths
        times = caller.calls.get(id(module), 0)
        caller.calls[id(module)] = times + 1
        call = _Call(below[times % len(below)], module, caller.depth + 1)
        self.calls.append(call)
        self.running.append(call)

    def leave(self, module: Module, args: Any, output: Any) -> None:
        """A forward hook: the module is done, or, with output None, has raised."""
        call = self.running.pop()
        tensors = _tensors(output)
        call.output = _shapes(output)
        if len(tensors) == 1 and args and isinstance(args[0], mg.Tensor):
            self.fields.behind(module, args[0], tensors[0])
        known = [self.fields.of(tensor) for tensor in tensors]
        call.field = known[0] if len(known) == 1 else None
        for tensor in tensors:
            if id(tensor) not in self.kept:
                self.kept[id(tensor)] = tensor
                call.bytes += tensor.numel() * tensor.dtype.itemsize


def _products(primitive: Any, inputs: Sequence[mg.Tensor], output: mg.Tensor) -> int:
    """The multiplications of one application; element-wise ones do not count.

    correlate: every output is a sum over C/G · ∏k products; correlate_input: every
    number of y meets as many; matmul, linear: every output is a sum over the inner axis.
    """
    if primitive.name in ("correlate", "correlate_bias"):
        weight = inputs[1]
        return output.numel() * math.prod(weight.shape[1:])
    if primitive.name in ("correlate_input", "correlate_input_bias"):
        weight, y = inputs[:2]
        return y.numel() * math.prod(weight.shape[1:])
    return output.numel() * inputs[0].shape[-1] if primitive.name in ("matmul", "project", "linear") else 0


def _tensors(output: Any) -> list[mg.Tensor]:
    """The tensors in nested tuples, lists and dictionaries."""
    if isinstance(output, mg.Tensor):
        return [output]
    if isinstance(output, dict):
        output = list(output.values())
    return [one for part in output for one in _tensors(part)] if isinstance(output, tuple | list) else []


def _shapes(output: Any) -> Any:
    """The shape of a tensor; a tuple of shapes for several."""
    if isinstance(output, mg.Tensor):
        return output.shape
    return tuple(tensor.shape for tensor in _tensors(output))


@contextmanager
def _untouched(model: Module) -> Iterator[None]:
    """Evaluation mode for a block; mode, buffers and random state are afterwards what they were, also after errors."""
    modules = list(model.modules())
    modes = [module.training for module in modules]
    buffers = [
        (module, name, buffer, None if buffer is None or is_lazy(buffer) else buffer.detach().clone())
        for module in modules
        for name, buffer in module._buffers.items()
    ]
    generator = mg.default_generator()
    state = generator.get_state()
    try:
        model.eval()
        yield
    finally:
        generator.set_state(state)
        for module, mode in zip(modules, modes, strict=True):
            module.training = mode
        for module, name, buffer, before in buffers:
            module._buffers[name] = buffer
            if buffer is not None and before is not None and not mg.equal(buffer, before):
                with mg.no_grad():
                    buffer.detach().copy_(before)


def _inputs(given: Any, batch_size: int | None, dtype: Any, model: Module) -> list[mg.Tensor]:
    """Zeros for each shape, and tensors as they are."""
    if dtype is None:
        dtype = next((p.dtype for p in model.parameters() if p.is_floating_point()), mg.get_default_dtype())
    several = isinstance(given, list) or (
        isinstance(given, tuple) and any(isinstance(one, tuple | list | mg.Tensor) for one in given)
    )
    batch = () if batch_size is None else (batch_size,)
    tensors = []
    for one in given if several else [given]:
        if isinstance(one, mg.Tensor):
            tensors.append(one.detach())
        elif isinstance(one, tuple | list) and all(hasattr(size, "__index__") for size in one):
            tensors.append(mg.zeros(*batch, *one, dtype=dtype))
        else:
            raise DTypeError(
                f"summary got {one!r} as an input; give a shape without the batch axis, as (1, 28, 28), a tensor, or a "
                "list of those"
            )
    return tensors


def _rows(model: Module, calls: Sequence[_Call]) -> list[Row]:
    """A row for each call, then one for each module that has parameters and was never called."""
    seen: set[int] = set()
    counted: set[int] = set()
    rows = []
    uncalled = [_Call(path, module, path.count(".") + 1) for path, module in model.named_modules()]
    called = {id(call.module) for call in calls}
    for call in [*calls, *(one for one in uncalled if id(one.module) not in called)]:
        own = [p for p in call.module.parameters(recurse=False) if id(p) not in counted]
        if id(call.module) not in called and not own:
            continue
        counted.update(map(id, own))
        sizes = [(p.numel(), p.requires_grad) for p in own]
        rows.append(
            Row(
                call.path, type(call.module).__name__, call.depth, call.output, sum(n for n, _ in sizes),
                sum(n for n, learnt in sizes if learnt), call.multiplications, call.field, call.bytes,
                id(call.module) in seen,
            )
        )  # fmt: skip
        seen.add(id(call.module))
    return rows


def _folded(rows: Sequence[Row], depth: int | None) -> list[Row]:
    """The rows down to a depth, with the figures of those below added."""
    if depth is None:
        return list(rows)
    kept: list[Row] = []
    for row in rows:
        if row.depth <= depth or not kept:
            kept.append(row)
            continue
        above = [number for number, one in enumerate(kept) if not one.path or f"{row.path}.".startswith(f"{one.path}.")]
        last = kept[above[-1]]
        kept[above[-1]] = last._replace(
            parameters=last.parameters + row.parameters, trainable=last.trainable + row.trainable,
            multiplications=last.multiplications + row.multiplications, bytes=last.bytes + row.bytes,
        )  # fmt: skip
    return kept


def summary(
    model: Module, input_shape: Any, *, batch_size: int | None = 1, dtype: Any = None, depth: int | None = None
) -> Summary:
    """What a model does to an input, layer by layer, from one run on zeros.

    `input_shape` is the shape of one example, without the batch axis: a batch of
    `batch_size` is put in front, nothing with `batch_size=None`. A tensor is taken as
    it is, with its batch; a list of shapes and tensors stands for several inputs. Zeros
    have `dtype`, by default that of the parameters. `depth` folds what lies deeper
    than that into its rows.

    Counted are parameters, shared ones once (N63); the multiplications of convolutions
    and matrix products, for the whole batch; the receptive field, r ← r + d(k − 1)·j
    with j ← j·s (N61), over branches the largest, `all` where every number depends on
    the whole input, and – where it is not known; the memory of the outputs. The
    numbers of a field may exceed the input, since they count the padding.

    The run records nothing and is made in evaluation mode. Training mode, buffers and
    the random state are afterwards as they were, also if the model raises; lazy layers stay
    lazy. Hooks run.

    Raises what the model raises, with the shape that it was given; `DTypeError` for what
    is no module or no shape, `ArgumentError` for a batch size below one.

    >>> import nn
    >>> table = nn.summary(nn.models.LeNet5(), (1, 32, 32))
    >>> table.parameters, table.multiplications, str(table.rows[8].field)
    (61706, 416520, '32×32')
    """
    if not isinstance(model, Module):
        remedy = f"; write {model.__name__}()" if isinstance(model, type) else ""
        raise DTypeError(f"summary got a {type(model).__name__} where an nn.Module belongs{remedy}")
    if depth is not None:
        depth = mg.as_integer(depth, "summary", "depth")
    if batch_size is not None and mg.as_integer(batch_size, "summary", "batch_size") < 1:
        raise ArgumentError(
            f"summary got batch_size={batch_size!r}; it is an integer from 1 on, or None for no batch axis"
        )
    if any(is_lazy(tensor) for tensor in [*model.parameters(), *model.buffers()]):
        model = copy.deepcopy(
            model
        )  # whose layers get their shapes from the run; the model's wait for their first input
    inputs = _inputs(input_shape, batch_size, dtype, model)
    recorder = _Recorder(model)
    for tensor in inputs:
        recorder.fields.start(tensor)
    handles: list[Any] = []
    try:
        for module in list(model.modules()):
            handles.append(module.register_forward_pre_hook(recorder.enter, prepend=True))
            handles.append(module.register_forward_hook(recorder.leave, always_call=True))
        with _untouched(model), mg.no_grad(), observe(recorder):
            model(*inputs)
    except MinigradError as error:
        shapes = " and ".join(str(tensor.shape) for tensor in inputs)
        remedy = "batch_size puts a batch axis in front of shapes; is it there already? Then give batch_size=None"
        error.args = (f"{error}. summary ran the model on shape {shapes}: {remedy}, or a tensor",)
        raise
    finally:
        for handle in handles:
            handle.remove()
    rows = _rows(model, recorder.calls)
    parameters = list(model.parameters())
    return Summary(
        tuple(_folded(rows, depth)),
        tuple(tensor.shape for tensor in inputs),
        sum(p.numel() for p in parameters),
        sum(p.numel() for p in parameters if p.requires_grad),
        sum(row.multiplications for row in rows) + recorder.outside.multiplications,
        sum(row.bytes for row in rows),
        sum(p.numel() * p.dtype.itemsize for p in parameters),
    )
