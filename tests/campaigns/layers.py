"""Every layer with valid arguments and inputs, as a function that makes it, runs it and walks back through it."""

import inspect
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad as mg
import nn
from tests.samples import normal, positive, whole
from tests.torch_oracle.examples import Call

SIGNS = whole(0, 2, 2, 4) * 2 - 1
CHANCES = 1 / (1 + np.exp(-normal(2, 4)))
LABELS = whole(0, 4, 2)
SHARES = CHANCES / CHANCES.sum(1, keepdims=True)
PLACES = {axes: np.broadcast_to((np.arange(2**axes) * 2).reshape((2,) * axes), (2, 1, *(2,) * axes)).copy()
          for axes in (1, 2, 3)}  # fmt: skip
SCORES = np.log(np.full((5, 2, 4), 0.25))
PAIR = {"input1": normal(2, 3), "input2": normal(2, 3, seed=1)}
TRIPLE = {"anchor": normal(2, 3), "positive": normal(2, 3, seed=1), "negative": normal(2, 3, seed=2)}


def maps(channels: int, axes: int) -> dict[str, Any]:
    """A batch of maps with so many axes."""
    return {"input": normal(2, channels, *(4,) * axes)}


def scored(target: Any, input: Any = None) -> dict[str, Any]:
    """The input of a loss and its target."""
    return {"input": normal(2, 4) if input is None else input, "target": target}


Entry = tuple[dict[str, Any], dict[str, Any]]  # options of the constructor, inputs of the call


def of_axes(axes: int) -> dict[str, list[Entry]]:
    """The layers of maps with so many axes."""
    a, two, four = axes, maps(2, axes), maps(4, axes)
    kernel = {"kernel_size": 2, "stride": 1, "padding": 1}
    norm = {"num_features": 4, "eps": 1e-4, "momentum": 0.2, "affine": True, "track_running_stats": True}
    lazy_norm = {name: value for name, value in norm.items() if name != "num_features"}
    conv = {"out_channels": 2, "kernel_size": 3, "stride": 2, "padding": 1, "dilation": 1, "groups": 2, "bias": True}
    transposed = {**conv, "output_padding": 1}
    every: dict[str, list[Entry]] = {
        f"Conv{a}d": [({"in_channels": 4, **conv}, four),
                      ({"in_channels": 4, **conv, "padding_mode": "circular", "bias": False}, four)],
        f"LazyConv{a}d": [(conv, four)],
        f"ConvTranspose{a}d": [({"in_channels": 4, **transposed}, four)],
        f"LazyConvTranspose{a}d": [(transposed, four)],
        f"SeparableConv{a}d": [({"in_channels": 4, "out_channels": 2, "kernel_size": 3, "padding": 1,
                                 "depth_multiplier": 2}, four)],
        f"MaxPool{a}d": [({**kernel, "dilation": 1, "return_indices": True, "ceil_mode": True}, two)],
        f"AvgPool{a}d": [({**kernel, "ceil_mode": True, "count_include_pad": False}, two)],
        f"LPPool{a}d": [({"norm_type": 2, "kernel_size": 2, "stride": 1, "ceil_mode": True}, two)],
        f"MaxUnpool{a}d": [({"kernel_size": 2, "stride": 2, "padding": 0},
                            {"input": normal(2, 1, *(2,) * a), "indices": PLACES[a]})],
        f"AdaptiveAvgPool{a}d": [({"output_size": 3}, two)],
        f"AdaptiveMaxPool{a}d": [({"output_size": (2, 3, 1)[:a], "return_indices": True}, two)],
        f"BatchNorm{a}d": [(norm, four), ({"num_features": 4, "momentum": None, "affine": False}, four)],
        f"LazyBatchNorm{a}d": [(lazy_norm, four)],
        f"InstanceNorm{a}d": [(norm, four), ({"num_features": 4}, four)],
        f"LazyInstanceNorm{a}d": [(lazy_norm, four)],
        f"Dropout{a}d": [({"p": 0.5, "inplace": False}, two)],
        f"ConstantPad{a}d": [({"padding": 1, "value": 2.5}, two), ({"padding": (1, 0) * a, "value": 0}, two)],
    }  # fmt: skip
    for border in ("Zero", "Reflection", "Replication", "Circular"):
        every[f"{border}Pad{a}d"] = [({"padding": 1}, two), ({"padding": (1, 2) * a}, two)]
    return every


