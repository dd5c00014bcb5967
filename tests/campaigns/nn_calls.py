"""Valid calls of the functions of `nn.functional`, `nn.init` and `nn.utils`."""

import math
from typing import Any

import numpy as np

import minigrad as mg
import nn
from tests.campaigns.arguments import Made
from tests.campaigns.layers import CHANCES, LABELS, PAIR, PLACES, SCORES, SHARES, SIGNS, TRIPLE, scored
from tests.campaigns.own_calls import IMAGES
from tests.samples import normal, positive, whole
from tests.torch_oracle.examples import EXAMPLES, SHAPED, Call, X, Y, call

NOISE = {"p": 0.5, "training": True, "inplace": False}
STILL = {"p": 0.5, "training": False, "inplace": False}
NORM = {"running_mean": normal(2), "running_var": positive(2), "weight": positive(2), "bias": normal(2)}
NONE = {"reduction": "none"}
GRID = np.tanh(normal(2, 3, 3, 2))
SEQUENCES: dict[str, Any] = {
    "log_probs": SCORES, "targets": whole(1, 4, 2, 2), "input_lengths": np.array([5, 5]),
    "target_lengths": np.array([2, 2]), "blank": 0, "reduction": "none", "zero_infinity": True,
}  # fmt: skip


def pooled(axes: int) -> dict[str, list[Call]]:
    """The pooling functions over so many axes that PyTorch writes in Python."""
    maps = {"input": normal(2, 2, *(5,) * axes)}
    window = {"kernel_size": 2, "stride": 2, "padding": 1, "dilation": 1, "ceil_mode": True, "return_indices": True}
    size = {"output_size": (2, 3, 1)[:axes]}
    found = {"input": normal(2, 1, *(2,) * axes), "indices": PLACES[axes]}
    return {
        f"adaptive_avg_pool{axes}d": [call(**maps, **size)],
        f"adaptive_max_pool{axes}d": [call(**maps, **size, return_indices=True), call(**maps, **size)],
        f"adaptive_max_pool{axes}d_with_indices": [call(**maps, **size)],
        f"lp_pool{axes}d": [call(**maps, norm_type=2.0, kernel_size=2, stride=1, ceil_mode=True)],
        f"max_pool{axes}d_with_indices": [call(**maps, **window)],
        f"max_unpool{axes}d": [call(**found, kernel_size=2, stride=2, padding=0, output_size=None)],
        f"dropout{axes}d": [call(**maps, **NOISE)],
    }


