"""one_hot."""

import minigrad as mg
import nn.functional as F


def test_one_hot():
    labels = mg.tensor([[0, 2], [1, 1]])
    encoded = F.one_hot(labels)
    assert (encoded.shape, encoded.dtype) == ((2, 2, 3), mg.int64)
    assert encoded.argmax(2).tolist() == labels.tolist()
    assert F.one_hot(labels, 5).sum(2).tolist() == [[1, 1], [1, 1]]
    assert F.one_hot(mg.zeros(0, dtype=mg.int64), 3).shape == (0, 3)
