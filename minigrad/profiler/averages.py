"""Events added up: by operation and by layer, with tables."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from ..errors import ArgumentError
from .events import Event
from .recorder import Options

__all__ = ["Average", "Averages", "Layer", "Layers"]


class Average:
    """What several events have in common, and the sums of the rest; times are microseconds.

    Attributes: `key`, their name; `direction`, 'forward', 'backward' or 'update'; `count`; `cpu_time_total`,
    `self_cpu_time_total`; `flops`, `bytes`, `cpu_memory_usage`; `input_shapes`, `stack` and `layer` where
    events were told apart by them.

    >>> import minigrad as mg
    >>> with mg.profiler.profile() as prof: _ = mg.ones(2).exp().exp()
    >>> row = prof.key_averages()[0]; row.key, row.direction, row.count
    ('exp', 'forward', 2)
    """

    def __init__(self, key: str, direction: str) -> None:
        self.key = key
        self.direction = direction
        self.kind = ""
        self.count = 0
        self.cpu_time_total = 0.0
        self.self_cpu_time_total = 0.0
        self.flops = 0
        self.bytes = 0
        self.cpu_memory_usage = 0
        self.input_shapes: tuple[tuple[int, ...], ...] = ()
        self.stack: tuple[str, ...] = ()
        self.layer = ""
        self.top_level = False

    def add(self, event: Event) -> None:
        """Count an event; its time is not counted again where it happened inside another of this row."""
        self.kind = event.kind
        self.count += 1
        self.self_cpu_time_total += event.self_cpu_time_total
        if not any(one.name == event.name and one.kind == event.kind for one in event.ancestors()):
            self.cpu_time_total += event.cpu_time_total
        self.top_level |= event.kind != "operation" or event.parent is None or event.parent.kind != "step"
        self.flops += event.flops
        self.bytes += event.bytes
        self.cpu_memory_usage += event.allocated

    @property
    def cpu_time(self) -> float:
        """The mean of `cpu_time_total`."""
        return self.cpu_time_total / self.count if self.count else 0.0

    @property
    def gflops(self) -> float:
        """10⁹ floating-point operations per second of its own time."""
        return self.flops / self.self_cpu_time_total / 1000 if self.self_cpu_time_total else 0.0

    def __repr__(self) -> str:
        return f"<{self.key} {self.direction}: {self.count} calls, {_time(self.self_cpu_time_total)}>"


_SORTS = ("count", "cpu_time", "cpu_time_total", "self_cpu_time_total", "cpu_memory_usage", "flops", "gflops", "bytes")


class Averages(list[Average]):
    """The rows of `key_averages`: a list with a table.

    >>> import minigrad as mg
    >>> with mg.profiler.profile() as prof: _ = mg.ones(2).exp()
    >>> prof.key_averages().total_average().flops
    2
    """

    options = Options(False, False, False, True)
    shown: tuple[bool, bool, bool] = (False, False, False)

    @classmethod
    def of(cls, events: Iterable[Event], shapes: bool, lines: int, layers: bool, options: Options) -> "Averages":
        """Add up the events that agree in name and direction, and in what else is asked for."""
        groups: dict[Any, Average] = {}
        rows = cls()
        rows.options, rows.shown = options, (layers, shapes, lines > 0)
        for event in events:
            direction = "" if event.kind in ("region", "module") else event.direction
            stack = tuple(map(str, event.stack[:lines]))
            key = (
                event.kind, event.name, direction, event.input_shapes if shapes else (), stack,
                event.layer if layers else "",
            )  # fmt: skip
            row = groups.get(key)
            if row is None:
                row = groups[key] = Average(event.name, direction)
                row.input_shapes, row.stack, row.layer = key[3:]
            row.add(event)
        rows.extend(groups.values())
        return rows

    def total_average(self) -> Average:
        """All rows added up; its total time is that of the outermost events."""
        total = Average("Total", "")
        for row in self:
            total.count += row.count
            total.self_cpu_time_total += row.self_cpu_time_total
            total.flops += row.flops
            total.bytes += row.bytes
            total.cpu_memory_usage += row.cpu_memory_usage
        total.cpu_time_total = total.self_cpu_time_total
        return total

    def table(
        self,
        sort_by: str | None = None,
        row_limit: int = 100,
        max_src_column_width: int = 75,
        max_name_column_width: int = 55,
        max_shapes_column_width: int = 80,
        header: str | None = None,
        top_level_events_only: bool = False,
    ) -> str:
        """The rows as text, sorted by one of their numbers, largest first, by default by their own time.

        Raises `ArgumentError` for another name to sort by.
        """
        sort_by = "self_cpu_time_total" if sort_by is None else sort_by
        if sort_by not in _SORTS:
            raise ArgumentError(f"table got sort_by={sort_by!r}; it sorts by {', '.join(_SORTS)}")
        rows = sorted(self, key=lambda row: -getattr(row, sort_by))
        if top_level_events_only:
            rows = [row for row in rows if row.top_level]
        if row_limit >= 0:
            rows = rows[:row_limit]
        total = self.total_average()
        whole = total.self_cpu_time_total or 1.0
        columns: list[tuple[str, Callable[[Average], str]]] = [
            ("Name", lambda row: _cut(row.key, max_name_column_width)),
            ("Pass", lambda row: row.direction),
            ("Calls", lambda row: str(row.count)),
            ("Self CPU %", lambda row: f"{100 * row.self_cpu_time_total / whole:.1f}%"),
            ("Self CPU", lambda row: _time(row.self_cpu_time_total)),
            ("CPU total", lambda row: _time(row.cpu_time_total)),
            ("CPU time avg", lambda row: _time(row.cpu_time)),
            ("Results", lambda row: _size(row.bytes)),
        ]
        if self.options.memory:
            columns.append(("CPU Mem", lambda row: _size(row.cpu_memory_usage)))
        if self.options.flops:
            columns += [
                ("MFLOP", lambda row: f"{row.flops / 1e6:.3f}" if row.flops else "–"),
                ("GFLOP/s", lambda row: f"{row.gflops:.2f}" if row.flops else "–"),
            ]
        layers, shapes, lines = self.shown
        texts: list[tuple[str, Callable[[Average], str]]] = []
        if layers:
            texts.append(("Layer", lambda row: _cut(row.layer, max_name_column_width)))
        if shapes:
            texts.append(("Input shapes", lambda row: _cut(str(list(row.input_shapes)), max_shapes_column_width)))
        if lines:
            texts.append(("Lines", lambda row: _cut(" < ".join(row.stack), max_src_column_width)))
        table = _table([*columns, *texts], rows, left=(0, 1, *range(len(columns), len(columns) + len(texts))))
        end = f"Self CPU time total: {_time(total.self_cpu_time_total)}"
        if self.options.flops:
            end += f", {total.flops / 1e6:.3f} MFLOP"
        return "\n".join([*([header] if header else []), table, end])

    def __str__(self) -> str:
        return self.table()

    __repr__ = __str__


class Layer(NamedTuple):
    """What belongs to one module itself, without the modules in it; times are microseconds.

    >>> import minigrad as mg, nn
    >>> model, x = nn.Sequential(nn.Linear(2, 3)), mg.ones(1, 2)
    >>> with mg.profiler.profile() as prof: _ = model(x)
    >>> row = prof.layers()[-1]; row.layer, row.kind, row.calls
    ('Sequential.0', 'Linear', 1)
    """

    layer: str
    kind: str
    calls: int
    forward: float
    backward: float
    forward_flops: int
    backward_flops: int
    bytes: int

    @property
    def total(self) -> float:
        """Forward and backward together."""
        return self.forward + self.backward


class Layers(list[Layer]):
    """The rows of `profile.layers()`, in the order of the first call: a list whose text is a table.

    >>> import minigrad as mg, nn
    >>> x = mg.ones(2)
    >>> with mg.profiler.profile() as prof: _ = nn.Tanh()(x)
    >>> [row.layer for row in prof.layers()]
    ['Tanh']
    """

    @classmethod
    def of(cls, events: Iterable[Event]) -> "Layers":
        """Add up the time of events by the layer that they belong to; regions and optimisers are no layers."""
        rows: dict[str, list[Any]] = {}
        for event in events:
            if event.direction == "update" or (event.kind == "region" and not event.layer):
                continue
            row = rows.setdefault(event.layer, [event.module, 0, 0.0, 0.0, 0, 0, 0])
            row[1] += event.kind == "module" and (event.parent is None or event.layer != event.parent.layer)
            row[3 if event.backward else 2] += event.self_cpu_time_total
            row[5 if event.backward else 4] += event.flops
            row[6] += event.bytes
        outside = rows.pop("", None)
        result = cls(Layer(layer, *row) for layer, row in rows.items())
        if outside is not None:
            result.append(Layer("outside of modules", *outside))
        return result

    def table(self) -> str:
        """The rows as text, with their sums."""
        whole = sum(row.total for row in self) or 1.0
        sums = [sum(column) for column in zip(*(row[3:] for row in self), strict=True)] or [0] * 5
        rows = [*self, Layer("Total", "", 0, *sums)]
        columns: list[tuple[str, Callable[[Layer], str]]] = [
            ("Layer", lambda row: row.layer),
            ("Kind", lambda row: row.kind),
            ("Calls", lambda row: str(row.calls or "")),
            ("Forward", lambda row: _time(row.forward)),
            ("Backward", lambda row: _time(row.backward)),
            ("%", lambda row: f"{100 * row.total / whole:.1f}%"),
            ("MFLOP forward", lambda row: f"{row.forward_flops / 1e6:.3f}"),
            ("backward", lambda row: f"{row.backward_flops / 1e6:.3f}"),
            ("Results", lambda row: _size(row.bytes)),
        ]
        return _table(columns, rows, left=(0, 1))

    def __str__(self) -> str:
        return self.table()

    __repr__ = __str__


# ------------------------------------------------------------------------ text


def _time(microseconds: float) -> str:
    if microseconds >= 1e6:
        return f"{microseconds / 1e6:.3f}s"
    return f"{microseconds / 1e3:.3f}ms" if microseconds >= 1e3 else f"{microseconds:.3f}us"


def _size(count: int) -> str:
    value, units = float(count), ["B", "KiB", "MiB", "GiB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{count} B" if units[0] == "B" else f"{value:.2f} {units[0]}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= max(width, 4) else text[: max(width, 4) - 3] + "..."


def _table(columns: Sequence[tuple[str, Callable[[Any], str]]], rows: Sequence[Any], left: Sequence[int]) -> str:
    """Lines of text: a head, a rule, the rows, a rule."""
    lines = [[name for name, _ in columns], *([cell(row) for _, cell in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = [
        "  ".join(
            cell.ljust(width) if number in left else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([texts[0], rule, *texts[1:], rule])
