import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from minigrad.datasets import MNIST, mnist_sample
from minigrad.datasets.make_sample import choose, main, make_sample
from minigrad.datasets.sample import SAMPLE_PATH
from minigrad.errors import DataError


def test_the_choice_is_stratified_without_repeats_and_random() -> None:
    labels = np.random.default_rng(0).integers(10, size=5000).astype(np.uint8)
    chosen = choose(labels, 30, seed=0)
    assert np.bincount(labels[chosen]).tolist() == [30] * 10
    assert len(set(chosen.tolist())) == 300
    assert np.array_equal(chosen, choose(labels, 30, seed=0))
    assert not np.array_equal(chosen, choose(labels, 30, seed=1))
    assert abs(np.corrcoef(chosen, np.arange(300))[0, 1]) < 0.2
    assert abs(np.corrcoef(labels[chosen], np.arange(300))[0, 1]) < 0.2


def test_the_choice_is_the_same_in_every_version_of_numpy() -> None:
    assert choose(np.arange(20) % 2, 3, seed=1998).tolist() == [4, 1, 15, 7, 10, 12]


def test_running_it_again_gives_the_embedded_sample(
    mnist_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sample.npz"
    main([str(mnist_root), "--output", str(path)])
    assert str(path) in capsys.readouterr().out
    with np.load(path) as made, np.load(SAMPLE_PATH) as embedded:
        assert made.files == embedded.files
        assert all(np.array_equal(made[name], embedded[name]) for name in embedded.files)
    if "zlib-ng" not in zlib.ZLIB_RUNTIME_VERSION:  # another deflate finds other matches
        assert path.read_bytes() == SAMPLE_PATH.read_bytes()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("train", [True, False])
def test_every_image_of_the_sample_is_in_the_same_split_of_mnist_with_its_label(mnist_root: Path, train: bool) -> None:
    whole, part = MNIST(mnist_root, train), mnist_sample(train)
    where = {image.tobytes(): index for index, image in enumerate(whole.data.numpy())}
    found = [where[image.tobytes()] for image in part.data.numpy()]
    assert np.array_equal(whole.targets.numpy()[found], part.targets.numpy())


def test_without_the_real_files_nothing_is_written(tmp_path: Path, snapshot: Callable[[], dict[str, bytes]]) -> None:
    (tmp_path / "sample.npz").write_bytes(b"old")
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03" + bytes(12))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01" + bytes(4))
    before = snapshot()
    with pytest.raises(DataError, match="does not hold train-images-idx3-ubyte"):
        make_sample(tmp_path, tmp_path / "sample.npz")
    assert snapshot() == before
