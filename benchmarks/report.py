"""What was measured, as text, Markdown and JSON."""

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from .figures import reached
from .geometries import DENSE
from .parties import PARTIES

Report = dict[str, Any]


class Line(NamedTuple):
    """One line of the table."""

    case: str
    ours: str
    peer: str
    theirs: str
    ratio: str
    at_most: str
    reached: str
    threads: str
    notes: str


HEADINGS = Line("case", "minigrad", "against", "takes", "ratio", "at most", "", "threads: minigrad / other", "notes")


def title(label: str) -> str:
    """How a party is called."""
    return PARTIES[label].title if label in PARTIES else label


def quantity(value: float, unit: str) -> str:
    """A number with three digits and a unit that suits it."""
    scales = {"s": ((1, "s"), (1e-3, "ms"), (1e-6, "µs")), "B": ((2**20, "MB"), (2**10, "kB"))}.get(unit, ((1, ""),))
    factor, name = next((pair for pair in scales if value >= pair[0]), scales[-1])
    number = value / factor
    digits = max(0, 2 - math.floor(math.log10(number))) if number > 0 else 0
    return f"{number:.{digits}f} {name}".strip()


def lines(rows: Iterable[dict[str, Any]]) -> Iterator[Line]:
    """The lines that belong to rows: one for each comparison."""
    for row in rows:
        notes = {True: ["busy"], None: ["idleness unknown"], False: []}[row["busy"]]
        notes += [
            f"{title(label)} failed: {why.strip().splitlines()[-1]}" for label, why in row.get("failed", {}).items()
        ]
        if "stopped" in row:
            yield Line(row["name"], "", "", "", "", "", "", "", f"stopped: {row['stopped'].strip().splitlines()[-1]}")
            continue
        ours, threads = row["ours"], row.get("threads", {})
        value = quantity(row["values"][ours], row["unit"])
        notes += row.get("notes", [])
        if not row["ratios"] or row.get("limit") is not None:
            limit = row.get("limit")
            met = "" if limit is None else mark(row["values"][ours] <= limit, row["busy"])
            allowed = "" if limit is None else quantity(limit, row["unit"])
            yield Line(row["name"], value, "", "", "", allowed, met, threads.get(ours, ""), "; ".join(notes))
        for label, ratio in row["ratios"].items():
            most = row["at_most"].get(label)
            yield Line(
                row["name"], value, title(label), quantity(row["values"][label], row["unit"]), f"{ratio:.2f}",
                "" if most is None else f"{most:.2f}", "" if most is None else mark(ratio <= most, row["busy"]),
                " / ".join(filter(None, (threads.get(ours, ""), threads.get(label, "")))), "; ".join(notes),
            )  # fmt: skip


def mark(reached: bool, busy: bool | None) -> str:
    """Whether a figure is reached; on a busy machine nobody can tell."""
    return "?" if busy else "yes" if reached else "NO"


def heading(report: Report) -> str:
    """The machine, the versions and the settings in a paragraph."""
    about = report["machine"]
    versions = ", ".join(f"{title(name)} {version}" for name, version in report["versions"].items())
    variables = ", ".join(f"{name}={value}" for name, value in about["environment"].items())
    missing = f" Not installed: {', '.join(map(title, report['missing']))}." if report["missing"] else ""
    return (
        f"{report['date'][:10]}, {about['processor']}, {about['processors']} processors, {about['system']}, "
        f"Python {about['python']}, NumPy {about['numpy']} with {about['blas']}{'; ' if versions else ''}{versions}."
        f"{missing} Medians of at least {report['repeats']} interleaved runs"
        f"{'; ' + variables if variables else ''}."
    )


def text(report: Report) -> str:
    """The report for a terminal: all lines, and then the figures to reach."""
    parts = [heading(report), _columns(list(lines(report["rows"])))]
    for group in dict.fromkeys(row["group"] for row in report["rows"]):
        parts += notes_on(group)
    found = list(summary(report["rows"]))
    if found:
        parts.append(_columns(found))
    return "\n\n".join(parts)


def _columns(body: list[Line]) -> str:
    """A table in columns."""
    table = [HEADINGS, *body]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    drawn = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table]
    return "\n".join(drawn)


def markdown(report: Report) -> str:
    """The report as Markdown: a table for each group of cases."""
    parts = [heading(report)]
    found = list(summary(report["rows"]))
    if found:
        parts += ["### The figures to reach", "\n".join(_table(found))]
    for group in dict.fromkeys(row["group"] for row in report["rows"]):
        rows = [row for row in report["rows"] if row["group"] == group]
        parts += [f"### {TITLES.get(group, group)}", *notes_on(group), "\n".join(_table(list(lines(rows))))]
    return "\n\n".join(parts) + "\n"


def notes_on(group: str) -> list[str]:
    """What must be known to read the rows of a group."""
    return [DENSE] if group == "grid" else []


def _table(body: list[Line]) -> list[str]:
    """Rows of a Markdown table, without the columns that stand empty."""
    used = [number for number, cells in enumerate(zip(*body, strict=True)) if any(cells)]

    def drawn(cells: Iterable[str]) -> str:
        return f"| {' | '.join(cell.replace('|', '·') for cell in cells)} |"

    picked = [[line[number] for number in used] for line in [HEADINGS, *body]]
    return [drawn(picked[0]), drawn("---" for _ in used), *(drawn(cells) for cells in picked[1:])]


def summary(rows: list[dict[str, Any]]) -> Iterator[Line]:
    """A line for each figure to reach: the mean over its cases, or the worst of them."""
    for figure, ratio, cases, worst, busy in reached(rows):
        notes = f"geometric mean of {cases}" if figure.mean else f"the worst of {cases}: {worst}"
        yield Line(figure.name, "", title(figure.against), "", f"{ratio:.2f}", f"{figure.at_most:.2f}",
                   mark(ratio <= figure.at_most, busy), "", "" if cases == 1 else notes)  # fmt: skip
    for row in rows:
        if row["group"] == "import" and row.get("limit") is not None:
            yield next(lines([row]))


TITLES = {
    "lenet": "LeNet-5, one step of training",
    "autoencoder": "Autoencoder, one step of training",
    "layers": "Single layers",
    "pointwise": "Pooling, normalisation and losses",
    "grid": "Convolutions of every kind, forward + backward",
    "operations": "Operations on four elements",
    "import": "Import",
    "memory": "Memory",
    "mnist": "MNIST",
    "scaling": "Cost by size: the exponent",
}


def save(report: Report, path: Path) -> None:
    """Write the report as JSON."""
    path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load(path: Path) -> Report:
    """Read what `save` wrote."""
    report: Report = json.loads(path.read_text(encoding="utf-8"))
    return report
