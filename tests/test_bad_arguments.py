"""Arguments of layers and functions that are no numbers, sizes or flags are refused by name, never by an accident."""

import numpy as np
import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, MinigradError, ShapeError

X, W = mg.ones(2, 2, 4, 4), mg.ones(2, 2, 1, 1)
ARRAY = np.ones(3)
HUGE = 10**30

# argument: calls that put a value where a number belongs
NUMBERS = {
    "p": [
        *(lambda v, f=f: f(X, v) for f in (F.dropout, F.dropout2d, F.alpha_dropout, F.feature_alpha_dropout)),
        *(lambda v, c=c: c(v) for c in (nn.Dropout, nn.Dropout1d, nn.Dropout3d, nn.AlphaDropout)),
        lambda v: F.normalize(X, v),
        lambda v: F.pairwise_distance(X, X, v),
        lambda v: F.triplet_margin_loss(X, X, 2 * X, p=v),
        lambda v: nn.MultiMarginLoss(v),
    ],
    "alpha": [lambda v: F.celu(X, v), lambda v: nn.CELU(v)(X)],
    "min_val": [lambda v: F.hardtanh(X, v), lambda v: nn.Hardtanh(v)],
    "max_val": [lambda v: F.hardtanh(X, 0, v), lambda v: nn.Hardtanh(0, v)],
    "lambd": [lambda v: F.hardshrink(X, v), lambda v: nn.Softshrink(v)(X)],
    "lower": [lambda v: F.rrelu(X, v), lambda v: nn.RReLU(v)(X)],
    "upper": [lambda v: F.rrelu(X, 0.1, v)],
    "delta": [lambda v: F.huber_loss(X, X, delta=v)],
    "beta": [lambda v: F.smooth_l1_loss(X, X, beta=v)],
    "label_smoothing": [lambda v: F.cross_entropy(mg.ones(2, 3), mg.tensor([0, 1]), label_smoothing=v)],
    "margin": [
        lambda v: F.margin_ranking_loss(X, X, X, v),
        lambda v: nn.TripletMarginLoss(v),
        lambda v: F.triplet_margin_with_distance_loss(X, X, X, margin=v),
    ],
    "eps": [lambda v: nn.BatchNorm2d(2, eps=v)(X), lambda v: nn.InstanceNorm2d(2, eps=v)(X)],
    "momentum": [lambda v: F.batch_norm(X, None, None, training=True, momentum=v)],
    "norm_type": [lambda v: nn.LPPool2d(v, 2)(X)],
}
NUMBER_CASES = [(name, call) for name, calls in NUMBERS.items() for call in calls]


@pytest.mark.parametrize(("name", "call"), NUMBER_CASES)
@pytest.mark.parametrize("value", [None, "a", ARRAY], ids=["None", "text", "array"])
def test_no_number(name, call, value):
    with pytest.raises(DTypeError, match=rf"{name}=.*number"):
        call(value)


INTEGERS = {
    "num_groups": [lambda v: F.group_norm(X, v), lambda v: nn.GroupNorm(v, 4)],
    "num_channels": [lambda v: nn.GroupNorm(2, v)],
    "size": [lambda v: F.local_response_norm(X, v), lambda v: nn.LocalResponseNorm(v)(X)],
    "normalized_shape": [lambda v: nn.LayerNorm(v), lambda v: nn.RMSNorm(v)],
    "in_channels": [
        lambda v: nn.Conv2d(v, 2, 1),
        lambda v: nn.ConvTranspose1d(v, 2, 1),
        lambda v: nn.SeparableConv2d(v, 2, 1),
    ],
    "out_channels": [lambda v: nn.Conv1d(2, v, 1), lambda v: nn.LazyConv2d(v, 1)(X)],
    "ignore_index": [lambda v: F.cross_entropy(mg.ones(2, 3), mg.tensor([0, 1]), ignore_index=v)],
    "dim": [lambda v: F.glu(X, v), lambda v: nn.GLU(v)(X)],
    "upscale_factor": [lambda v: F.pixel_shuffle(X, v)],
    "groups": [
        lambda v: F.conv2d(X, W, groups=v),
        lambda v: nn.Conv2d(2, 2, 1, groups=v),
        lambda v: F.channel_shuffle(X, v),
    ],
}
INTEGER_CASES = [(name, call) for name, calls in INTEGERS.items() for call in calls]


@pytest.mark.parametrize(("name", "call"), INTEGER_CASES)
@pytest.mark.parametrize("value", [None, "a", 1.5, ARRAY], ids=["None", "text", "fraction", "array"])
def test_no_integer(name, call, value):
    with pytest.raises(DTypeError, match=rf"{name}=.*integer"):
        call(value)


@pytest.mark.parametrize("name", ["stride", "padding", "dilation", "groups"])
def test_a_flag_is_no_size(name):
    with pytest.raises(DTypeError, match=rf"{name}=True.*integer"):
        F.conv2d(X, W, **{name: True})


@pytest.mark.parametrize("name", ["kernel_size", "stride", "padding", "dilation"])
def test_a_flag_is_no_size_of_a_pooling(name):
    with pytest.raises(DTypeError, match=f"{name}="):
        F.max_pool2d(X, **{"kernel_size": 2, name: True})


