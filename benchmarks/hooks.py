"""What hooks and observers cost a training step that uses none.

python benchmarks/hooks.py
python benchmarks/hooks.py --pairs 20 --threads 2
python benchmarks/hooks.py --against-itself   # how much two processes of the same code differ

Two processes train LeNet-5 on the sample of MNIST, batches of 32, taking turns. One has the
library as it is. The other loads the same source with the places where hooks and
observers are asked for taken out of the syntax tree: the rules stand below, each must
find something to take out, and afterwards none of the names may be left in the code
that runs. Both must reach the same loss. A process is a little quicker or slower for
as long as it lives, so there are several pairs of them. Printed are the median step of each
and the ratio.
"""

import argparse
import ast
import importlib.machinery
import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# Module and function -> names: statements that mention one are taken out, of an `if` its condition
# and body, of a `with` the one item.
SEAMS = {
    "minigrad.primitive": {"_apply": ["watching"]},
    "minigrad.tensor.inplace": {"writing": ["observers"]},
    "minigrad.tape": {
        "walk": ["watching", "hooks", "planned"],
        "_step": ["posthooks"],
        "keep": ["grown", "posthooks"],
        "_fill": ["hooks", "prehooks", "posthooks"],
        "__init__": ["grown"],
    },
    "minigrad.tensor.core": {"backward": ["region"]},
    "minigrad.optim.optimizer": {"step": ["region"]},
    "nn.module": {"__call__": ["watching", "own"]},
}


class Remover(ast.NodeTransformer):
    """Takes the statements that use a name out of a module's functions."""

    def __init__(self, rules):
        self.rules = rules
        self.names = []
        self.removed = Counter()

    def visit_FunctionDef(self, node):
        before, self.names = self.names, [*self.names, *((node.name, name) for name in self.rules.get(node.name, ()))]
        self.generic_visit(node)
        node.body = node.body or [ast.Pass()]
        self.names = before
        return node

    def found(self, *parts):
        """Whether one of the names stands in a part of the tree; it is counted."""
        for function, name in self.names:
            for part in parts:
                for node in ast.walk(part):
                    if name in (getattr(node, "id", None), getattr(node, "attr", None)):
                        self.removed[function, name] += 1
                        return True
        return False

    def visit_If(self, node):
        self.generic_visit(node)
        if self.found(node.test):
            return node.orelse
        node.body = node.body or [ast.Pass()]
        return node

    def visit_For(self, node):
        self.generic_visit(node)
        return None if self.found(node.iter) else node

    def visit_With(self, node):
        self.generic_visit(node)
        node.items = [item for item in node.items if not self.found(item.context_expr)]
        return node if node.items else node.body

    def statement(self, node):
        return None if self.found(node) else node

    visit_Assign = visit_AnnAssign = visit_Expr = statement


class Loader(importlib.machinery.SourceFileLoader):
    """Compiles a module without its seams, and never reads or writes byte code."""

    def get_code(self, name):
        remover = Remover(SEAMS[name])
        tree = ast.fix_missing_locations(remover.visit(ast.parse(self.get_data(self.path))))
        wanted = {(function, one) for function, names in SEAMS[name].items() for one in names}
        if wanted - remover.removed.keys():
            raise SystemExit(f"{name}: nothing found for {sorted(wanted - remover.removed.keys())}; mend SEAMS")
        REMOVED[name] = sum(remover.removed.values())
        return compile(tree, self.path, "exec")


REMOVED = {}


