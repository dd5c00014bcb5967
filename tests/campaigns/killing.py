"""Kills a training process at random moments, lets it go on from its checkpoint, and compares the weights at the end.

    python tests/campaigns/killing.py --kills 50 --seed 0

Each trial trains in a process of its own that saves a checkpoint after every step. It is sent SIGKILL at a moment
drawn over the time that a whole run takes, often in the middle of a step, of writing, or of giving the new file its
name; it is started again, perhaps killed again, and at last left alone. The file with the final weights must then be,
byte for byte, that of a run which nobody disturbed.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import minigrad as mg
import nn
from minigrad.optim import lr_scheduler
from minigrad.serialization import load_checkpoint, save_checkpoint
from minigrad.utils.data import DataLoader, TensorDataset

OPTIMIZERS = {
    "SGD": lambda params: mg.optim.SGD(params, lr=0.05, momentum=0.9, nesterov=True),
    "Adam": lambda params: mg.optim.Adam(params, lr=0.01, amsgrad=True),
    "RMSprop": lambda params: mg.optim.RMSprop(params, lr=0.005, momentum=0.5, centered=True),
    "NAdam": lambda params: mg.optim.NAdam(params, lr=0.01),
}
SCHEDULERS = {
    "SGD": lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, 8),
    "Adam": lambda optimizer: lr_scheduler.StepLR(optimizer, 2, 0.5),
    "RMSprop": lambda optimizer: lr_scheduler.ReduceLROnPlateau(optimizer, patience=0),
    "NAdam": lambda optimizer: lr_scheduler.ExponentialLR(optimizer, 0.9),
}
ENDINGS = {"SGD": "npz", "Adam": "safetensors", "RMSprop": "npz", "NAdam": "npz"}


def train(kind: str, path: Path, epochs: int) -> None:
    """Train a small network, from its checkpoint if there is one, and write the final weights beside it."""
    mg.manual_seed(0)
    data = TensorDataset(mg.rand(48, 1, 10, 10), mg.randint(0, 4, (48,)))
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.25), nn.Flatten(), nn.Linear(256, 4)
    )
    optimizer = OPTIMIZERS[kind](model.parameters())
    scheduler = SCHEDULERS[kind](optimizer)
    noise = mg.Generator().manual_seed(1)
    loader = DataLoader(data, 8, shuffle=True)
    objects = {"model": model, "optimizer": optimizer, "scheduler": scheduler, "loader": loader, "noise": noise}
    epoch, total = 0, 0.0
    if path.exists():
        epoch, total = load_checkpoint(path, **objects).values()
    print("started", flush=True)
    while epoch < epochs:
        for x, labels in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x + 0.1 * mg.randn(x.shape, generator=noise)), labels)
            loss.backward()
            optimizer.step()
            total += loss.item()
            save_checkpoint(path, **objects, epoch=epoch, total=total, keep=2)
        if isinstance(scheduler, lr_scheduler.ReduceLROnPlateau):
            scheduler.step(total)
        else:
            scheduler.step()
        epoch, total = epoch + 1, 0.0
        save_checkpoint(path, **objects, epoch=epoch, total=total, keep=2)
    mg.save(
        {**model.state_dict(), "rng": mg.get_rng_state(), "rates": scheduler.get_last_lr()}, path.with_name("final")
    )


def start(kind: str, path: Path, epochs: int) -> subprocess.Popen[str]:
    """A process that trains, once it has begun."""
    command = [sys.executable, __file__, "--train", kind, "--path", str(path), "--epochs", str(epochs)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line == "started\n", f"the process ended with {process.wait()}"
    return process


def finish(process: subprocess.Popen[str]) -> int:
    """Wait for the end of a process; returns its status."""
    with process:
        return process.wait(120)


def undisturbed(kind: str, folder: Path, epochs: int) -> tuple[bytes, float]:
    """The final weights, and the seconds from the first step to the last."""
    process = start(kind, folder / f"run.{ENDINGS[kind]}", epochs)
    began = time.perf_counter()
    assert finish(process) == 0
    return (folder / "final").read_bytes(), time.perf_counter() - began


def disturbed(kind: str, folder: Path, epochs: int, seconds: float, draw: random.Random) -> tuple[bytes, int, int]:
    """The final weights of a run that was killed at least once; how often, and how many files were half-written."""
    path, kills, halves = folder / f"run.{ENDINGS[kind]}", 0, 0
    while kills == 0 or draw.random() < 0.3:
        process = start(kind, path, epochs)
        time.sleep(draw.uniform(0, seconds))
        process.send_signal(signal.SIGKILL)
        if finish(process) == -signal.SIGKILL:
            kills += 1
            halves += sum(one.suffix == ".tmp" for one in folder.iterdir())
        else:  # it was done before: once more from the beginning
            for one in folder.iterdir():
                one.unlink()
    assert finish(start(kind, path, epochs)) == 0
    left = [one.name for one in folder.iterdir() if one.name.startswith(".")]
    assert not left, f"{left} are left over"
    return (folder / "final").read_bytes(), kills, halves


def campaign(
    kills: int, seed: int, epochs: int = 4, kinds: tuple[str, ...] = tuple(OPTIMIZERS)
) -> tuple[int, int, int]:
    """Run trials until so many kills have happened; returns kills, half-written files met, and trials that differ."""
    draw, met, halves, different = random.Random(seed), 0, 0, 0
    right = {}
    with tempfile.TemporaryDirectory() as name:
        for kind in kinds:
            folder = Path(name, kind)
            folder.mkdir()
            right[kind] = undisturbed(kind, folder, epochs)
        trial = 0
        while met < kills:
            kind = kinds[trial % len(kinds)]
            folder = Path(name, f"{kind}-{trial}")
            folder.mkdir()
            final, count, half = disturbed(kind, folder, epochs, right[kind][1], draw)
            met, halves, trial = met + count, halves + half, trial + 1
            if final != right[kind][0]:
                different += 1
                print(f"trial {trial} with {kind}: other weights")
    return met, halves, different


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--train", choices=OPTIMIZERS, help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        train(options.train, options.path, options.epochs)
        return 0
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    began = time.perf_counter()
    kills, halves, different = campaign(options.kills, options.seed, options.epochs)
    print(
        f"{kills} kills, {halves} of them while a file was being written, seed {options.seed}, in "
        f"{time.perf_counter() - began:.0f} s: {different} runs ended with other weights"
    )
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