FUNCTIONS: dict[str, list[Call]] = {
    **pooled(1), **pooled(2), **pooled(3),
    "affine_grid": [call(theta=normal(2, 2, 3), size=(2, 1, 3, 4), align_corners=False)],
    "grid_sample": [call(input=IMAGES, grid=GRID, mode="bilinear", padding_mode="zeros", align_corners=False),
                    call(input=IMAGES, grid=GRID, mode="nearest", padding_mode="border", align_corners=True)],
    **{name: [call(input=X, **NOISE)] for name in ("alpha_dropout", "dropout")},
    "feature_alpha_dropout": [call(input=IMAGES, **NOISE)],
    "batch_norm": [call(input=IMAGES, **NORM, training=True, momentum=0.2, eps=1e-4),
                   call(input=IMAGES, **NORM, training=False)],
    "instance_norm": [call(input=IMAGES, **NORM, use_input_stats=True, momentum=0.2, eps=1e-4)],
    "binary_cross_entropy": [call(input=CHANCES, target=CHANCES**2, weight=positive(4), reduction="sum")],
    "binary_cross_entropy_with_logits": [call(**scored(CHANCES), weight=positive(4), reduction="none",
                                              pos_weight=positive(4))],
    "celu": [call(input=X, alpha=0.5, inplace=False)],
    "elu": [call(input=X, alpha=0.5, inplace=False)],
    "cosine_embedding_loss": [call(**PAIR, target=SIGNS[:, 0], margin=0.5, reduction="none")],
    "cross_entropy": [call(**scored(LABELS), weight=positive(4), ignore_index=1, reduction="none", label_smoothing=0.1),
                      call(**scored(SHARES))],
    "ctc_loss": [call(**SEQUENCES)],
    "embedding": [call(input=LABELS, weight=normal(4, 3), padding_idx=1, max_norm=None, norm_type=2.0,
                       scale_grad_by_freq=True, sparse=False),
                  call(input=LABELS, weight=normal(4, 3), padding_idx=None, max_norm=0.5, norm_type=2.0)],
    "fold": [call(input=normal(2, 8, 4), output_size=(3, 3), kernel_size=2, dilation=1, padding=0, stride=1)],
    "unfold": [call(input=IMAGES, kernel_size=2, dilation=1, padding=1, stride=2)],
    "gaussian_nll_loss": [call(**scored(CHANCES), var=positive(2, 4), full=True, eps=1e-6, reduction="none")],
    "glu": [call(input=X, dim=-1)],
    "group_norm": [call(input=normal(2, 4, 3), num_groups=2, weight=positive(4), bias=normal(4), eps=1e-4)],
    "gumbel_softmax": [call(logits=X, tau=0.5, hard=True, eps=1e-10, dim=1)],
    **{name: [call(input=X, inplace=False)] for name in ("hardsigmoid", "hardswish", "mish", "relu6", "selu", "silu")},
    "hardtanh": [call(input=X, min_val=-0.5, max_val=0.5, inplace=False)],
    "hinge_embedding_loss": [call(**scored(SIGNS), margin=0.5, reduction="none")],
    "huber_loss": [call(**scored(CHANCES), reduction="none", delta=0.5, weight=positive(2, 4))],
    "interpolate": [call(input=IMAGES, scale_factor=1.5, mode="bilinear", align_corners=False,
                         recompute_scale_factor=True),
                    call(input=IMAGES, size=(3, 7), mode="nearest"), call(input=IMAGES, size=3, mode="bicubic")],
    "kl_div": [call(**scored(SHARES), reduction="batchmean", log_target=False)],
    **{name: [call(**scored(CHANCES), reduction="none", weight=positive(2, 4))] for name in ("l1_loss", "mse_loss")},
    "layer_norm": [call(input=X, normalized_shape=(4,), weight=positive(4), bias=normal(4), eps=1e-4)],
    "leaky_relu": [call(input=X, negative_slope=0.2, inplace=False)],
    "local_response_norm": [call(input=IMAGES, size=3, alpha=0.1, beta=0.5, k=2.0)],
    "margin_ranking_loss": [call(**PAIR, target=SIGNS[:, :3], margin=0.5, reduction="none")],
    "multi_margin_loss": [call(**scored(LABELS), p=2, margin=0.5, weight=positive(4), reduction="none")],
    "multilabel_margin_loss": [call(**scored(whole(0, 4, 2, 4) - 1), reduction="none")],
    "multilabel_soft_margin_loss": [call(**scored(SIGNS * 0.5 + 0.5), weight=positive(4), reduction="none")],
    "nll_loss": [call(**scored(LABELS), weight=positive(4), ignore_index=1, reduction="none")],
    "normalize": [call(input=X, p=2.0, dim=1, eps=1e-6)],
    "pad": [call(input=IMAGES, pad=(1, 2, 0, 1), mode="constant", value=0.5), call(input=IMAGES, pad=(1, 1, 1, 1),
            mode="reflect")],
    "poisson_nll_loss": [call(**scored(positive(2, 4)), log_input=True, full=True, eps=1e-6, reduction="none")],
    "relu": [call(input=X, inplace=False)],
    "rms_norm": [call(input=X, normalized_shape=(4,), weight=positive(4), eps=1e-4)],
    "rrelu": [call(input=X, lower=0.1, upper=0.3, training=False, inplace=False)],
    "smooth_l1_loss": [call(**scored(CHANCES), reduction="none", beta=0.5)],
    "soft_margin_loss": [call(**scored(SIGNS), reduction="none")],
    "softmin": [call(input=X, dim=1), call(input=X, dim=1, by_name={"dtype": "float32"})],
    "softmax": [call(input=X, dim=1), call(input=X, dim=1, by_name={"dtype": "float32"})],
    "log_softmax": [call(input=X, dim=1), call(input=X, dim=1, by_name={"dtype": "float32"})],
    **{name: [call(input=X)] for name in ("softsign", "tanhshrink")},
    "threshold": [call(input=X, threshold=0.1, value=2.0, inplace=False)],
    "triplet_margin_loss": [call(**TRIPLE, margin=0.5, p=2, eps=1e-5, swap=True, reduction="none")],
    "triplet_margin_with_distance_loss": [call(**TRIPLE, by_name={"distance_function": None, "margin": 0.5,
                                                                  "swap": True, "reduction": "none"})],
    "upsample": [call(input=IMAGES, size=3, mode="nearest"), call(input=IMAGES, scale_factor=2, mode="bilinear",
                 align_corners=True)],
    "upsample_bilinear": [call(input=IMAGES, size=(3, 4))],
    "upsample_nearest": [call(input=IMAGES, scale_factor=2)],
}  # fmt: skip
# Random values.
NOISY = {
    "alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout", "gumbel_softmax",
}  # fmt: skip


