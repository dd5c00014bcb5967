"""Random valid and invalid arguments at every public function: it returns, or refuses in our own words.

    python tests/campaigns/robustness.py --cases 20000 --seed 0 [--only minigrad.add] [--round 17] [--torch]

Every round has one case of each function; a case is known by the seed, its
round and its function, and `--only` with `--round` repeats it. With
`--torch` results and gradients are compared with PyTorch's. The summary tells
what was returned and refused, function by function with `--table`.
"""

import argparse
import collections
import contextlib
import inspect
import itertools
import os
import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

import minigrad as mg
from tests.campaigns.arguments import GARBAGE, Draw
from tests.campaigns.judging import FOREIGN, Verdict, judged, walked
from tests.campaigns.targets import Target, targets

MEMORY = 2 << 30  # bytes; PyTorch needs some more
# They change a switch, which is what they are for.
SWITCHING = {"minigrad.set_default_dtype", "minigrad.set_grad_enabled", "minigrad.seed", "minigrad.manual_seed"}

# Errors of the user's own objects, which pass through.
USERS: dict[str, tuple[type[Exception], ...]] = {
    "data.Subset": (IndexError, TypeError, KeyError),
    "transforms.Lambda": (Exception,),
    "transforms.Compose": (Exception,),
    "nn.Module.apply": (Exception,),
    # Paths and names that are not there: Python's kinds of error, in words of ours.
    **dict.fromkeys([f"nn.Module.{name}" for name in ("get_submodule", "set_submodule", "get_parameter", "get_buffer")],
                    (AttributeError,)),
    **dict.fromkeys([f"nn.{kind}Dict{name}" for kind in ("Module", "Parameter") for name in ("[]", ".del", ".pop")],
                    (KeyError,)),
}  # fmt: skip
# They run modules, which may keep statistics before another raises.
RUNNING = {"nn.Residual", "nn.Concat", "nn.Sequential", "models.BasicBlock", "models.Bottleneck"}


class Case(NamedTuple):
    """A call with real arguments; `mutated` of them are not those of the valid call."""

    target: Target
    args: tuple[Any, ...]
    keywords: dict[str, Any]
    mutated: int

    def __str__(self) -> str:
        given = [source(one) for one in self.args]
        given += [f"{name}={source(value)}" for name, value in self.keywords.items()]
        return f"{self.target.name}({', '.join(given)})"


def source(value: Any) -> str:
    """A value as one would type it, where that is short."""
    if isinstance(value, mg.Tensor):
        try:
            array = value._array
        except mg.errors.MinigradError:
            return "mg.Uninitialized()"
        asks = f", requires_grad={value.requires_grad}" + ("" if value.is_leaf else "  # recorded")
        return f"mg.from_numpy({source(array)}){asks if value.requires_grad else ''}"
    if isinstance(value, np.ndarray):
        text = (
            f"np.array({value.tolist()!r}, {value.dtype.str!r})"
            if value.size < 30
            else f"<{value.dtype} {value.shape}>"
        )
        flags = [] if value.flags.c_contiguous else [f"strides {value.strides}"]
        return text + "".join(f" <{one}>" for one in [*flags, *([] if value.flags.writeable else ["read-only"])])
    if type(value) in (list, tuple):
        return f"{type(value).__name__}({', '.join(map(source, value))})"
    text = repr(value) if not isinstance(value, int) or abs(value) < 2**80 else "10**400"
    return text if len(text) < 200 else text[:200] + "…"