@pytest.mark.parametrize(
    "call",
    [
        lambda: F.conv2d(X, W, padding=HUGE),
        lambda: F.conv_transpose2d(X, W, stride=HUGE),
        lambda: F.max_pool2d(X, 2, HUGE),
        lambda: F.max_unpool2d(X, mg.zeros(2, 2, 4, 4, dtype=mg.int64), HUGE),
        lambda: F.unfold(X, 2, padding=HUGE),
        lambda: F.interpolate(X, HUGE),
        lambda: F.interpolate(X, scale_factor=HUGE),
    ],
)
def test_what_no_memory_holds(call):
    with pytest.raises(ArgumentError, match="no memory holds"):
        call()


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("inplace", lambda: F.elu(X, inplace=ARRAY)),
        ("training", lambda: F.dropout(X, 0.5, ARRAY)),
        ("training", lambda: F.batch_norm(X, None, None, training=ARRAY)),
        ("use_input_stats", lambda: F.instance_norm(X, use_input_stats=ARRAY)),
        ("ceil_mode", lambda: F.avg_pool2d(X, 2, ceil_mode=ARRAY)),
        ("count_include_pad", lambda: F.avg_pool2d(X, 2, count_include_pad=ARRAY)),
        ("return_indices", lambda: F.max_pool2d(X, 2, return_indices=ARRAY)),
        ("return_indices", lambda: F.adaptive_max_pool2d(X, 2, ARRAY)),
        ("antialias", lambda: F.interpolate(X, 2, mode="bilinear", antialias=ARRAY)),
        ("align_corners", lambda: F.grid_sample(X, mg.zeros(2, 1, 1, 2), align_corners=ARRAY)),
        ("hard", lambda: F.gumbel_softmax(X, hard=ARRAY)),
        ("log_target", lambda: F.kl_div(X, X, reduction="sum", log_target=ARRAY)),
        ("full", lambda: F.gaussian_nll_loss(X, X, X, full=ARRAY)),
        ("log_input", lambda: F.poisson_nll_loss(X, X, ARRAY)),
        ("sparse", lambda: F.embedding(mg.tensor([0]), mg.ones(2, 2), sparse=ARRAY)),
        ("keepdim", lambda: F.pairwise_distance(X, X, keepdim=ARRAY)),
        ("swap", lambda: F.triplet_margin_loss(X, X, X, swap=ARRAY)),
    ],
)
def test_no_flag(name, call):
    with pytest.raises(DTypeError, match=rf"(?s){name}=.*True or False"):
        call()


@pytest.mark.parametrize("word", [[1.0, 2.0], ARRAY, None], ids=["list", "array", "None"])
@pytest.mark.parametrize(
    "call",
    [
        lambda v: F.interpolate(X, 2, mode=v),
        lambda v: F.grid_sample(X, mg.zeros(2, 1, 1, 2), v),
        lambda v: F.grid_sample(X, mg.zeros(2, 1, 1, 2), "nearest", v),
        lambda v: F.pad(X, (1, 1), v),
        lambda v: mg.pad(X, 1, v),
        lambda v: nn.Conv2d(2, 2, 1, padding_mode=v),
        lambda v: nn.ConvTranspose2d(2, 2, 1, padding_mode=v),
        lambda v: F.l1_loss(X, X, v),
        lambda v: F.kl_div(X, X, v),
        lambda v: F.cross_entropy(X, X, reduction=v),
        lambda v: F.gelu(X, v),
    ],
)
def test_no_word(call, word):
    with pytest.raises(MinigradError, match=r"got|it is"):
        call(word)


@pytest.mark.parametrize(
    ("kind", "text", "call"),
    [
        (ShapeError, "no axis to split", lambda: nn.Unflatten(-1, (2, -1))(mg.tensor(1.0))),
        *(
            (DTypeError, "got a NoneType", lambda layer=layer: layer(None))
            for layer in (nn.BatchNorm2d(2), nn.InstanceNorm1d(2), nn.ConvTranspose2d(2, 2, 1), nn.LazyBatchNorm1d())
        ),
        (DTypeError, "got a dict", lambda: nn.LazyConvTranspose2d(2, 1)({"a": 1})),
        (DTypeError, r"output_size=1\.5", lambda: F.conv_transpose2d(X, W, output_size=1.5)),
        (ArgumentError, "no spatial axes", lambda: nn.Fold((), 2)(mg.ones(1, 4, 4))),
        (DTypeError, "a string", lambda: nn.ModuleDict({1: nn.ReLU()})),
        (DTypeError, "got a int to add", lambda: nn.ModuleList(3)),
        (DTypeError, "Embedding got a str", lambda: nn.Embedding(2, 2, _weight="a")),
        (
            DTypeError,
            "distance_function='a'",
            lambda: F.triplet_margin_with_distance_loss(X, X, X, distance_function="a"),
        ),
        (DTypeError, r"place 0.*None", lambda: nn.Sequential(None)(X)),
        (IndexOutOfRangeError, "insert at 5", lambda: nn.Sequential(nn.ReLU()).insert(5, nn.ReLU())),
        (IndexOutOfRangeError, "dim=5", lambda: F.softmax(mg.tensor(1.0), 5)),
        (IndexOutOfRangeError, "dim=1", lambda: nn.Flatten()(mg.tensor(1.0))),
        (ArgumentError, "train got 3", lambda: nn.ReLU().train(3)),
        (ArgumentError, "'weight' already", lambda: nn.Linear(2, 2).register_buffer("weight", X)),
        (ArgumentError, "no running_var", lambda: F.batch_norm(X, mg.zeros(2), None, training=True)),
        (ArgumentError, "no running_mean", lambda: F.instance_norm(X, None, mg.ones(2))),
        (ArgumentError, "half the kernel", lambda: F.max_pool2d(X, 3, padding=2, dilation=2)),
        (ShapeError, "larger than", lambda: nn.AvgPool3d(3, 2, ceil_mode=True)(mg.ones(1, 2, 2, 2))),
        (ArgumentError, "one entry for each", lambda: nn.Conv2d(2, 2, 1, padding=(1,), padding_mode="circular")(X)),
    ],
)
def test_refused_in_our_words(kind, text, call):
    with pytest.raises(kind, match=text):
        call()
