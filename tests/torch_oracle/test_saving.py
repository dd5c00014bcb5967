"""Files exchanged with PyTorch's tools, in both directions."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import minigrad as mg
import nn
from minigrad.errors import DataError, WidenedDTypeWarning

DTYPES = [torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.float32,
          torch.float64]  # fmt: skip


def networks():
    mg.manual_seed(0)
    torch.manual_seed(1)
    return [
        library.Sequential(
            library.Conv2d(1, 4, 3), library.BatchNorm2d(4), library.ReLU(), library.Flatten(), library.Linear(144, 5)
        )
        for library in (nn, torch.nn)
    ]


def assert_same(ours, theirs):
    x = np.random.default_rng(0).normal(size=(3, 1, 8, 8)).astype(np.float32)
    y = ours.eval()(mg.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(y, theirs.eval()(torch.from_numpy(x)).detach().numpy(), atol=1e-5)


@pytest.mark.parametrize("format", ["npz", "safetensors"])
def test_our_weights_in_pytorch(format, tmp_path):
    ours, theirs = networks()
    path = tmp_path / f"model.{format}"
    mg.save(ours.state_dict(), path)
    state = load_file(path) if format == "safetensors" else {k: torch.from_numpy(v) for k, v in np.load(path).items()}
    assert not any(theirs.load_state_dict(state))
    assert_same(ours, theirs)


@pytest.mark.parametrize("format", ["npz", "safetensors"])
def test_pytorchs_weights_here(format, tmp_path):
    ours, theirs = networks()
    path = tmp_path / f"model.{format}"
    if format == "safetensors":
        save_file(theirs.state_dict(), path, metadata={"format": "pt"})
    else:
        np.savez(path, **{name: t.numpy() for name, t in theirs.state_dict().items()})
    assert not any(ours.load_state_dict(mg.load(path)))
    assert_same(ours, theirs)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3, 4)], ids=str)
def test_every_dtype_both_ways(dtype, shape, tmp_path):
    t = (torch.rand(shape) * 100 - 20).to(dtype)
    save_file({"t": t, "a/b": t.clone()}, tmp_path / "theirs.safetensors")
    here = mg.load(tmp_path / "theirs.safetensors")
    assert here["t"].numpy().dtype == t.numpy().dtype
    mg.save({"t": here["t"], "nested": {"x": here["a/b"], "n": 3}}, tmp_path / "ours.safetensors")
    there = load_file(tmp_path / "ours.safetensors")
    assert there.keys() == {"t", "nested.x"}
    for back in there.values():
        assert (back.dtype, back.shape) == (t.dtype, t.shape)
        assert back.numpy().tobytes() == t.numpy().tobytes()


def test_memory_order_is_no_concern_of_pytorchs(tmp_path):
    t = mg.rand(2, 3, 4, 5)
    for view in (t.permute(3, 1, 2, 0), t[:, ::2], t.T):
        mg.save({"t": view}, tmp_path / "t.safetensors")
        assert load_file(tmp_path / "t.safetensors")["t"].tolist() == view.tolist()


def test_bfloat16_comes_over_as_float32(tmp_path):
    t = torch.randn(3, 4).to(torch.bfloat16)
    save_file({"t": t}, tmp_path / "t.safetensors")
    with pytest.warns(WidenedDTypeWarning):
        here = mg.load(tmp_path / "t.safetensors")["t"]
    assert here.dtype == mg.float32
    assert here.tolist() == t.float().tolist()


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_pickles_of_pytorch_are_refused(new, tmp_path):
    torch.save(torch.nn.Linear(2, 3).state_dict(), tmp_path / "model.pt", _use_new_zipfile_serialization=new)
    with pytest.raises(DataError, match=r"model\.pt is a pickle.*safetensors\.torch\.save_file"):
        mg.load(tmp_path / "model.pt")


def test_the_how_to_does_what_it_says(tmp_path, monkeypatch):
    """docs/howto/load_pytorch_weights.md: its class is PyTorch's too, and its PyTorch lines write what is read here."""
    monkeypatch.chdir(tmp_path)
    page = (Path(__file__).parents[2] / "docs/howto/load_pytorch_weights.md").read_text()
    (network,) = re.findall(r"```\{code-cell\} ipython3\n(import nn\n.*?class Net.*?)```", page, re.S)
    here, there = {}, {}
    exec(network, here)
    exec(network.replace("import nn", "from torch import nn"), there)
    torch.manual_seed(0)
    there["net"] = there["Net"]()
    there["net"](torch.rand(8, 1, 28, 28))  # moves the running statistics
    lines = re.findall(r"```python\n(.*?)```", page, re.S)
    assert len(lines) == 3
    for written in lines:
        exec(written, there)
    check = mg.load("check.npz")
    for path in ("net.safetensors", "net.npz"):
        model = here["Net"]()
        assert not any(model.load_state_dict(mg.load(path)))
        model.eval()
        np.testing.assert_allclose(model(check["x"]).detach().numpy(), check["y"].numpy(), atol=1e-5)