def optional_names(function: Callable[..., Any]) -> list[str]:
    """The arguments with defaults that may go by name."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return []
    return [one.name for one in parameters if one.default is not one.empty and one.kind is not one.POSITIONAL_ONLY]


def drawn(target: Target, rng: random.Random, large: bool) -> Case:
    """A valid call of the function, of which up to three arguments are replaced."""
    draw = Draw(rng, large)
    call = rng.choice(target.calls)
    positional, by_name = dict(call.positional), dict(call.by_name)
    count = rng.choices(range(4), [20, 42, 25, 13])[0]
    names = [*positional, *by_name]
    chosen = set(rng.sample(names, min(count, len(names))))
    receiver = next(iter(positional), "") if target.receiver else ""
    for values in (positional, by_name):
        for name in values:
            if name == receiver:
                values[name] = draw.receiver(values[name], target.changing, name in chosen)
            else:
                values[name] = draw.real(draw.another(name, values[name]) if name in chosen else values[name])
    foreign = target.name.partition(".")[0] in ("numpy", "operator", "format")  # their options are not ours
    known = [] if foreign else optional_names(target.function)
    for name in known:
        if name not in positional and name not in by_name and rng.random() < 0.08:
            by_name[name] = draw.real(draw.another(name, None))
            count += 1
    if positional and rng.random() < 0.3:  # the last arguments by their names
        for name in list(positional)[: 0 if target.receiver else None : -1][: rng.randint(1, 3)]:
            if name in known:
                by_name[name] = positional.pop(name)
            else:
                break
    if rng.random() < 0.02 and positional and len(positional) > bool(receiver):
        positional.popitem()
        count += 1
    elif rng.random() < 0.02 and not foreign:
        by_name["unknown" if rng.random() < 0.5 else "out"] = draw.real(rng.choice(GARBAGE))
        count += 1
    return Case(target, tuple(positional.values()), by_name, count)


def writes_in_place(case: Case) -> bool:
    """Whether the call asks for `inplace`."""
    with contextlib.suppress(TypeError, ValueError):
        asked = inspect.signature(case.target.function).bind_partial(*case.args, **case.keywords).arguments
        return asked.get("inplace", False) is not False
    return case.keywords.get("inplace", False) is not False


def run(case: Case) -> Verdict:
    """The verdict on a case, its gradients included."""
    target = case.target
    changing = 9 if writes_in_place(case) else target.changing
    operator = target.name.partition(".")[0] in ("operator", "format", "numpy")
    verdict = judged(
        target.function, case.args, case.keywords,
        changing=changing, switching=target.name in SWITCHING, operator=operator,
        seconds=60 if target.name.startswith("models.") else 5,
    )  # fmt: skip
    known = isinstance(verdict.error, USERS.get(target.name, ())) and (
        target.name == "nn.Module.apply" or FOREIGN.search(str(verdict.error)) is None
    )
    if target.name in RUNNING and verdict.fault.startswith("argument"):
        return verdict._replace(fault="")
    if verdict.fault and known and len(str(verdict.error)) > 10:
        return verdict._replace(fault="")
    if verdict.returned and not verdict.fault:
        result = case.args[0] if case.args and target.changing and verdict.result is None else verdict.result
        fault = walked(result, [*case.args, *case.keywords.values()])
        verdict = verdict._replace(fault=fault)
    return verdict


def cases(every: dict[str, Target], seed: int, rounds: Iterable[int], large: bool) -> Iterator[tuple[int, Case]]:
    """One case of each function in every round."""
    for number in rounds:
        for name, target in every.items():
            yield number, drawn(target, random.Random(f"{seed}/{number}/{name}"), large)


@contextlib.contextmanager
def own_folder() -> Iterator[None]:
    """A block in a folder of its own."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def campaign(every: dict[str, Target], options: argparse.Namespace) -> int:
    """Run the cases, print what is wrong, and return how often something was."""
    judge = None
    if options.torch:
        from tests.campaigns.against_torch import disagreement as judge
        from tests.campaigns.against_torch import twin_of
    returned: collections.Counter[str] = collections.Counter()
    refused: collections.Counter[str] = collections.Counter()
    told: collections.Counter[str] = collections.Counter()
    faults, compared, started = 0, collections.Counter(), time.time()
    single = options.round is not None
    rounds = [options.round] if single else itertools.count()
    number = 0
    for turn, case in itertools.islice(cases(every, options.seed, rounds, True), options.cases):
        number += 1
        if single:
            print(case)
        twin = twin_of(case) if judge is not None else None
        verdict = run(case)
        (returned if verdict.returned else refused)[case.target.name] += 1
        fault = verdict.fault
        if judge is not None and not fault:
            outcome, fault = judge(case, verdict, twin)
            compared[outcome] += 1
        if single:
            print(f"-> {verdict}")
        if fault:
            faults += 1
            key = (
                fault[fault.find("[") :]
                if fault.endswith("]") and "[]" not in fault
                else f"{case.target.name} {fault[:60]}"
            )
            key = re.sub(r"-?\d+(\.\d+)?(e[-+]\d+)?|nan|inf|\[\[.*|\[[^a-z]*, P", "#", key)
            told[key] += 1
            if told[key] <= options.repeat:
                print(f"--only {case.target.name} --round {turn}: {fault}\n    {str(case)[:900]}")
    print(f"\n{number} cases at {len(every)} functions in {time.time() - started:.0f} s, seed {options.seed}:")
    print(f"{returned.total()} returned, {refused.total()} refused, {faults} faults of {len(told)} kinds")
    if judge is not None:
        print("PyTorch:", ", ".join(f"{count} {outcome}" for outcome, count in compared.most_common()))
    if options.table:
        for name in every:
            print(f"{name:40} {returned[name]:6} returned {refused[name]:6} refused")
    return faults


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="parts of names, separated by commas")
    parser.add_argument("--round", type=int, help="repeat the cases of one round")
    parser.add_argument("--torch", action="store_true", help="compare with PyTorch")
    parser.add_argument("--table", action="store_true", help="count by function")
    parser.add_argument("--repeat", type=int, default=1, help="how often to show one kind of fault")
    options = parser.parse_args()
    memory = MEMORY * 3 if options.torch else MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    every = targets()
    if options.only:
        words = options.only.split(",")
        every = {
            name: one
            for name, one in every.items()
            if any(word in ((name,) if word in every else name) for word in words)
        }
    with own_folder():
        return 1 if campaign(every, options) else 0


if __name__ == "__main__":
    sys.exit(main())