def losses() -> dict[str, list[Entry]]:
    """The losses."""
    reduced = {"reduction": "none"}
    every: dict[str, list[Entry]] = {
        **{name: [(reduced, scored(CHANCES))] for name in ("L1Loss", "MSELoss")},
        "SmoothL1Loss": [({**reduced, "beta": 0.5}, scored(CHANCES))],
        "HuberLoss": [({**reduced, "delta": 0.5}, scored(CHANCES))],
        "BCELoss": [({"weight": positive(4), "reduction": "sum"}, scored(CHANCES**2, CHANCES))],
        "BCEWithLogitsLoss": [({"weight": positive(4), "pos_weight": positive(4), "reduction": "mean"},
                               scored(CHANCES))],
        "PoissonNLLLoss": [({"log_input": True, "full": True, "eps": 1e-6, **reduced}, scored(positive(2, 4)))],
        "KLDivLoss": [({"reduction": "batchmean", "log_target": False}, scored(SHARES))],
        "GaussianNLLLoss": [({"full": True, "eps": 1e-6, **reduced}, {**scored(CHANCES), "var": positive(2, 4)})],
        "CrossEntropyLoss": [({"weight": positive(4), "ignore_index": 1, "label_smoothing": 0.1}, scored(LABELS)),
                             ({}, scored(SHARES))],
        "NLLLoss": [({"weight": positive(4), "ignore_index": 1, **reduced}, scored(LABELS))],
        "NLLLoss2d": [({"ignore_index": 1}, scored(whole(0, 4, 2, 3, 3), normal(2, 4, 3, 3)))],
        "MultiMarginLoss": [({"p": 2, "margin": 0.5, "weight": positive(4), **reduced}, scored(LABELS))],
        "MultiLabelMarginLoss": [(reduced, scored(whole(0, 4, 2, 4) - 1))],
        "MultiLabelSoftMarginLoss": [({"weight": positive(4), **reduced}, scored(SIGNS * 0.5 + 0.5))],
        "SoftMarginLoss": [(reduced, scored(SIGNS))],
        "HingeEmbeddingLoss": [({"margin": 0.5, **reduced}, scored(SIGNS))],
        "MarginRankingLoss": [({"margin": 0.5, **reduced}, {**PAIR, "target": SIGNS[:, :3]})],
        "CosineEmbeddingLoss": [({"margin": 0.5, **reduced}, {**PAIR, "target": SIGNS[:, 0]})],
        "TripletMarginLoss": [({"margin": 0.5, "p": 2, "eps": 1e-5, "swap": True, **reduced}, TRIPLE)],
        "TripletMarginWithDistanceLoss": [({"distance_function": None, "margin": 0.5, "swap": True, **reduced},
                                           TRIPLE)],
        "CTCLoss": [({"blank": 0, "zero_infinity": True, **reduced},
                     {"log_probs": SCORES, "targets": whole(1, 4, 2, 2), "input_lengths": np.array([5, 5]),
                      "target_lengths": np.array([2, 2])})],
    }  # fmt: skip
    return every


def elementwise() -> dict[str, list[Entry]]:
    """The nonlinearities."""
    options: dict[str, dict[str, Any]] = {
        "CELU": {"alpha": 0.5}, "ELU": {"alpha": 0.5}, "LeakyReLU": {"negative_slope": 0.2}, "Hardshrink": {"lambd": 1},
        "Softshrink": {"lambd": 0.5}, "Softplus": {"beta": 2, "threshold": 5}, "GELU": {"approximate": "tanh"},
        "Hardtanh": {"min_val": -1, "max_val": 0.5}, "Threshold": {"threshold": 0.1, "value": 2.0},
        "RReLU": {"lower": 0.2, "upper": 0.4}, "AlphaDropout": {"p": 0.5}, "FeatureAlphaDropout": {"p": 0.5},
        "Dropout": {"p": 0.5}, "Softmax": {"dim": -1}, "Softmin": {"dim": -1}, "LogSoftmax": {"dim": 1},
        "GLU": {"dim": -1}, "PReLU": {"num_parameters": 4, "init": 0.3}, "Identity": {},
        **{name: {} for name in ("SELU", "Hardsigmoid", "Hardswish", "LogSigmoid", "Mish", "ReLU", "ReLU6", "SiLU",
                                 "Sigmoid", "Softsign", "Tanh", "Tanhshrink")},
    }  # fmt: skip
    every = {name: [(one, {"input": normal(2, 4)})] for name, one in options.items()}
    return every


