"""Speed and memory of minigrad beside PyTorch, JAX, MyGrad and HIPS autograd: everything, in one run.

python benchmarks/run.py
python benchmarks/run.py --cases lenet autoencoder --peers torch jax
python benchmarks/run.py --out docs/reference/benchmarks.json --markdown table.md
python benchmarks/run.py --cases layers --out docs/reference/benchmarks.json --update   # the other rows stay
python benchmarks/run.py --show docs/reference/benchmarks.json

Each library lives in a process of its own for the whole run. Before a case is measured, all results are compared;
then the processes take turns in blocks, in changing order, with a moment in between. Each case waits for an idle
machine; if it does not become idle, or somebody else works in the meantime, the row is marked "busy". Nothing is
pinned and no environment variable is set.
"""

import argparse
import os
import sys
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import catalogue, machine, report
from benchmarks.interleaving import Workers
from benchmarks.measures import Settings, measure
from benchmarks.parties import PARTIES, PEERS, installed


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    groups = list(catalogue.GROUPS)
    parser.add_argument(
        "--cases", nargs="+", choices=groups, default=groups, metavar="GROUP", help=f"of {', '.join(groups)}"
    )
    parser.add_argument("--only", default="", metavar="WORDS", help="cases whose name contains this")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=PEERS, help="whom to compare with (default: all)")
    parser.add_argument("--repeats", type=int, default=40, help="runs of each at least (default: 40)")
    parser.add_argument("--timeout", type=float, default=60, help="seconds to wait for an idle machine (default: 60)")
    parser.add_argument("--quick", action="store_true", help="few and small cases, two runs each: does it all work?")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the report there as JSON")
    parser.add_argument("--update", action="store_true", help="keep the rows of FILE that are not measured now")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables there as Markdown")
    parser.add_argument("--show", type=Path, metavar="FILE", help="print a report that was written before")
    return parser.parse_args()


def needs_mnist(case: catalogue.Case) -> bool:
    """Whether a case reads the files of MNIST."""
    return case.entries[0].options.get("data") == "mnist"


def run(args: argparse.Namespace) -> report.Report:
    """Measure all cases that are asked for, printing the lines as they come."""
    missing = [peer for peer in args.peers if not installed(PARTIES[peer].library)]
    left_out = tuple(peer for peer in PEERS if peer not in args.peers or peer in missing)
    repeats, timeout = (2, 0.0) if args.quick else (args.repeats, args.timeout)
    settings = Settings(repeats, timeout, left_out)
    cases = [case for group in args.cases for case in catalogue.GROUPS[group](args.quick) if args.only in case.name]
    for peer in missing:
        print(f"{PARTIES[peer].title} is not installed and is left out", flush=True)
    if "MINIGRAD_DATA" not in os.environ and any(map(needs_mnist, cases)):
        print("MINIGRAD_DATA does not name a folder with the four files of MNIST; its cases are left out", flush=True)
        cases = [case for case in cases if not needs_mnist(case)]
    rows = []
    with Workers() as workers:
        for case in cases:
            row = measure(case, workers, settings)
            rows.append(row)
            for line in report.lines([row]):
                print(" | ".join(filter(None, line)), flush=True)
        versions = workers.versions()
    return {
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "versions": versions,
        "missing": missing,
        "repeats": repeats,
        "rows": rows,
    }


def merged(new: report.Report, path: Path) -> report.Report:
    """The rows of `new`, and those of an older report of the same machine and versions that are not in it."""
    old = report.load(path)
    if old["machine"] != new["machine"] or any(
        old["versions"].get(name, version) != version for name, version in new["versions"].items()
    ):
        raise SystemExit(f"{path} is of another machine or other versions: write to another file, without --update")
    rows = {row["name"]: row for row in [*old["rows"], *new["rows"]]}
    order = list(catalogue.GROUPS)
    return new | {
        "versions": old["versions"] | new["versions"],
        "repeats": min(old["repeats"], new["repeats"]),
        "rows": sorted(rows.values(), key=lambda row: order.index(row["group"])),
    }


def main() -> None:
    """Measure, print and write."""
    args = arguments()
    if args.show:
        print(report.text(report.load(args.show)))
        return
    found = run(args)
    if args.update and args.out and args.out.exists():
        found = merged(found, args.out)
    print()
    print(report.text(found))
    if args.out:
        report.save(found, args.out)
    if args.markdown:
        args.markdown.write_text(report.markdown(found), encoding="utf-8")
    if stopped := [row["name"] for row in found["rows"] if "stopped" in row]:
        sys.exit(f"stopped, for the reasons above: {'; '.join(stopped)}")


if __name__ == "__main__":
    main()
