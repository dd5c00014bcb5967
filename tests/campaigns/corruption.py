"""Damages checkpoint files in all kinds of ways; each must be refused in our words, and leave the run as it was.

    python tests/campaigns/corruption.py --cases 1000 --seed 0 [--forged 1000]

A case damages a good file by an accident (cut, flipped bits, lost or swapped blocks, two files spliced, …) or is one
of the hostile files below. It must end in `DataError`, with model, optimiser, loader and random numbers untouched and
memory bounded by a small multiple of the file's size. Forged files are changed inside and have a right checksum: they
may be loaded, but then wholly.
"""

import argparse
import collections
import io
import json
import os
import random
import re
import sys
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

import minigrad as mg
import nn
from minigrad.errors import DataError, MinigradError
from minigrad.serialization import load_checkpoint, save_checkpoint
from minigrad.serialization.seals import BLANK, MARK, digest_of
from minigrad.utils.data import DataLoader, TensorDataset

# Memory that a case may take: so many times the size of its file, and so much besides.
FACTOR, BESIDE = 25, 2**21


class Run:
    """What a checkpoint is loaded into."""

    def __init__(self, seed: int) -> None:
        mg.manual_seed(seed)
        self.model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(48, 3))
        self.optimizer = mg.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9)
        self.scheduler = mg.optim.lr_scheduler.StepLR(self.optimizer, 3)
        self.loader = DataLoader(TensorDataset(mg.rand(12, 1, 6, 6), mg.randint(0, 3, (12,))), 4, shuffle=True)
        self.noise = mg.Generator().manual_seed(seed)
        for x, labels in self.loader:
            nn.functional.cross_entropy(self.model(x), labels).backward()
            self.optimizer.step()
        self.scheduler.step()

    def objects(self) -> dict[str, Any]:
        """The entries of its checkpoint."""
        return {"model": self.model, "optimizer": self.optimizer, "scheduler": self.scheduler, "loader": self.loader,
                "noise": self.noise}  # fmt: skip

    def bits(self) -> list[Any]:
        """All of its state, to be compared."""
        states = {name: one.state_dict() for name, one in self.objects().items() if name != "noise"}
        return [flat(states), self.noise.get_state(), mg.get_rng_state().tolist()]