class Finder:
    """Finds the modules that have seams."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in SEAMS:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        spec.loader = Loader(name, spec.origin)
        return spec


def check_that_they_are_gone():
    """No function of SEAMS may know a name that was taken out of it."""
    import minigrad as mg
    import nn
    from minigrad import tape
    from minigrad.primitive import Primitive
    from minigrad.tensor import core

    functions = [Primitive._apply, tape.walk, tape._step, tape.Leaf.keep, tape.Node._fill, core.backward,
                 mg.optim.Optimizer.step, nn.Module.__call__]  # fmt: skip
    names = {name for rules in SEAMS.values() for found in rules.values() for name in found}
    names |= {"observers", "_forward_hooks"}
    left = {f.__qualname__: sorted(names & {*f.__code__.co_names, *f.__code__.co_varnames}) for f in functions}
    if any(left.values()):
        raise SystemExit(f"seams that are still there: {left}")


def worker(without):
    """Answer each line of the input, a number of steps, with their times in nanoseconds and the last loss."""
    sys.path.insert(0, str(ROOT))
    if without:
        sys.meta_path.insert(0, Finder)
    import minigrad as mg
    import nn
    import nn.functional as F

    if without:
        check_that_they_are_gone()
        if REMOVED.keys() != SEAMS.keys():
            raise SystemExit(f"not all modules were loaded without seams: {sorted(SEAMS.keys() - REMOVED.keys())}")
    mg.manual_seed(0)
    sample = mg.datasets.mnist_sample()
    images, labels = sample.data[:1024].float().unsqueeze(1) / 255, sample.targets[:1024]
    model = nn.models.LeNet5(input_size=28)
    optimizer = mg.optim.SGD(model.parameters(), lr=0.01)
    number = 0
    print(json.dumps(sum(REMOVED.values())), flush=True)
    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            batch = slice(number % 32 * 32, number % 32 * 32 + 32)
            x, y = images[batch], labels[batch]
            number += 1
            start = time.perf_counter_ns()
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            times.append(time.perf_counter_ns() - start)
        print(json.dumps([times, loss.item()]), flush=True)


def measure(blocks, steps, threads, kinds):
    """The median step of each of two processes, in blocks that take turns, and how many places were taken out."""
    variables = os.environ | {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    both = [
        subprocess.Popen(
            [sys.executable, __file__, "--worker", kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=variables,
        )
        for kind in kinds
    ]  # fmt: skip

    def ask(process, count):
        process.stdin.write(f"{count}\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline() or "null") or sys.exit("a process ended early")

    try:
        removed = [json.loads(process.stdout.readline() or "null") for process in both]
        if [bool(count) for count in removed] != [kind == "without" for kind in kinds]:
            raise SystemExit(f"the processes took out {removed} places; they should be {kinds}")
        times = ([], [])
        for block in range(-1, blocks):  # the first is for warming up
            losses = {}
            for which in (0, 1) if block % 2 else (1, 0):
                found, losses[which] = ask(both[which], steps)
                if block >= 0:
                    times[which].extend(found)
            if losses[0] != losses[1]:
                raise SystemExit(f"the two do not compute the same: losses {losses}")
    finally:
        for process in both:
            process.stdin.close()
            process.wait()
    return [statistics.median(found) / 1e6 for found in times], removed[1]


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=7, help="pairs of processes (default: 7)")
    parser.add_argument("--blocks", type=int, default=15, help="how often a pair takes turns (default: 15)")
    parser.add_argument("--steps", type=int, default=10, help="training steps in a block (default: 10)")
    parser.add_argument("--threads", type=int, default=1, help="threads of the matrix products (default: 1)")
    parser.add_argument("--against-itself", action="store_true", help="compare the library as it is with itself")
    parser.add_argument("--worker", choices=["with", "without"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        worker(args.worker == "without")
        return
    kinds = ("with", "with" if args.against_itself else "without")
    found = [measure(args.blocks, args.steps, args.threads, kinds) for _ in range(args.pairs)]
    one, other = zip(*(medians for medians, _ in found), strict=True)
    ratios = sorted(a / b for a, b in zip(one, other, strict=True))
    what = "the same again" if args.against_itself else f"without {found[0][1]} seams"
    setting = f"{args.blocks} × {args.steps} steps, {args.threads} thread(s)"
    print(f"LeNet-5, batch 32, {args.pairs} pairs of processes, {setting}")
    print(f"as it is          {statistics.median(one):.3f} ms a step")
    print(f"{what:17} {statistics.median(other):.3f} ms a step")
    print(f"ratio             {statistics.median(ratios):.4f} (of the pairs: {ratios[0]:.4f} to {ratios[-1]:.4f})")


if __name__ == "__main__":
    main()
