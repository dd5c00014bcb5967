"""The constants: exact, read-only, and of the default dtype."""

import re
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad.signal import pictures


@pytest.mark.parametrize("name", pictures.__all__)
def test_constants_are_not_written_to(name):
    constant = getattr(pictures, name)
    assert constant.dtype == (np.int64 if name == "INTEGER_IMAGE" else np.float32)
    assert constant.base is None, "a base could be written through"
    with pytest.raises(ValueError, match="read-only"):
        constant[...] = 0
    np.testing.assert_array_equal(constant, constant.round())


def test_tensors_of_them_are_ones_own():
    face = mg.tensor(pictures.SMILE, requires_grad=True)
    (face * face).sum().backward()
    assert face.grad.max().item() == 18
    with mg.no_grad():
        face.fill_(0)
    assert pictures.SMILE.max() == 9


def test_a_picture_of_text_reads_row_by_row():
    assert pictures._picture("012 345", 2).tolist() == [[0, 2, 4], [6, 8, 10]]


def test_the_reference_says_what_each_is():
    page = Path(mg.__file__).parents[1] / "docs" / "reference" / "api" / "signal.md"
    cells = [line.split("|")[1] for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert sorted(name for cell in cells for name in re.findall(r"`(\w+)`", cell)) == sorted(pictures.__all__)
