"""The examples run, small; and a small network really learns to read (N1)."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad import datasets

ROOT = Path(mg.__file__).parents[1]


def lenet(folder, *arguments):
    """The output of examples/lenet.py, run in a folder of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "examples" / "lenet.py"), *map(str, arguments)],
        cwd=folder,
        env=os.environ
        | {"PYTHONPATH": str(ROOT), "MPLCONFIGDIR": str(folder), "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_lenet_is_profiled(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "examples" / "profile_lenet.py"), "--steps", "2",
         "--batch-size", "4", "--trace", "trace.json"],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120, cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("2 steps, batches of 4\nName ")
    (calls,) = re.findall(r"^LeNet5\.features\.0 +Conv2d +(\d+) ", done.stdout, re.MULTILINE)
    assert calls == "2"
    steps = [one for one in json.loads((tmp_path / "trace.json").read_text())["traceEvents"] if one["name"] == "data"]
    assert len(steps) == 2


def test_lenet_goes_on_where_it_stopped(tmp_path):
    common = ["--dry-run", "--epochs", 3, "--batch-size", 8, "--validate", 100]
    whole = lenet(tmp_path, *common, "--save", "whole")
    first = subprocess.Popen(
        [sys.executable, str(ROOT / "examples" / "lenet.py"), *map(str, common), "--resume", "run.npz"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    with first:
        assert first.stdout
        while not (tmp_path / "run.npz").exists() and first.poll() is None:
            time.sleep(0.01)
        first.kill()
    rest = lenet(tmp_path, *common, "--resume", "run.npz", "--save", "resumed")
    assert re.search(r"^run\.npz goes on after epoch [123]$", rest, re.MULTILINE)
    assert re.findall("^epoch 3.*$", rest, re.MULTILINE) in ([], re.findall("^epoch 3.*$", whole, re.MULTILINE))
    assert (tmp_path / "resumed").read_bytes() == (tmp_path / "whole").read_bytes()


@pytest.mark.parametrize("variant", ["tanh", "relu"])
def test_lenet_trains_saves_and_draws(variant, tmp_path):
    files = ["--save", tmp_path / "lenet", "--plot", tmp_path / "lenet.png"]
    output = lenet(tmp_path, "--variant", variant, "--dry-run", "--epochs", 1, *files)
    assert output.startswith("61706 parameters, 6000 training and 1000 test images\n")
    (accuracy,) = re.findall(
        r"^epoch 1: training loss [\d.]+, test loss [\d.]+, test accuracy ([\d.]+)%$", output, re.MULTILINE
    )
    assert 0 <= float(accuracy) <= 100
    model = nn.models.LeNet5(input_size=28)
    assert model.load_state_dict(mg.load(tmp_path / "lenet")) == ([], [])
    assert (tmp_path / "lenet.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    left = {path.name for path in tmp_path.iterdir() if path.is_file() and not path.name.startswith("fontlist")}
    assert left <= {"lenet", "lenet.png"}


def test_lenet_gives_the_same_bits_for_the_same_seed(tmp_path):
    states = []
    for run in ("a", "b"):
        lenet(tmp_path, "--dry-run", "--epochs", 1, "--validate", 5000, "--save", tmp_path / run)
        states.append({key: value.tolist() for key, value in mg.load(tmp_path / run).items()})
    assert states[0] == states[1]


def test_lenet_refuses_what_it_does_not_know(tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "lenet.py"), "--variant", "sigmoid"],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2
    assert "invalid choice: 'sigmoid'" in done.stderr


@pytest.mark.parametrize(("options", "said"), [
    ([], r"test error with 16 numbers for an image: 0\.\d+, PCA 0\.0\d+, -?[\d.]+% less"),
    (["--variant", "upsample", "--latent", "2"], r"with 2 numbers for an image"),
    (["--variant", "unpool"], r"\ntest error 0\.\d+, where the decoder gets more"),
    (["--variant", "unet", "--denoise", "0.5"], r"PSNR of the noisy test images 9\.\d+ dB, cleaned [\d.]+ dB"),
], ids=["plain", "upsample", "unpool", "unet"])  # fmt: skip
def test_the_autoencoder_trains_compares_and_draws(options, said, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "examples" / "autoencoder.py"), "--dry-run", "--epochs", "2",
         "--save", "state", "--plot", "pictures", *options],
        env=os.environ | {"PYTHONPATH": str(ROOT), "MPLCONFIGDIR": str(tmp_path), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=240, cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(said, done.stdout)
    assert "epoch 2: training error 0." in done.stdout
    assert all(value.isfinite().all() for value in mg.load(tmp_path / "state").values())
    pictures = {path.stem for path in (tmp_path / "pictures").iterdir()}
    walks = not {"unpool", "unet"} & set(options)
    assert pictures == {"reconstructions", "latent"} | ({"walk"} if walks else set())


def test_an_operator_of_ones_own_is_checked_and_learnt_through(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "examples" / "custom_operator.py"), "--steps", "200"],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120, cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("gradcheck: both derivatives agree")
    assert float(re.search(r"largest error of the structuring element: ([\d.]+)", done.stdout)[1]) < 0.1


def test_N1_N141_a_small_network_learns_to_read_raw_pixels():
    mg.manual_seed(0)
    sample, test = datasets.mnist_sample(), datasets.mnist_sample(train=False)
    images = sample.data[:512].float().unsqueeze(1) / 255
    labels = sample.targets[:512]
    model = nn.Sequential(
        nn.Conv2d(1, 4, 5, stride=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 6 * 6, 10),
    )  # fmt: skip
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    before = model[0].weight.tolist()
    losses = []
    for number in range(64):
        batch = slice(number % 8 * 64, number % 8 * 64 + 64)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images[batch]), labels[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(2.3, abs=0.2)  # ln 10: it knows nothing yet
    assert sum(losses[-8:]) / 8 < 0.4
    assert model[0].weight.tolist() != before
    with mg.no_grad():
        scores = model.eval()(test.data.float().unsqueeze(1) / 255)
    assert (scores.argmax(1) == test.targets).float().mean().item() > 0.8


def test_the_benchmark_of_hooks_finds_and_removes_them():
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "hooks.py"), "--pairs", "1", "--blocks", "1", "--steps", "2"],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^without \d\d seams +[\d.]+ ms a step\nratio +[\d.]+ ", done.stdout, re.MULTILINE)


def test_the_drawing_of_lenet(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "examples" / "draw_lenet.py"), "--output", "lenet.svg"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "LeNet5" in done.stdout
    assert "not kept" not in done.stdout
    picture = (tmp_path / "lenet.svg").read_text(encoding="utf-8")
    assert picture.count("data:image/png;base64,") > 20
