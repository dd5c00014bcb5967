"""GoogLeNet: the table of the paper, and the inception module."""

import minigrad as mg
import nn
from nn.models import GoogLeNet, Inception


def test_published_number_of_parameters(count):
    assert count(nn.models.googlenet) == 6_624_904


def test_sizes_of_the_table():
    table = nn.summary(GoogLeNet(init_weights=False), (3, 224, 224), depth=1)
    shapes = {row.path: row.output[1:] for row in table.rows}
    assert shapes["maxpool1"] == (64, 56, 56)
    assert shapes["maxpool2"] == (192, 28, 28)
    assert [shapes[f"inception{name}"] for name in ("3a", "3b", "4a", "4e", "5a", "5b")] == [
        (256, 28, 28), (480, 28, 28), (512, 14, 14), (832, 14, 14), (832, 7, 7), (1024, 7, 7)]  # fmt: skip
    assert shapes["fc"] == (1000,)


def test_branches_stand_side_by_side():
    block, x = Inception(4, 1, 2, 3, 1, 2, 4).eval(), mg.randn(2, 4, 5, 6)
    y = block(x)
    assert y.shape == (2, 10, 5, 6)
    assert y[:, :1].tolist() == block.branch1(x).tolist()
    assert y[:, 1:4].tolist() == block.branch2(x).tolist()
    assert y[:, 4:6].tolist() == block.branch3(x).tolist()
    assert y[:, 6:].tolist() == block.branch4(x).tolist()


def test_runs_and_learns(sound, learns, classes):
    model = GoogLeNet(4, width=0.06, dropout=0.0, init_weights=False)
    sound(GoogLeNet(4, 1, width=0.06, dropout=0.0, init_weights=False), mg.randn(3, 1, 64, 64))
    learns(model, classes(3, 48), 0.5)