def flat(value: Any) -> Any:
    """Nested containers with tensors as bytes."""
    if isinstance(value, dict):
        return {key: flat(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [flat(one) for one in value]
    return value.numpy().tobytes() if isinstance(value, mg.Tensor) else repr(value)


# ------------------------------------------------------------------ accidents


def cut(raw: bytes, draw: random.Random, other: bytes) -> bytes:
    """The end is missing."""
    return raw[: draw.randrange(len(raw))]


def headless(raw: bytes, draw: random.Random, other: bytes) -> bytes:
    """The beginning is missing."""
    return raw[draw.randrange(1, len(raw)) :]


def one_bit(raw: bytes, draw: random.Random, other: bytes) -> bytes:
    """One bit is another."""
    changed = bytearray(raw)
    changed[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def some_bits(raw: bytes, draw: random.Random, other: bytes) -> bytes:
    """Several bits are others."""
    for _ in range(draw.randrange(2, 20)):
        raw = one_bit(raw, draw, other)
    return raw


def block(raw: bytes, draw: random.Random) -> tuple[int, int]:
    """Where a stretch of the file starts and ends."""
    start = draw.randrange(len(raw))
    return start, min(len(raw), start + draw.choice([1, 4, 64, 512, 4096]))


def zeroed(raw: bytes, draw: random.Random, other: bytes) -> bytes:
    """A block was never written."""
    start, end = block(raw, draw)
    return raw[:start] + bytes(end - start) + raw[end:]


def noise(raw: bytes, draw: random.Random, other: bytes) -> bytes:
    """A block holds something else."""
    start, end = block(raw, draw)
    return raw[:start] + draw.randbytes(end - start) + raw[end:]


def lost(raw: bytes, draw: random.Random, other: bytes) -> bytes:
    """A block is missing."""
    start, end = block(raw, draw)
    return raw[:start] + raw[end:]


def doubled(raw: bytes, draw: random.Random, other: bytes) -> bytes:
    """A block is there twice."""
    start, end = block(raw, draw)
    return raw[:end] + raw[start:]


def swapped(raw: bytes, draw: random.Random, other: bytes) -> bytes:
    """Two blocks have changed places."""
    (a, b), (c, d) = sorted([block(raw, draw), block(raw, draw)])
    return raw[:a] + raw[c:d] + raw[b:c] + raw[a:b] + raw[d:] if b <= c else lost(raw, draw, other)


def spliced(raw: bytes, draw: random.Random, other: bytes) -> bytes:
    """The beginning of one file and the end of another, as after two writers."""
    at = draw.randrange(1, min(len(raw), len(other)))
    return raw[:at] + other[at:]


def lengthened(raw: bytes, draw: random.Random, other: bytes) -> bytes:
    """There is something after the end."""
    return raw + draw.choice([b"\0" * 512, draw.randbytes(10), raw, other])


ACCIDENTS = [cut, headless, one_bit, one_bit, some_bits, zeroed, noise, lost, doubled, swapped, spliced, lengthened]

# ------------------------------------------------------------------ hostile files


class Code:
    """What runs code where it is unpickled."""

    def __reduce__(self) -> Any:
        return os._exit, (77,)


def npy(array: Any, **options: Any) -> bytes:
    """An .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def archive(*members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method, compresslevel=1) as file:
        for name, data in members:
            file.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def header(value: Any, data: bytes = b"", length: int | None = None) -> bytes:
    """A safetensors file."""
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def hostile() -> Iterator[bytes]:
    """Files made to do harm."""
    import pickle

    good = npy(np.ones(4))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        yield pickle.dumps(Code(), protocol)
    yield archive(("a/data.pkl", pickle.dumps(Code())))
    yield archive(("a.npy", npy(np.array([Code()]), allow_pickle=True)))
    for name in (
        "../x.npy",
        "/x.npy",
        "a/../../x.npy",
        "C:\\x.npy",
        "..\\x.npy",
        "x.exe",
        "x\0.npy",
        ".npy/../../y.npy",
    ):
        yield archive((name, good))
    yield archive(*[(f"{number}.npy", npy(np.zeros(2**22))) for number in range(3)], method=zipfile.ZIP_DEFLATED)
    for shape in (f"({10**15},)", f"({2**62}, {2**62})", "(-1,)", "(1.5,)", "('a',)", "((1,),)", "(" * 900):
        text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}".encode()
        yield archive(("a.npy", b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(8)))
    for text in (b"[" * 10**5, b'{"a":' * 10**5, b"NaN", b"1" * 10**5, b'{"format": "minigrad-2", "value": NaN}'):
        yield archive(("structure.json", text))
        yield header({"__metadata__": {"minigrad": text.decode()}})
        yield header(text if text.startswith(b"{") else b"{" + text)
    for length in (2**63, 2**40, 2**31, 10**7):
        yield header({}, bytes(100), length)
    for entry in ({"dtype": "F64", "shape": [2**61], "data_offsets": [0, 8]}, {"dtype": "F64", "shape": [1]},
                  {"dtype": "F64", "shape": [10**12], "data_offsets": [0, 8 * 10**12]},
                  {"dtype": "F64", "shape": [-1], "data_offsets": [0, 8]},
                  {"dtype": "object", "shape": [1], "data_offsets": [0, 8]}):  # fmt: skip
        yield header({"a": entry}, bytes(8))
    entry = {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}
    yield header({"a": entry, "b": entry}, bytes(8))
    yield header(b'{"a":%s,"a":%s}' % ((json.dumps({**entry, "shape": [0], "data_offsets": [0, 0]}).encode(),) * 2))


# ------------------------------------------------------------------ forged files


def forged(raw: bytes, draw: random.Random, other: bytes) -> bytes:
    """Something inside is another, and the checksum is right."""
    numbers = [found.span() for found in re.finditer(rb"(?<![\w.])-?\d+(?![\w.])", raw)]
    words = [found.span() for found in re.finditer(rb'\\?"[\w.]+\\?"', raw)]
    kind = draw.choice(["number", "word", "bits", "drop"])
    if kind == "number":
        start, end = draw.choice(numbers)
        new = draw.choice([b"-1", b"0", b"7", b"NaN", b"1e400", b"9" * 30, b"null", b"[]", b"{}", b"true"])
    elif kind == "word":
        (start, end), (a, b) = draw.choice(words), draw.choice(words)
        new = raw[a:b]
    else:
        start, end = block(raw, draw)
        new = draw.randbytes(end - start) if kind == "bits" else b""
    if raw[:2] != b"PK":  # the header says how long it is
        length = int.from_bytes(raw[:8], "little")
        if 8 < start < end <= 8 + length:
            raw = (length + len(new) - (end - start)).to_bytes(8, "little") + raw[8:]
    changed = raw[:start] + new + raw[end:]
    at = changed.find(MARK) if raw[:2] != b"PK" else changed.rfind(MARK)
    if at < 0:
        return changed
    at += len(MARK)
    return changed[:at] + digest_of(changed, at) + changed[at + len(BLANK) :]


# ------------------------------------------------------------------ the campaign


def outcome(path: Path, run: Run, before: list[Any], may_load: bool) -> str:
    """What loading a file came to; 'refused' and, if it may be, 'loaded' are well, anything else is a fault."""
    size = path.stat().st_size
    tracemalloc.start()
    try:
        load_checkpoint(path, **run.objects())
    except DataError:
        verdict = "refused"
    except MinigradError as error:
        verdict = "refused" if may_load else f"raised {type(error).__name__}: {error}"
    except BaseException as error:
        verdict = f"raised {type(error).__name__}: {error}"
    else:
        verdict = "loaded"
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    if verdict == "refused" and run.bits() != before:
        return "refused, but something was loaded"
    if peak > FACTOR * size + BESIDE:
        return f"took {peak} bytes for a file of {size}"
    return verdict


def campaign(cases: int, forgeries: int, seed: int) -> tuple[collections.Counter[str], list[str]]:
    """Run the cases; returns how many ended how, and the faults."""
    draw, counted, faults = random.Random(seed), collections.Counter[str](), list[str]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        good = []
        for ending in ("npz", "safetensors"):
            for epoch in (1, 2):
                path = folder / f"{epoch}.{ending}"
                save_checkpoint(path, **Run(epoch).objects(), epoch=epoch, history=[0.5] * epoch)
                good.append(path.read_bytes())
        run = Run(9)
        before, path, bad = run.bits(), folder / "bad", list(hostile())
        for number in range(cases + forgeries):
            way: Callable[[bytes, random.Random, bytes], bytes]
            if number < min(len(bad), cases // 3):
                way, changed = hostile, bad[number]  # type: ignore[assignment]
            else:
                way = forged if number >= cases else ACCIDENTS[number % len(ACCIDENTS)]
                raw = changed = draw.choice(good)
                while changed in good:
                    changed = way(raw, draw, draw.choice(good))
            path.write_bytes(changed)
            verdict = outcome(path, run, before, way is forged)
            counted[f"{way.__name__}: {verdict}" if way is forged else verdict] += 1
            if verdict == "loaded" and way is forged:
                load_checkpoint_of(run, folder, good)
                run = Run(9)
                before = run.bits()
            elif verdict != "refused":
                faults.append(f"case {number}, {way.__name__}: {verdict}")
    return counted, faults


def load_checkpoint_of(run: Run, folder: Path, good: list[bytes]) -> None:
    """Load a good file into what a forged one was loaded into: whatever it holds now, it is still a run."""
    (folder / "good").write_bytes(good[0])
    load_checkpoint(folder / "good", **run.objects())


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--forged", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    began = time.perf_counter()
    counted, faults = campaign(options.cases, options.forged, options.seed)
    print("\n".join(faults[:20]))
    print(f"{options.cases} damaged and {options.forged} forged files, seed {options.seed}, in "
          f"{time.perf_counter() - began:.0f} s: {len(faults)} faults")  # fmt: skip
    for verdict, count in counted.most_common():
        print(f"{count:6} {verdict[:150]}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
