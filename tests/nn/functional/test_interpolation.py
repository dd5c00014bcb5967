"""interpolate: sizes, factors, and which options go together; the arithmetic is `minigrad.resize`'s."""

import pytest

import minigrad as mg
import nn.functional as F
from minigrad.errors import ArgumentError, DTypeError, ShapeError


@pytest.mark.parametrize(
    ("mode", "engines", "axes"),
    [
        ("nearest", "nearest", 1), ("nearest", "nearest", 3), ("nearest-exact", "nearest-exact", 2),
        ("linear", "linear", 1), ("bilinear", "linear", 2), ("bicubic", "cubic", 2), ("trilinear", "linear", 3),
    ],
)  # fmt: skip
def test_modes_are_those_of_resize(mode, engines, axes):
    x, sizes = mg.randn(2, 3, *(4, 5, 3)[:axes]), (6, 3, 5)[:axes]
    assert mg.equal(F.interpolate(x, sizes, mode=mode), mg.resize(x, sizes, engines))
    assert F.interpolate(x, 4, mode=mode).shape == (2, 3, *(4,) * axes)
    if "linear" in mode:
        aligned = F.interpolate(x, sizes, mode=mode, align_corners=True)
        assert mg.equal(aligned, mg.resize(x, sizes, engines, True))


def test_area_is_adaptive_pooling():
    x = mg.randn(1, 2, 5, 6)
    assert mg.equal(F.interpolate(x, (3, 7), mode="area"), F.adaptive_avg_pool2d(x, (3, 7)))
    assert F.interpolate(x[0], scale_factor=0.5, mode="area").shape == (2, 5, 3)
    assert F.interpolate(mg.randn(1, 1, 2, 3, 4), 2, mode="area").shape == (1, 1, 2, 2, 2)


def test_a_factor_gives_the_size_rounded_down_and_the_places():
    x = mg.randn(1, 1, 7)
    y = F.interpolate(x, scale_factor=1.3, mode="linear")
    assert y.shape == (1, 1, 9)
    assert mg.equal(y, mg.resize(x, (9,), "linear", scale=(1.3,)))
    again = F.interpolate(x, scale_factor=1.3, mode="linear", recompute_scale_factor=True)
    assert mg.equal(again, mg.resize(x, (9,), "linear"))
    assert not mg.equal(again, y)
    assert F.interpolate(mg.ones(1, 1, 4, 6), scale_factor=(0.5, 2)).shape == (1, 1, 2, 12)


def test_older_names():
    x = mg.randn(1, 2, 3, 4)
    assert mg.equal(F.upsample(x, scale_factor=2), F.interpolate(x, scale_factor=2))
    assert mg.equal(F.upsample_nearest(x, 5), F.interpolate(x, 5))
    assert mg.equal(F.upsample_bilinear(x, (5, 6)), F.interpolate(x, (5, 6), mode="bilinear", align_corners=True))


def test_antialias_filters_what_shrinks():
    x = mg.tensor([[[[0.0, 1.0] * 8] * 2]])
    assert F.interpolate(x, (2, 4), mode="bilinear", antialias=True)[..., 1:-1].flatten().tolist() == pytest.approx(
        [0.5] * 4
    )
    assert F.interpolate(x, (2, 4), mode="lanczos", antialias=True).shape == (1, 1, 2, 4)


REFUSED = [
    ({}, ArgumentError, "size=None and scale_factor=None"),
    ({"size": 2, "scale_factor": 2}, ArgumentError, "one of the two"),
    ({"size": (2, 2, 2)}, ArgumentError, "3 entries for 2 spatial axes"),
    ({"scale_factor": (2,)}, ArgumentError, "1 entries for 2 spatial axes"),
    ({"size": 0}, ShapeError, r"\(0, 0\).*at least 1"),
    ({"size": -1}, ShapeError, "at least 1"),
    ({"scale_factor": 0.1}, ShapeError, r"\(0, 0\)"),
    ({"scale_factor": float("nan")}, ArgumentError, "finite"),
    ({"size": 2.5}, DTypeError, "size=2.5; it takes integers"),
    ({"size": True}, DTypeError, "size=True"),
    ({"scale_factor": "2"}, DTypeError, "scale_factor='2'"),
    ({"size": 2, "mode": "cubic"}, ArgumentError, "mode='cubic'; the modes are nearest"),
    ({"size": 2, "mode": "linear"}, ShapeError, "mode='linear'.*needs 3 axes"),
    ({"size": 2, "align_corners": False}, ArgumentError, "align_corners=False with mode='nearest'"),
    ({"size": 2, "recompute_scale_factor": True}, ArgumentError, "nothing to recompute"),
    ({"size": 2, "antialias": True}, ArgumentError, "antialias=True with mode='nearest'"),
    ({"size": 2, "mode": "lanczos"}, ArgumentError, "pass antialias=True"),
]


@pytest.mark.parametrize(("options", "error", "message"), REFUSED, ids=[str(one[0]) for one in REFUSED])
def test_refusals(options, error, message):
    with pytest.raises(error, match=message):
        F.interpolate(mg.ones(1, 1, 4, 4), **options)


def test_other_ranks_are_refused():
    for shape in ((4,), (4, 4), (1, 1, 1, 1, 4, 4)):
        with pytest.raises(ShapeError, match="axes"):
            F.interpolate(mg.ones(shape), 2)
    with pytest.raises(ShapeError, match="there must be channels"):
        F.interpolate(mg.ones(1, 0, 4), 2)
    assert F.interpolate(mg.ones(0, 1, 4), 2).shape == (0, 1, 2)
