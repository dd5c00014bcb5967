"""Every layer of PyTorch's that is here, at the edges: with a batch, without one, with none in it, on one pixel.

Each is run in training and in evaluation. Where PyTorch refuses, minigrad must refuse too; else values, state,
buffers, first and second derivatives agree.
"""

import functools
import inspect

import numpy as np
import pytest
import torch

import minigrad as mg
from minigrad import nn
from minigrad.errors import MinigradError
from tests.torch_oracle.compare import LOOSE, OURS, THEIRS, as_single, compare_runs, normal, positive, whole
from tests.torch_oracle.modules import compare_layer, same_state, twins

BORDERS = ("Zero", "Reflection", "Replication", "Circular")

# Layers of N-dimensional maps: arguments, options and the number of channels; (N, C, *n) is the input.
MAPS = {
    **{f"Conv{a}d": ((4, 2, 3), {"padding": 1, "groups": 2}, 4, a) for a in (1, 2, 3)},
    **{f"ConvTranspose{a}d": ((4, 2, 3), {"stride": 2, "padding": 1, "output_padding": 1}, 4, a) for a in (1, 2, 3)},
    **{f"MaxPool{a}d": ((2,), {"padding": 1, "return_indices": True}, 2, a) for a in (1, 2, 3)},
    **{f"AvgPool{a}d": ((2,), {"ceil_mode": True}, 2, a) for a in (1, 2, 3)},
    **{f"LPPool{a}d": ((2, 2), {"ceil_mode": True}, 2, a) for a in (1, 2, 3)},
    **{f"AdaptiveAvgPool{a}d": ((3,), {}, 2, a) for a in (1, 2, 3)},
    **{f"AdaptiveMaxPool{a}d": ((2,), {"return_indices": True}, 2, a) for a in (1, 2, 3)},
    **{f"{kind}Pad{a}d": ((1,), {}, 2, a) for kind in BORDERS for a in (1, 2, 3)},
    **{f"ConstantPad{a}d": ((1, 2.5), {}, 2, a) for a in (1, 2, 3)},
    **{f"BatchNorm{a}d": ((3,), {}, 3, a) for a in (1, 2, 3)},
    **{f"InstanceNorm{a}d": ((3,), {"affine": True, "track_running_stats": True}, 3, a) for a in (1, 2, 3)},
    **{f"Dropout{a}d": ((0.5,), {}, 2, a) for a in (1, 2, 3)},
    "GroupNorm": ((2, 4), {}, 4, 2), "LocalResponseNorm": ((3,), {}, 4, 2), "LayerNorm": (((2, 4, 4),), {}, 2, 2),
    "RMSNorm": (((2, 4, 4),), {}, 2, 2), "Unfold": ((2,), {"padding": 1}, 2, 2), "PixelShuffle": ((2,), {}, 4, 2),
    "PixelUnshuffle": ((2,), {}, 2, 2), "ChannelShuffle": ((2,), {}, 4, 2), "Softmax2d": ((), {}, 3, 2),
    "Upsample": ((), {"scale_factor": 2, "mode": "bilinear"}, 2, 2),
    "UpsamplingNearest2d": ((), {"scale_factor": 2}, 2, 2), "UpsamplingBilinear2d": ((), {"scale_factor": 2}, 2, 2),
    "GLU": ((-3,), {}, 4, 2), "PReLU": ((3,), {}, 3, 2),
    "Flatten": ((), {}, 2, 2), "AlphaDropout": ((0.5,), {}, 2, 2), "FeatureAlphaDropout": ((0.5,), {}, 2, 2),
    "Dropout": ((0.5,), {}, 2, 2), "RReLU": ((), {}, 2, 2), "Softmax": ((-1,), {}, 2, 2), "Softmin": ((-1,), {}, 2, 2),
    "LogSoftmax": ((-1,), {}, 2, 2), "Threshold": ((0.1, 2.0), {}, 2, 2), "Identity": ((), {}, 2, 2),
    **{
        name: ((), {}, 2, 2)
        for name in [
            "CELU", "ELU", "GELU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "LogSigmoid",
            "Mish", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softplus", "Softshrink", "Softsign", "Tanh",
            "Tanhshrink",
        ]
    },
    **{f"Lazy{name}": value for name, value in {
        **{f"Conv{a}d": ((2, 3), {"padding": 1}, 4, a) for a in (1, 2, 3)},
        **{f"ConvTranspose{a}d": ((2, 3), {"stride": 2}, 4, a) for a in (1, 2, 3)},
        **{f"BatchNorm{a}d": ((), {}, 3, a) for a in (1, 2, 3)},
        **{f"InstanceNorm{a}d": ((), {"affine": True}, 3, a) for a in (1, 2, 3)},
    }.items()},
}  # fmt: skip