def others() -> dict[str, list[Entry]]:
    """The layers with parameters of their own, and those that change shapes."""
    return {
        "Linear": [({"in_features": 4, "out_features": 3, "bias": True}, {"input": normal(2, 4)})],
        "LazyLinear": [({"out_features": 3, "bias": True}, {"input": normal(2, 4)})],
        "Bilinear": [({"in1_features": 3, "in2_features": 3, "out_features": 2, "bias": True}, PAIR)],
        "Embedding": [({"num_embeddings": 4, "embedding_dim": 3, "padding_idx": 1, "scale_grad_by_freq": True},
                       {"input": whole(0, 4, 2, 3)}),
                      ({"num_embeddings": 4, "embedding_dim": 3, "max_norm": 0.5, "norm_type": 2.0},
                       {"input": whole(0, 4, 2)})],
        "Flatten": [({"start_dim": 1, "end_dim": -1}, maps(2, 2))],
        "Unflatten": [({"dim": 1, "unflattened_size": (2, 2)}, {"input": normal(2, 4)})],
        "CosineSimilarity": [({"dim": 1, "eps": 1e-6}, {"x1": PAIR["input1"], "x2": PAIR["input2"]})],
        "PairwiseDistance": [({"p": 2, "eps": 1e-6, "keepdim": True}, {"x1": PAIR["input1"], "x2": PAIR["input2"]})],
        "GroupNorm": [({"num_groups": 2, "num_channels": 4, "eps": 1e-4, "affine": True}, maps(4, 2))],
        "LayerNorm": [({"normalized_shape": (4,), "eps": 1e-4, "elementwise_affine": True, "bias": True}, maps(2, 1))],
        "RMSNorm": [({"normalized_shape": (4,), "eps": 1e-4, "elementwise_affine": True}, maps(2, 1))],
        "LocalResponseNorm": [({"size": 3, "alpha": 0.1, "beta": 0.5, "k": 2.0}, maps(4, 2))],
        "Softmax2d": [({}, maps(3, 2))],
        "ChannelShuffle": [({"groups": 2}, maps(4, 2))],
        "PixelShuffle": [({"upscale_factor": 2}, maps(4, 2))],
        "PixelUnshuffle": [({"downscale_factor": 2}, maps(2, 2))],
        "Fold": [({"output_size": (3, 3), "kernel_size": 2, "dilation": 1, "padding": 0, "stride": 1},
                  {"input": normal(2, 8, 4)})],
        "Unfold": [({"kernel_size": 2, "dilation": 1, "padding": 1, "stride": 2}, maps(2, 2))],
        "Upsample": [({"scale_factor": 2, "mode": "bilinear", "align_corners": True}, maps(2, 2)),
                     ({"size": 3, "mode": "nearest"}, maps(2, 1))],
        "UpsamplingNearest2d": [({"scale_factor": 2}, maps(2, 2))],
        "UpsamplingBilinear2d": [({"size": (3, 5)}, maps(2, 2))],
    }  # fmt: skip


def of_the_notes() -> dict[str, list[Entry]]:
    """The lecture notes' own layers."""
    two, fractions = maps(2, 2), {"input": CHANCES.reshape(2, 1, 2, 2)}
    conv = {"c_in": 2, "c_out": 3, "kernel_size": 3, "flip": True, "dilation": 1}
    every: dict[str, list[Entry]] = {
        "Abs": [({}, two)],
        "BrightnessNorm": [({"kappa": 2.0, "lam": 0.1, "mu": 0.75, "window": None}, two),
                           ({"kappa": 2.0, "lam": 0.1, "mu": 0.75, "window": 2}, two)],
        "Conv2d": [({**conv, "stride": 2, "padding": 1, "bias": "pair", "bias_sign": -1}, two),
                   ({**conv, "skip": 1, "pad_total": 3, "bias": "map", "size": 4}, two),
                   ({**conv, "mode": "same", "bias": None}, two)],
        "CrossEntropy": [({}, scored(CHANCES, SHARES))],
        "FullyConnectedMaps": [({"maps": 2, "size": 4, "n_out": 3, "bias": True}, two)],
        "Gain": [({"maps": 2, "trainable": True}, two), ({"maps": 2, "trainable": False}, two)],
        "HalfSquaredError": [({}, scored(CHANCES))],
        "L2Pool2d": [({"kernel_size": 2, "stride": 1, "normalize": True}, two)],
        "Linear": [({"n_in": 4, "n_out": 3, "bias": True, "bias_sign": -1}, {"input": normal(2, 4)})],
        "LocallyConnected2d": [({"c_in": 2, "c_out": 3, "kernel_size": 2, "size": 4, "stride": 1, "padding": 1,
                                 "bias": True}, two)],
        "LpMeanPool2d": [({"p": 3.0, "kernel_size": 2, "stride": 1}, two)],
        "SmoothAbs": [({"k": 2.0, "centered": False}, two)],
        "SmoothSign": [({"k": 2.0}, two)],
        "Softplus": [({"k": 2.0}, two)],
        "StochasticPool2d": [({"kernel_size": 2, "stride": 1, "generator": None}, fractions)],
        "Subsample2d": [({"step": 2}, two), ({"skip": (1, 0)}, two)],
        "SubtractiveNorm": [({"sigma": 1.5, "size": 3, "border": "reflect", "literal": True}, two)],
        "SumSquaredError": [({}, scored(CHANCES))],
    }  # fmt: skip
    return {f"notes.{name}": entries for name, entries in every.items()}