def functional_calls(name: str) -> list[Call]:
    """The calls of a function of `nn.functional`."""
    return FUNCTIONS.get(name) or [*EXAMPLES.get(name, []), *SHAPED.get(name, [])]


WEIGHT = normal(4, 2, 3, 3)
INITIALISERS: dict[str, list[Call]] = {
    "calculate_gain": [call(nonlinearity="leaky_relu", param=0.2), call(nonlinearity="tanh")],
    "constant_": [call(tensor=WEIGHT, val=0.5)],
    "dirac_": [call(tensor=WEIGHT, groups=2)],
    "eye_": [call(tensor=X)],
    "ones_": [call(tensor=X)],
    "zeros_": [call(tensor=X)],
    "uniform_": [call(tensor=X, a=-1.0, b=2.0)],
    "normal_": [call(tensor=X, mean=1.0, std=2.0)],
    "trunc_normal_": [call(tensor=X, mean=0.0, std=1.0, a=-1.0, b=2.0)],
    **{f"xavier_{kind}_": [call(tensor=WEIGHT, gain=2.0)] for kind in ("uniform", "normal")},
    **{f"kaiming_{kind}_": [call(tensor=WEIGHT, a=0.2, mode="fan_out", nonlinearity="leaky_relu")]
       for kind in ("uniform", "normal")},
    "orthogonal_": [call(tensor=WEIGHT, gain=2.0)],
    "sparse_": [call(tensor=X, sparsity=0.5, std=0.1)],
}  # fmt: skip
# Those of which the values are no random ones.
FIXED = {"calculate_gain", "constant_", "dirac_", "eye_", "ones_", "zeros_"}


# ------------------------------------------------------------------ nn.utils


def with_gradients(*dtypes: Any) -> Any:
    """Parameters with gradients."""
    parameters = [nn.Parameter(mg.ones(2, number + 1, dtype=one)) for number, one in enumerate(dtypes)]
    for parameter in parameters:
        parameter.grad = mg.full(parameter.shape, 3.0, dtype=parameter.dtype)
    return parameters


GRADED = Made(lambda: with_gradients(mg.float32, mg.float64))
PARAMETERS: list[Any] = [
    None, [], (), [None], ["a"], [1], "a", 3, {}, *(Made(one) for one in (
        lambda: with_gradients(mg.float32), lambda: iter(with_gradients(mg.float64)),
        lambda: with_gradients(mg.float16),
        lambda: nn.Linear(2, 2).parameters(), lambda: nn.Linear(2, 2), lambda: [nn.LazyLinear(2).weight],
        lambda: mg.ones(2), lambda: [mg.tensor([1, 2])], lambda: [np.ones(2)], lambda: [mg.ones(0)],
        lambda: with_gradients(mg.float32) * 2, lambda: [*with_gradients(mg.float32), None], lambda: (mg.ones(2), 5),
    )),
]  # fmt: skip