# Other layers: arguments, options, and the inputs for a batch of that size, or without one for None.
POINTWISE = ["L1Loss", "MSELoss", "SmoothL1Loss", "HuberLoss", "BCEWithLogitsLoss", "PoissonNLLLoss"]


def shaped(make, n, *shape):
    return make(*(() if n is None else (n,)), *shape)


normals = functools.partial(shaped, normal)
labels = functools.partial(shaped, lambda *shape: whole(0, 4, *shape))
signs = functools.partial(shaped, lambda *shape: whole(0, 2, *shape) * 2 - 1)


def probabilities(n, *shape):
    return 1 / (1 + np.exp(-normals(n, *shape)))


OTHERS = {
    "Linear": ((3, 2), {}, lambda n: [normals(n, 3)]),
    "LazyLinear": ((2,), {}, lambda n: [normals(n, 3)]),
    "Bilinear": ((3, 2, 2), {}, lambda n: [normals(n, 3), normals(n, 2)]),
    "Embedding": ((4, 3), {"padding_idx": 1}, lambda n: [labels(n, 2)]),
    "Unflatten": ((-1, (2, 2)), {}, lambda n: [normals(n, 4)]),
    "Fold": (((3, 3), 2), {}, lambda n: [normals(n, 8, 4)]),
    "CosineSimilarity": ((-1,), {}, lambda n: [normals(n, 3), normals(n, 3) + 1]),
    "PairwiseDistance": ((), {}, lambda n: [normals(n, 3), normals(n, 3) + 1]),
    **{f"MaxUnpool{a}d": ((2,), {}, functools.partial(lambda a, n: unpooled(a, n), a)) for a in (1, 2, 3)},
    **{
        name: ((), {"reduction": reduction}, lambda n: [normals(n, 3), probabilities(n, 3)])
        for reduction in ("none",) for name in POINTWISE
    },
    "BCELoss": ((), {}, lambda n: [probabilities(n, 3), probabilities(n, 3) ** 2]),
    "KLDivLoss": ((), {"reduction": "batchmean"}, lambda n: [normals(n, 3), probabilities(n, 3)]),
    "GaussianNLLLoss": ((), {}, lambda n: [normals(n, 3), normals(n, 3) * 2, shaped(positive, n, 3)]),
    "CrossEntropyLoss": ((), {"label_smoothing": 0.1}, lambda n: [normals(n, 4), labels(n)]),
    "NLLLoss": ((), {}, lambda n: [normals(n, 4), labels(n)]),
    "NLLLoss2d": ((), {}, lambda n: [normals(n, 4, 3, 3), labels(n, 3, 3)]),
    "MultiMarginLoss": ((), {}, lambda n: [normals(n, 4), labels(n)]),
    "MultiLabelMarginLoss": ((), {}, lambda n: [normals(n, 4), labels(n, 4) - 1]),
    "MultiLabelSoftMarginLoss": ((), {}, lambda n: [normals(n, 4), labels(n, 4) % 2.0]),
    "SoftMarginLoss": ((), {}, lambda n: [normals(n, 4), signs(n, 4)]),
    "HingeEmbeddingLoss": ((), {}, lambda n: [normals(n, 4), signs(n, 4)]),
    "MarginRankingLoss": ((), {}, lambda n: [normals(n), normals(n) * 2, signs(n)]),
    "CosineEmbeddingLoss": ((), {}, lambda n: [normals(n, 3), normals(n, 3) + 1, signs(n)]),
    "TripletMarginLoss": ((), {}, lambda n: [normals(n, 3), normals(n, 3) + 1, normals(n, 3) * 2]),
    "TripletMarginWithDistanceLoss": ((), {}, lambda n: [normals(n, 3), normals(n, 3) + 1, normals(n, 3) * 2]),
    "CTCLoss": ((), {}, lambda n: [
        np.log(np.moveaxis(np.full((*(() if n is None else (n,)), 5, 4), 0.25), -2, 0)), labels(n, 2) % 3 + 1,
        labels(n) * 0 + 5, labels(n) * 0 + 2,
    ]),
}  # fmt: skip


def unpooled(axes, n):
    """Maxima of maps that pooling by 2 makes, and where they were."""
    places = np.arange(2**axes) * 2
    return [
        normals(n, 1, *(2,) * axes),
        np.broadcast_to(places.reshape((2,) * axes), (*(() if n is None else (n,)), 1, *(2,) * axes)).copy(),
    ]


# Containers and the like, which have no numbers of their own.
WITHOUT_NUMBERS = {
    "Module", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict", "Parameter",
    "UninitializedParameter", "UninitializedBuffer",
}  # fmt: skip