LAYERS: dict[str, list[Entry]] = {
    **of_axes(1), **of_axes(2), **of_axes(3), **losses(), **elementwise(), **others(), **of_the_notes(),
}  # fmt: skip
# Random in training.
RANDOM = {"AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout", "RReLU",
          "notes.StochasticPool2d"}  # fmt: skip


class Backward(Exception):
    """The walk back from a result raised."""


def filled(parameters: Any, library: Any) -> None:
    """Give parameters the same values in both libraries."""
    with library.no_grad():
        for number, parameter in enumerate(parameters):
            values = np.cos(np.arange(parameter.numel()) * 0.7 + number).reshape(tuple(parameter.shape))
            like = library.from_numpy(np.ascontiguousarray(values))
            parameter.copy_(like.to(parameter.dtype))


def ran(library: Any, layers: Any, name: str, train: Any, cast: Any, inputs: Any, options: dict[str, Any]) -> list[Any]:
    """What a layer of a library gives: outputs, gradients of its parameters, buffers."""
    layer = operator.attrgetter(name)(layers)(**options)
    layer.train(train)
    floating = [
        one.dtype for one in inputs if isinstance(one, np.ndarray | library.Tensor) and "float" in str(one.dtype)
    ]
    if cast is True and floating:
        layer.to(floating[0])
    if name.startswith("Lazy"):
        with library.no_grad():
            layer(*inputs)
        if hasattr(layer, "reset_running_stats"):
            layer.reset_running_stats()
    parameters = list(layer.parameters())
    filled(parameters, library)
    output = layer(*inputs)
    first = output[0] if isinstance(output, tuple) else output
    gradients: list[Any] = []
    learnt = [one for one in parameters if one.requires_grad]
    if isinstance(first, library.Tensor) and first.requires_grad and learnt:
        try:
            seeds = library.ones(first.shape, dtype=first.dtype)
            gradients = list(library.autograd.grad(first, learnt, seeds, allow_unused=True, retain_graph=True))
        except Exception as error:
            raise Backward(f"{type(error).__name__}: {error}") from error
    return [output, [one for one in gradients if one is not None], list(layer.buffers())]


class Made:
    """A layer's making and running as one function of (train, cast, *inputs, **options)."""

    def __init__(self, name: str, fixed: bool | None = None) -> None:
        self.name, self.fixed = name, fixed
        own = inspect.signature(operator.attrgetter(name)(nn)).parameters.values()
        kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        self.__signature__ = inspect.Signature(
            [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own if one.kind in kinds]
        )

    def __call__(self, *args: Any, library: Any = mg, layers: Any = nn, **options: Any) -> list[Any]:
        cast, *inputs = args
        train = self.fixed
        if train is None:
            train, *inputs = inputs
        return ran(library, layers, self.name, train, cast, inputs, options)

    def theirs(self) -> Callable[..., Any] | None:
        """The same of PyTorch's layer, if there is one."""
        import torch

        if not hasattr(torch.nn, self.name):
            return None
        return lambda *args, **options: self(*args, library=torch, layers=torch.nn, **options)


def layer_calls(name: str, fixed: bool | None) -> list[Call]:
    """The calls of a layer: whether to cast, the mode unless it is fixed, the inputs, and the options by name."""
    calls = []
    for options, inputs in LAYERS[name]:
        for train in (True, False) if fixed is None else (None,):
            mode = {} if train is None else {"train": train}
            calls.append(Call({"cast": True, **mode, **inputs}, dict(options)))
    return calls


__all__ = ["LAYERS", "RANDOM", "Backward", "Made", "layer_calls"]