def module_of(kind: str) -> Any:
    """A small module in evaluation."""
    made = {
        "conv": lambda: nn.Conv2d(2, 4, 3), "norm": lambda: nn.BatchNorm2d(4), "linear": lambda: nn.Linear(3, 4),
        "norm1": lambda: nn.BatchNorm1d(4), "transposed": lambda: nn.ConvTranspose2d(2, 4, 3),
    }  # fmt: skip
    return Made(lambda: made[kind]().eval())


MODULES: list[Any] = [
    None, "a", 3, nn.Linear, len, *(module_of(kind) for kind in ("conv", "norm", "linear", "norm1", "transposed")),
    *(Made(one) for one in (
        lambda: nn.Conv2d(2, 4, 3), lambda: nn.BatchNorm2d(3).eval(), lambda: nn.Module(), lambda: nn.Sequential(),
        lambda: nn.LazyLinear(3), lambda: nn.BatchNorm1d(4, track_running_stats=False).eval(),
        lambda: nn.BatchNorm1d(4, affine=False).eval(), lambda: nn.Linear(3, 4, bias=False).eval(),
        lambda: nn.LazyBatchNorm1d().eval(), lambda: nn.Linear(0, 4), lambda: mg.ones(2), lambda: nn.Embedding(3, 4),
        lambda: nn.utils.weight_norm(nn.Linear(3, 4)), lambda: nn.utils.spectral_norm(nn.Linear(3, 4)),
    )),
]  # fmt: skip
NAMES: list[Any] = ["weight", "bias", "", "a.b", "weight_v", "weight_g", None, 3, "training", "forward", ["weight"],
                    b"w", "T_destination", "_parameters", "é", "0"]  # fmt: skip
FUSED = {"rm": normal(4), "rv": positive(4)}

UTILS: dict[str, list[Call]] = {
    "clip_grad_norm_": [call(parameters=GRADED, max_norm=1.0, norm_type=2.0, error_if_nonfinite=True, foreach=None)],
    "clip_grad_value_": [call(parameters=GRADED, clip_value=1.0, foreach=None)],
    "clip_grads_with_norm_": [call(parameters=GRADED, max_norm=1.0, total_norm=Made(lambda: mg.tensor(2.0)))],
    "get_total_norm": [call(tensors=[X, Y], norm_type=2.0, error_if_nonfinite=True),
                       call(tensors=[X], norm_type=math.inf)],
    "fuse_conv_bn_eval": [call(conv=module_of("conv"), bn=module_of("norm"), transpose=False),
                          call(conv=module_of("transposed"), bn=module_of("norm"), transpose=True)],
    "fuse_linear_bn_eval": [call(linear=module_of("linear"), bn=module_of("norm1"))],
    "fuse_conv_bn_weights": [call(conv_w=WEIGHT, conv_b=normal(4), bn_rm=FUSED["rm"], bn_rv=FUSED["rv"], bn_eps=1e-4,
                                  bn_w=normal(4, seed=1), bn_b=normal(4, seed=2), transpose=False)],
    "fuse_linear_bn_weights": [call(linear_w=normal(4, 3), linear_b=normal(4), bn_rm=FUSED["rm"], bn_rv=FUSED["rv"],
                                    bn_eps=1e-4, bn_w=normal(4, seed=1), bn_b=normal(4, seed=2))],
    "parameters_to_vector": [call(parameters=Made(lambda: with_gradients(mg.float32, mg.float32)))],
    "vector_to_parameters": [call(vec=Made(lambda: mg.ones(6)), parameters=GRADED)],
    "weight_norm": [call(module=module_of("linear"), name="weight", dim=0)],
    "remove_weight_norm": [call(module=Made(lambda: nn.utils.weight_norm(nn.Linear(2, 3))), name="weight")],
    "spectral_norm": [call(module=module_of("conv"), name="weight", n_power_iterations=1, eps=1e-12, dim=0)],
    "remove_spectral_norm": [call(module=Made(lambda: nn.utils.spectral_norm(nn.Linear(2, 3))), name="weight")],
}  # fmt: skip

__all__ = ["FIXED", "INITIALISERS", "MODULES", "NAMES", "NOISY", "PARAMETERS", "UTILS", "functional_calls"]