# Where the page of differences says that minigrad goes further than PyTorch, or another way.
DEPARTURES = {
    ("InstanceNorm", "empty"), ("LazyInstanceNorm", "empty"), ("LazyInstanceNorm", "unbatched"),
    ("PixelUnshuffle", "empty"), ("PixelShuffle", "empty"), ("Embedding", "empty"),
}  # fmt: skip
UNDEFINED = {("MultiMarginLoss", "empty"), ("MultiLabelMarginLoss", "empty")}  # PyTorch returns what its memory held
TOLERANCES = {"Hardsigmoid": 1e-6}  # PyTorch's slope of 1/6 is rounded to float32
ORDERS = {"CTCLoss": 0, "Hardsigmoid": 1}  # PyTorch's gradient of CTC is right behind log_softmax only

# Random in training: the values are compared elsewhere, with the draw supplied.
RANDOM = {"AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout", "RReLU"}

EDGES = {"batched": 2, "single": 1, "unbatched": None, "empty": 0}


def cases():
    for name, (arguments, options, channels, axes) in MAPS.items():
        for edge, n in EDGES.items():
            yield name, arguments, options, edge, [normals(n, channels, *(4,) * axes)]
        yield name, arguments, options, "pixel", [normal(2, channels, *(1,) * axes)]
    for name, (arguments, options, inputs) in OTHERS.items():
        for edge, n in EDGES.items():
            yield name, arguments, options, edge, inputs(n)


def place(name, edge):
    """A layer without its number of axes, and the edge: a key of the tables above."""
    return name.rstrip("d").rstrip("123"), edge


EVERY = [one for one in cases() if place(one[0], one[3]) not in UNDEFINED]
CASES = [
    (*one, train)
    for one in EVERY for train in (True, False)
    if place(one[0], one[3]) not in DEPARTURES and not (train and one[0] in RANDOM)
]  # fmt: skip


def test_every_layer_is_here():
    both = {name for name in nn.__all__ if inspect.isclass(getattr(nn, name)) and hasattr(torch.nn, name)}
    assert sorted(both - WITHOUT_NUMBERS - MAPS.keys() - OTHERS.keys()) == []


def refusal(module, inputs, library):
    """The error that a layer raises, or None."""
    try:
        module(*(library.tensor(one) for one in inputs))
    except Exception as error:
        return error
    return None


def lazy_twins_agree(name, arguments, options, inputs, train):
    """Lazy layers become the same layers at their first call, and then take each other's weights."""
    wide = inputs[0].dtype == np.float64
    ours, theirs = (getattr(side, name)(*arguments, **options).train(train) for side in (nn, torch.nn))
    if wide:
        ours.double()
        theirs.double()
    errors = refusal(ours, inputs, mg), refusal(theirs, inputs, torch)
    assert (errors[0] is None) == (errors[1] is None), errors
    if errors[1] is not None:
        assert isinstance(errors[0], MinigradError)
        return
    assert type(ours).__name__ == type(theirs).__name__
    assert repr(ours) == repr(theirs)
    ours.load_state_dict(theirs.state_dict())
    exactness = {} if wide else LOOSE
    same_state(ours, theirs, **exactness)
    runs = [
        side.run(module, inputs, 2 if wide else 1, list(module.parameters()))
        for side, module in ((OURS, ours), (THEIRS, theirs))
    ]
    compare_runs(*runs, f"{name} ", **(exactness or {"rtol": 1e-9, "atol": 1e-11}))
    same_state(ours, theirs, **exactness)


QUIETLY = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


@QUIETLY
@pytest.mark.parametrize(
    ("name", "arguments", "options", "edge", "inputs", "train"),
    CASES,
    ids=[f"{one[0]}-{one[3]}-{'train' if one[5] else 'eval'}" for one in CASES],
)
def test_layer_at_its_edge(name, arguments, options, edge, inputs, train):
    check(name, arguments, options, inputs, train)


@QUIETLY
@pytest.mark.parametrize("departure", sorted(DEPARTURES), ids="-".join)
def test_departures_depart(departure):
    for name, arguments, options, edge, inputs in EVERY:
        if place(name, edge) == departure:
            with pytest.raises((AssertionError, RuntimeError, ValueError)):
                check(name, arguments, options, inputs, True)


def check(name, arguments, options, inputs, train):
    """Where PyTorch refuses, minigrad refuses; else they agree."""
    if name.startswith("Lazy"):
        for values in (inputs, [as_single(one) for one in inputs]):
            lazy_twins_agree(name, arguments, options, values, train)
        return
    ours, theirs = twins(name, *arguments, **options)
    if refusal(theirs.train(train), inputs, torch) is not None:
        assert isinstance(refusal(ours.train(train), inputs, mg), MinigradError), "PyTorch refuses"
        return
    exactness = {"rtol": TOLERANCES.get(name, 1e-9), "train": train}
    try:
        compare_layer(name, arguments, options, *inputs, order=ORDERS.get(name, 2), **exactness)
    except RuntimeError as error:
        if isinstance(error, MinigradError) or "derivative for" not in str(error):
            raise
        compare_layer(name, arguments, options, *inputs, order=1, **exactness)
