"""The examples run, small; and a small network really learns to read (N1)."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad import datasets

ROOT = Path(mg.__file__).parents[1]


def example(script, folder, *arguments):
    """The output of a script of examples/, run in a folder of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "examples" / script), *map(str, arguments)],
        cwd=folder,
        env=os.environ
        | {"PYTHONPATH": str(ROOT), "MPLCONFIGDIR": str(folder), "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def lenet(folder, *arguments):
    """The output of examples/lenet.py."""
    return example("lenet.py", folder, *arguments)


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


def drawn(script, folder, *arguments):
    """The output of a script of examples/ that ends by saving a picture of its own name, and a picture is there."""
    output, picture = example(script, folder, *arguments), f"{Path(script).stem}.png"
    assert output.endswith(f"{picture}\n"), output
    assert (folder / picture).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    return output


def test_filters_of_a_photograph(tmp_path):
    output = drawn("filters.py", tmp_path, "--size", 80)
    assert output.startswith("600×512 pixels, filtered at 75×64\n")
    noise, left = map(float, re.search(r"noise of ([\d.]+), after smoothing ([\d.]+)", output).groups())
    assert left < 0.7 * noise
    cut, found = re.search(r"the window at (\(.*?\)) was found in the noisy image at (\(.*?\))", output).groups()
    assert cut == found
    assert "eyes of the smiling face: [(2, 2), (2, 8)]" in output


def test_filters_take_images_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "examples")
    plan = importlib.util.spec_from_file_location("filters", ROOT / "examples" / "filters.py")
    filters = importlib.util.module_from_spec(plan)
    plan.loader.exec_module(filters)
    colours = np.random.default_rng(0).integers(0, 256, (9, 7, 3)).astype(np.uint8)
    filters.plt.imsave(tmp_path / "colours.png", colours)
    np.save(tmp_path / "colours.npy", colours)
    np.save(tmp_path / "grey.npy", colours[..., 1] / 255)
    grey = filters.photograph(tmp_path / "colours.png")
    expected = colours @ [0.299, 0.587, 0.114] / 255
    np.testing.assert_allclose(grey.numpy(), expected, atol=1e-6)
    np.testing.assert_allclose(filters.photograph(tmp_path / "colours.npy").numpy(), expected, atol=1e-6)
    np.testing.assert_allclose(filters.photograph(tmp_path / "grey.npy").numpy(), colours[..., 1] / 255, atol=1e-6)


def test_every_pixel_gets_a_label(tmp_path):
    output = drawn("segmentation.py", tmp_path, "--epochs", 3, "--images", 32, "--size", 24)
    assert output.startswith("13683 parameters; a pixel's label sees 23×23 pixels\n")
    (background,) = re.findall(r"everything called background: ([\d.]+) %", output)
    *_, right = re.findall(r"([\d.]+) % of the test pixels right", output)
    assert float(right) > float(background)


def test_N58_N63_convolution_beside_dense_and_local_layers(tmp_path):
    output = drawn("conv_vs_dense.py", tmp_path, "--images", 64, "--unseen", 50, "--epochs", 1)
    assert "dense 4,821,600, local 122,304, shared 156\n" in output
    assert "dense 11,419,247,329, local 44,664,289, shared 769\n" in output
    assert "2^1024, a number of 309 digits\n" in output
    rows = re.findall(r"^(dense|local|conv) +([\d,]+) +[\d.]+ +((?:[\d.]+% +){6})?", output, re.MULTILINE)
    assert [row[:2] for row in rows] == [("dense", "101,770"), ("local", "94,842"), ("conv", "5,142")]
    assert len(re.findall(r"\d%", output)) == 3 * 6


def test_N68_gradients_vanish_through_sigmoids(tmp_path):
    output = drawn("vanishing_gradients.py", tmp_path, "--deepest", 8, "--width", 16, "--images", 32)
    sigmoid, tanh, relu = map(float, re.search(r"^ +8 +(\S+) +(\S+) +(\S+)$", output, re.MULTILINE).groups())
    assert sigmoid < 0.05 < min(tanh, relu)
    bounds = re.findall(r"^ *(\d) +(\S+) +(\S+)$", output.partition("k  derivative")[2], re.MULTILINE)
    assert [int(k) for k, _, _ in bounds] == [1, 2, 5, 8]
    assert all(float(measured) <= float(bound) for _, measured, bound in bounds)


def test_N64_X73_xor_needs_a_hidden_layer(tmp_path):
    output = drawn("xor.py", tmp_path, "--steps", 400, "--points", 40)
    found = dict(re.findall(r"^(.+?)  +(\d+ of \d+) right$", output, re.MULTILINE))
    assert found["XOR: four hidden units"] == found["XOR: two hidden units by hand"] == "4 of 4"
    assert int(found["XOR: one Linear"][0]) <= 3
    assert found["a > 1 or b > 1: two units by hand"] == "16 of 16"
    linear, hidden = (int(found[f"moons: {kind}"].split()[0]) for kind in ("one Linear", "sixteen hidden units"))
    assert linear < hidden
    assert "best of 10000 random lines puts 3 of the 4 corners" in output
