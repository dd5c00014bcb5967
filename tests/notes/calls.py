"""What the notes' items ask for, by name: the function or layer that does it, called on the item's own numbers.

`CALLS` is the table: item, qualified name, what is done with the object of that name, and
what must come out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import minigrad as mg
import nn
from minigrad.autograd import grad
from tests.notes.golden import entry, golden


@dataclass(frozen=True)
class Call:
    """One use of an object that an item asks for."""

    item: str
    name: str
    use: Callable[[Any], Any]
    expected: Any


def t(values: Any) -> mg.Tensor:
    return mg.tensor(np.array(values, np.float64))


def maps(values: Any) -> mg.Tensor:
    """A matrix as a batch of one map."""
    return t(np.array(values)[None, None])


def filled(layer: Any, **values: Any) -> Any:
    """The layer in double precision with these values in its parameters, shaped as they are there."""
    layer.double()
    with mg.no_grad():
        for name, value in values.items():
            parameter = getattr(layer, name)
            parameter.copy_(t(value).reshape(parameter.shape))
    return layer


def entries(make: Any) -> Any:
    return make().entries


BLOCK, FILTER = golden("smile_region_needed_5x5"), golden("smile_filter_2x2")
PATCH = golden("patch_1_to_9")
MODES = entry("modes_1d_example")
INNER = golden("zero_padding_inner_4x4")
AVERAGE = entry("moving_average_1d")
POOLED = entry("pooling_example_4x4")
LOSSES = entry("losses_example")
COUNTS = entry("parameter_counts")
SINGLE = entry("single_kernel_backward_D")
ENET = entry("enet_forward_backward")
BRIGHTNESS = entry("brightness_normalisation_example")
SIZES = entry("output_size_table")
TASKS = entry("task_targets")
SPREAD = golden("transposed_conv_input")
CONVOLVED, POOLED_FACE = golden("smile_conv_output"), golden("smile_maxpool_output")
FIRST = {"weight": ENET["K1"], "bias": ENET["B1"]}
ENET_Y1 = mg.correlate2d(t(ENET["Y0"]), t(ENET["K1"])) + t(ENET["B1"])
QUARTERS = np.full((4, 4), 0.25)
LENET = entry("lenet5_derived")


def lecun89(model: Any) -> Any:
    """The network with the numbers of its instance."""
    net = model(gain=ENET["gain"]).double()
    values = [ENET["K1"], ENET["B1"], ENET["K4"], ENET["B4"], ENET["w"]]
    with mg.no_grad():
        for parameter, value in zip(net.parameters(), values, strict=True):
            parameter.copy_(t(value).reshape(parameter.shape))
    return net


def lecun89_gradients(model: Any) -> list[mg.Tensor]:
    net, image = lecun89(model), maps(ENET["Y0"]).requires_grad_()
    loss = (net(image) - ENET["t"]) ** 2 / 2
    parameters = dict(zip(["K1", "B1", "K4", "B4", "w"], net.parameters(), strict=True))
    order = [parameters[name] for name in ("w", "K4", "B4", "K1", "B1")]
    return [g.reshape(g.shape[-2:]) for g in grad(loss.sum(), [*order, image])]


def sizes(net: Any, x: mg.Tensor) -> list[int]:
    """The different widths of the maps on the way through the features."""
    found = [x.shape[-1]]
    for layer in net.features:
        x = layer(x)
        if x.ndim == 4 and x.shape[-1] != found[-1]:
            found.append(x.shape[-1])
    return found


def slope(f: Any, x: Any) -> Any:
    """The gradient of a function with one number as its value."""
    place = t(x).requires_grad_()
    (found,) = grad(f(place), place)
    return found.numpy()


def run(layer: Any, x: Any, *places: int, **values: Any) -> Any:
    """What a layer with these values makes of a matrix, as the matrix at these places."""
    return filled(layer, **values)(maps(x))[places or (0, 0)]


def to_kernel(layer: Any, x: Any, g: Any, w: Any) -> Any:
    """The gradient of a layer's kernel under the cotangent g."""
    y = filled(layer, weight=w)(maps(x))
    return grad(y, layer.weight, maps(g))[0][0, 0]


def bias_gradient(layer: Any) -> Any:
    return grad(layer.double()(maps(SINGLE["x"])), layer.bias, maps(SINGLE["delta"]))[0]


def stepped(make: Any) -> Any:
    """Where a step of 0.1 down the slope 2w leads."""
    w = t([1, 2]).requires_grad_()
    (w * w).sum().backward()
    make([w], lr=0.1).step()
    return w


CALLS = [
    Call(
        "N2",
        "nn.notes.multi_hot",
        lambda f: f([n for n, on in zip(TASKS[0]["labels"], TASKS[0]["target"]) if on], TASKS[0]["labels"]),
        TASKS[0]["target"],
    ),
    Call(
        "N2",
        "nn.notes.one_hot",
        lambda f: [f(task["labels"][task["target"].index(1)], task["labels"]).tolist() for task in TASKS[1:]],
        [task["target"] for task in TASKS[1:]],
    ),
    Call(
        "N3", "minigrad.signal.quantize", lambda f: f(t(golden("integer_image_5x8") + 0.3)), golden("integer_image_5x8")
    ),
    Call("N3", "minigrad.signal.pictures.INTEGER_IMAGE", lambda a: a, golden("integer_image_5x8")),
    Call(
        "N4",
        "minigrad.signal.to_nchw",
        lambda f: [f(mg.zeros(5, 6, c), "HWC").shape[1] for c in entry("colour_depths").values()],
        [1, 3, 4],
    ),
    Call("N4", "minigrad.signal.from_nchw", lambda f: f(mg.zeros(1, 3, 5, 6), "HWC").shape, (5, 6, 3)),
    Call("N5", "minigrad.signal.centred_grid", lambda f: f(23), np.arange(-11, 12)),
    Call("N7", "minigrad.signal.pictures.SMILE", lambda a: a, golden("smile_picture_16x15")),
    Call("N7", "minigrad.signal.pictures.SMILE_16X20", lambda a: a, golden("smile_picture_16x20")),
    Call("N7", "minigrad.signal.pictures.SMILE_15X16", lambda a: a, golden("smile_picture_15x16")),
    Call(
        "N9",
        "minigrad.signal.is_linear",
        lambda f: [f(T, (16,)) for T in (mg.square, lambda x: x * mg.arange(16))],
        [False, True],
    ),
    Call(
        "N9",
        "minigrad.signal.is_shift_invariant",
        lambda f: [f(T, (16,)) for T in (mg.square, lambda x: x * mg.arange(16))],
        [True, False],
    ),
    Call(
        "N10",
        "minigrad.signal.convolve_sampled",
        lambda f: f(t(MODES["x"]), t(MODES["h"]), 0.5),
        np.array(MODES["convolution"]["full"]) / 2,
    ),
    Call("N11", "minigrad.signal.convolve", lambda f: f(t(MODES["x"]), t(MODES["h"])), MODES["convolution"]["full"]),
    Call(
        "N12",
        "minigrad.signal.convolve2d",
        lambda f: f(t(BLOCK), t(FILTER), "valid"),
        golden("smile_true_convolution_output"),
    ),
    Call("N13", "minigrad.signal.rot180", lambda f: f(t(FILTER)), [[-1, 3], [2, 1]]),
    Call("N14", "minigrad.signal.correlate", lambda f: f(t(MODES["x"]), t(MODES["h"])), MODES["correlation"]["full"]),
    Call("N15", "minigrad.correlate2d", lambda f: f(t(PATCH), t(PATCH)).item(), 285),
    Call("N16", "minigrad.signal.convolve", lambda f: f(t(MODES["h"]), t(MODES["x"])), MODES["convolution"]["full"]),
    Call("N17", "minigrad.signal.kernels.derivative_of_gaussian", lambda f: f(5, 1.0).entries.sum(1), np.zeros(5)),
    Call(
        "N19",
        "minigrad.signal.normalized_correlation",
        lambda f: np.unravel_index(f(t(golden("smile_picture_16x15")), t(BLOCK)).argmax().item(), (12, 11)),
        (1, 1),
    ),
    Call(
        "N20",
        "nn.notes.Conv2d",
        lambda f: filled(f(1, 1, 2, flip=True, bias=None), weight=FILTER)(maps(BLOCK))[0, 0],
        golden("smile_true_convolution_output"),
    ),
    Call(
        "N21",
        "minigrad.signal.rot180",
        lambda f: mg.signal.convolve2d(t(BLOCK), f(t(FILTER)), "valid"),
        golden("smile_conv_output"),
    ),
    Call(
        "N22",
        "minigrad.signal.convolve2d",
        lambda f: f(t(PATCH), t(PATCH), "valid").item(),
        entry("patch_flip_values")["convolution"],
    ),
    Call(
        "N22", "minigrad.correlate2d", lambda f: f(t(PATCH), t(PATCH)).item(), entry("patch_flip_values")["correlation"]
    ),
    Call(
        "N23",
        "minigrad.signal.convolve",
        lambda f: f(t(golden("smoothing1d_signal")), t(golden("smoothing1d_kernel")), "same"),
        golden("smoothing1d_output"),
    ),
    Call("N23", "minigrad.signal.kernels.smoothing", entries, golden("smoothing1d_kernel")),
    Call(
        "N24",
        "minigrad.signal.kernels.difference",
        lambda f: f().apply(t(golden("difference1d_signal")), border="zero"),
        golden("difference1d_output"),
    ),
    Call(
        "N25",
        "minigrad.signal.moving_average",
        lambda f: f(t(AVERAGE["signal"]), AVERAGE["m"], "valid"),
        AVERAGE["valid"],
    ),
    Call("N26", "minigrad.signal.kernels.box", entries, golden("box_filter_3x3")),
    Call(
        "N27",
        "minigrad.signal.kernels.box",
        lambda f: f(3).apply(t(golden("box10_input")), "valid"),
        golden("box10_output"),
    ),
    Call("N27", "minigrad.avg_pool2d", lambda f: f(maps(golden("box10_input")), 3, 1)[0, 0], golden("box10_output")),
    Call(
        "N28",
        "minigrad.signal.kernels.sobel",
        lambda f: [f(1).entries.tolist(), f(0).entries.tolist()],
        [golden("sobel_1").tolist(), golden("sobel_2").tolist()],
    ),
    *(
        Call("N29", f"minigrad.signal.kernels.{name}", entries, golden(f"kernel_{name}"))
        for name in ("horizontal_edge", "vertical_edge", "outline", "outline_as_printed", "emboss")
    ),
    *(
        Call("N30", f"minigrad.signal.pictures.SAMPLE_{n}X{n}", lambda a: a, golden(f"sample_filter_{n}x{n}"))
        for n in (2, 4, 6)
    ),
    Call(
        "N31",
        "minigrad.signal.kernels.gaussian",
        lambda f: f(23, 3.8, normalize=False).entries,
        golden("gaussian23_raw"),
    ),
    Call("N33", "minigrad.correlate2d", lambda f: f(t(BLOCK), t(FILTER)), golden("smile_conv_output")),
    *(
        Call(
            "N34",
            f"minigrad.signal.{'convolve' if kind == 'convolution' else 'correlate'}",
            lambda f, mode=mode: f(t(MODES["x"]), t(MODES["h"]), mode),
            MODES[kind][mode],
        )
        for kind in ("convolution", "correlation")
        for mode in ("full", "same", "valid")
    ),
    Call("N35", "minigrad.pad", lambda f: f(t(INNER), 1), golden("zero_padding_result_6x6")),
    Call("N35", "minigrad.crop", lambda f: f(t(golden("zero_padding_result_6x6")), 1), INNER),
    *(
        Call(
            "N36" if mode in ("reflect", "symmetric") else "N37",
            "minigrad.pad",
            lambda f, mode=mode: f(t(INNER), 1, *(("constant", 7) if mode == "constant_7" else (mode,))),
            expected,
        )
        for mode, expected in entry("border_modes_4x4").items()
    ),
    Call(
        "N38",
        "minigrad.conv2d",
        lambda f: f(maps(BLOCK), maps(FILTER), stride=2)[0, 0],
        golden("smile_conv_output")[::2, ::2],
    ),
    Call(
        "N39",
        "nn.notes.Conv2d",
        lambda f: filled(f(1, 1, 2, skip=1, bias=None), weight=FILTER)(maps(BLOCK))[0, 0],
        golden("smile_conv_output")[::2, ::2],
    ),
    Call(
        "N40",
        "minigrad.signal.output_size_a",
        lambda f: [f(s["n"], s["k"], s["pad_per_side"], s["stride"]) for s in SIZES],
        [s["out"] for s in SIZES],
    ),
    Call(
        "N41",
        "minigrad.signal.output_size_b",
        lambda f: [f(s["n"], s["k"], s["pad_total_B"], s["stride"]) for s in SIZES],
        [s["out"] for s in SIZES],
    ),
    Call("N42", "minigrad.signal.output_size_e", lambda f: f(32, 2), 28),
    Call(
        "N43",
        "minigrad.signal.output_size_e",
        lambda f: [f(s["n"], s["h_E"], s["skip_E"]) for s in SIZES if s["h_E"] is not None and not s["pad_per_side"]],
        [s["out"] for s in SIZES if s["h_E"] is not None and not s["pad_per_side"]],
    ),
    Call(
        "N44",
        "minigrad.signal.output_size",
        lambda f: [f(s["n"], s["k"], s["stride"], s["pad_per_side"]) for s in SIZES],
        [s["out"] for s in SIZES],
    ),
    Call(
        "N45",
        "nn.notes.Conv2d",
        lambda f: [f(1, 1, 3, mode=mode)(mg.zeros(1, 1, 5, 5)).shape[2] for mode in ("wide", "narrow")],
        [7, 3],
    ),
    Call("N46", "nn.Conv2d", lambda f: f(3, 2, 5)(mg.zeros(1, 3, 8, 8)).shape, (1, 2, 4, 4)),
    Call(
        "N47",
        "nn.notes.Conv2d.after_b",
        lambda f: filled(f(1, 1, 2), weight=FILTER, bias=[2])(maps(BLOCK))[0, 0],
        golden("smile_conv_output") + 2,
    ),
    Call("N48", "nn.notes.KernelMatrix", lambda f: (f(maps(FILTER)) @ t(BLOCK)[None])[0], golden("smile_conv_output")),
    Call(
        "N49",
        "nn.notes.Conv2d.after_e",
        lambda f: filled(f(1, 1, 1, size=12), weight=ENET["K1"], bias=ENET["B1"])(maps(ENET["Y0"])).shape,
        (1, 1, 10, 10),
    ),
    Call(
        "N51",
        "nn.notes.Conv2d.after_c",
        lambda f: filled(f(1, 1, 2), weight=FILTER, bias=[[2]])(maps(BLOCK))[0, 0],
        golden("smile_true_convolution_output") - 2,
    ),
    Call("N51", "nn.notes.Linear", lambda f: filled(f(2, 1, bias_sign=-1), weight=[[3, 4]], bias=[5])(t([1, 1])), [2]),
    Call(
        "N54",
        "minigrad.signal.toeplitz_matrix",
        lambda f: (f(t(FILTER), (5, 5)) @ t(BLOCK).reshape(-1)).reshape(4, 4),
        golden("smile_conv_output"),
    ),
    Call(
        "N55",
        "nn.functional.unfold",
        lambda f: (t(FILTER).reshape(1, 4) @ f(maps(BLOCK), 2)[0]).reshape(4, 4),
        golden("smile_conv_output"),
    ),
    Call(
        "N60",
        "nn.notes.LocallyConnected2d",
        lambda f: sum(p.numel() for p in f(1, 6, 5, 32).parameters()),
        COUNTS["lenet_C1_local_unshared"],
    ),
    Call(
        "N61",
        "nn.notes.receptive_field",
        lambda f: list(dict.fromkeys(v[0] for v in f(nn.models.LeNet5().features, (1, 32, 32)).values())),
        LENET["receptive_fields"][1:],
    ),
    Call(
        "N61",
        "minigrad.signal.receptive_field",
        lambda f: f([(5, 1), (2, 2), (5, 1), (2, 2), (5, 1)]),
        LENET["receptive_fields"],
    ),
    Call(
        "N63",
        "minigrad.signal.convolution_parameters",
        lambda f: [f(1, 6, 5), f(3, 1, 16)],
        [COUNTS["lenet_C1_shared"], COUNTS["A_16x16x3_one_filter_with_bias"]],
    ),
    Call("N63", "minigrad.signal.local_parameters", lambda f: f(1, 6, 5, 28), COUNTS["lenet_C1_local_unshared"]),
    Call(
        "N63", "minigrad.signal.dense_parameters", lambda f: f(32 * 32, 28 * 28 * 6), COUNTS["lenet_C1_fully_connected"]
    ),
    Call("N63", "nn.notes.count_parameters", lambda f: f(nn.models.LeNet5()), LENET["total"]),
    Call(
        "N66",
        "nn.notes.Gain",
        lambda f: filled(f(2), gain=[2, 3])(mg.ones(1, 2, 1, 1, dtype=mg.float64)).flatten(),
        [2, 3],
    ),
    Call(
        "N67",
        "minigrad.sigmoid",
        lambda f: slope(f, entry("sigmoid_derivative")["argmax"]),
        entry("sigmoid_derivative")["maximum"],
    ),
    Call("N69", "minigrad.relu", lambda f: f(t(golden("smile_conv_output"))), golden("smile_relu_output")),
    *(
        Call(
            "N70",
            "nn.notes.Softplus",
            lambda f, k=k: f(k)(t(entry("softplus_values")["x"])),
            entry("softplus_values")[f"k={k}"],
        )
        for k in (1, 2)
    ),
    Call("N72", "nn.notes.Abs", lambda f: f()(t([-2, 0, 3])), [2, 0, 3]),
    Call("N73", "nn.notes.SmoothSign", lambda f: f(2.0)(t([-1, 0, 1])), np.tanh([-1, 0, 1])),
    *(
        Call(
            "N74",
            "nn.notes.SmoothAbs",
            lambda f, k=k: f(k)(t(entry("smooth_abs_values")["x"])),
            entry("smooth_abs_values")[f"k={k}"],
        )
        for k in (1, 4)
    ),
    Call("N75", "minigrad.relu", lambda f: f(t(golden("smile_conv_output"))), golden("smile_relu_output")),
    Call(
        "N77",
        "nn.notes.SubtractiveNorm",
        lambda f: f(1.0, 3)(mg.full((1, 3, 5, 5), 7.0, dtype=mg.float64)).abs().max().item(),
        0,
    ),
    Call(
        "N79",
        "nn.notes.BrightnessNorm",
        lambda f: f(BRIGHTNESS["kappa"], BRIGHTNESS["lam"], BRIGHTNESS["mu"])(t(BRIGHTNESS["x"])[None])[0],
        BRIGHTNESS["y"],
    ),
    Call("N81", "minigrad.signal.subsampling_matrix", lambda f: f(5), golden("subsampling_matrix_rows")),
    Call("N81", "minigrad.signal.subsample", lambda f: f(t(BLOCK)), BLOCK[::2, ::2]),
    Call("N81", "nn.notes.Subsample2d", lambda f: f(skip=1)(maps(BLOCK))[0, 0], BLOCK[::2, ::2]),
    Call(
        "N82", "minigrad.signal.pyramid", lambda f: [level.shape[-1] for level in f(mg.ones(16, 16), 3)], [16, 8, 4, 2]
    ),
    Call("N83", "minigrad.signal.projection_matrix", lambda f: f((4, 4)).shape, (4, 16)),
    Call("N84", "minigrad.signal.sampling_kind", lambda f: len({f(4, 4), f(8, 4), f(2, 4)}), 3),
    Call(
        "N85",
        "minigrad.signal.kernels.binomial",
        lambda f: f(5).entries[2] / f(5).entries[2].sum(),
        np.array([1, 4, 6, 4, 1]) / 16,
    ),
    Call(
        "N86",
        "minigrad.max_pool2d",
        lambda f: f(maps(golden("smile_relu_output")), 2, 1)[0, 0, ::2, ::2],
        golden("smile_maxpool_output"),
    ),
    Call("N87", "minigrad.max_pool2d", lambda f: f(maps(POOLED["x"]), 2)[0, 0], POOLED["max"]),
    Call("N88", "minigrad.avg_pool2d", lambda f: f(maps(POOLED["x"]), 2)[0, 0], POOLED["average"]),
    Call("N89", "nn.notes.L2Pool2d", lambda f: f(2)(maps(POOLED["x"]))[0, 0], POOLED["l2"]),
    *(
        Call(
            "N89",
            "nn.notes.functional.l2_pool2d",
            lambda f, w=w: f(maps(np.reshape(w["window"], (2, 2))), 2).item(),
            w["correct"],
        )
        for w in entry("l2_pooling_windows")
    ),
    Call("N89", "nn.notes.LpMeanPool2d", lambda f: f(1, 2)(maps(POOLED["x"]))[0, 0], POOLED["average"]),
    Call(
        "N90",
        "nn.notes.StochasticPool2d",
        lambda f: f(2).eval()(maps(np.reshape(entry("stochastic_pooling_window")["window"], (2, 2)))).item(),
        entry("stochastic_pooling_window")["inference_value"],
    ),
    Call(
        "N91",
        "minigrad.max_pool2d",
        lambda f: f(maps(golden("smile_relu_output")), 2)[0, 0],
        golden("smile_maxpool_output"),
    ),
    Call(
        "N95",
        "nn.notes.FullyConnectedMaps",
        lambda f: filled(f(1, 2, 1, bias=False), weight=ENET["w"])(maps(ENET["Y6"])).item(),
        ENET["z"],
    ),
    Call("N97", "nn.notes.SumSquaredError", lambda f: f()(t(LOSSES["y"]), t(LOSSES["t"])).item(), LOSSES["sse"]),
    Call("N98", "nn.notes.CrossEntropy", lambda f: f()(t(LOSSES["y"]), t(LOSSES["t"])).item(), LOSSES["cross_entropy"]),
    Call(
        "N98",
        "nn.CrossEntropyLoss",
        lambda f: f()(mg.log(t(LOSSES["y"])), t(LOSSES["t"])).item(),
        LOSSES["cross_entropy"],
    ),
    Call("N99", "nn.notes.HalfSquaredError", lambda f: f()(t(LOSSES["y"]), t(LOSSES["t"])).item(), LOSSES["half_se"]),
    Call("N100", "nn.MSELoss", lambda f: f()(t(LOSSES["y"]), t(LOSSES["t"])).item(), LOSSES["mse"]),
    Call("N103", "nn.models.ClassicCNN", lambda f: f()(mg.zeros(1, 1, 28, 28)).shape, (1, 10)),
    Call("N104", "nn.models.LeNet5", lambda f: sizes(f(), mg.zeros(1, 1, 32, 32)), LENET["sizes"]),
    *(
        Call(
            "N106",
            "nn.models.ConvNet28",
            lambda f, p=p: sizes(f(pad_total=p), mg.zeros(1, 1, 28, 28)),
            list(dict.fromkeys(entry("convnet28_sizes")[name])),
        )
        for p, name in ((2, "total_padding_2"), (4, "per_side_padding_2"))
    ),
    Call("N107", "nn.models.LeCun89", lambda f: lecun89(f)(maps(ENET["Y0"])).item(), ENET["y"]),
    Call(
        "N113",
        "minigrad.correlate_weight",
        lambda f: f(maps(SINGLE["x"]), maps(SINGLE["delta"]), 2)[0, 0],
        SINGLE["dE_dK"],
    ),
    Call("N114", "minigrad.full_convolve2d", lambda f: f(t(SINGLE["delta"]), t(SINGLE["k"])), SINGLE["dE_dX"]),
    Call(
        "N117", "minigrad.correlate_input", lambda f: f(maps(SINGLE["k"]), maps(SINGLE["delta"]))[0, 0], SINGLE["dE_dX"]
    ),
    Call(
        "N122",
        "minigrad.correlate_weight",
        lambda f: f(maps(SINGLE["x"]), maps(SINGLE["delta"]), 2)[0, 0],
        SINGLE["dE_dK"],
    ),
    Call(
        "N124",
        "nn.notes.KernelMatrix",
        lambda f: f(maps(SINGLE["k"])).T.full_convolve(t(SINGLE["delta"])[None])[0],
        SINGLE["dE_dX"],
    ),
    Call(
        "N125",
        "nn.models.LeCun89",
        lambda f: lecun89_gradients(f)[0].numpy(),
        ENET["dH_dw"],
    ),
    Call("N126", "nn.models.LeCun89", lambda f: lecun89_gradients(f)[1].numpy(), ENET["dH_dK4"]),
    Call(
        "N127",
        "nn.models.LeCun89",
        lambda f: np.concatenate([g.numpy().ravel() for g in lecun89_gradients(f)]),
        np.concatenate([np.ravel(ENET[f"dH_d{name}"]) for name in ("w", "K4", "B4", "K1", "B1", "Y0")]),
    ),
    Call(
        "N128",
        "minigrad.max_pool2d",
        lambda f: slope(lambda x: f(mg.relu(x), 2).sum(), golden("smile_conv_output")[None, None])[0, 0],
        entry("smile_backward")["dL_dconv"],
    ),
    Call("N129", "minigrad.avg_pool2d", lambda f: slope(lambda x: f(x, 2).sum(), np.ones((1, 4, 4)))[0], QUARTERS),
    Call(
        "N130",
        "nn.notes.L2Pool2d",
        lambda f: slope(lambda x: f(2)(x).sum(), np.reshape(entry("l2_pooling_windows")[0]["window"], (1, 2, 2)))[0],
        np.reshape(entry("l2_pooling_windows")[0]["window"], (2, 2)) / entry("l2_pooling_windows")[0]["correct"],
    ),
    Call(
        "N131",
        "nn.notes.Subsample2d",
        lambda f: slope(lambda x: f(skip=1)(x).sum(), np.ones((1, 5, 5)))[0],
        golden("subsampling_matrix_rows").sum(0)[:, None] * golden("subsampling_matrix_rows").sum(0),
    ),
    Call(
        "N134",
        "nn.models.ConvAutoencoder",
        lambda f: [
            f(latent_size=6)(mg.zeros(1, 1, 28, 28)).shape[-1],
            f(latent_size=6).encode(mg.zeros(1, 1, 28, 28)).numel(),
        ],
        [entry("autoencoder_sizes")["decoder"][-1], 6],
    ),
    Call(
        "N135",
        "minigrad.conv_transpose2d",
        lambda f: f(maps(SPREAD), maps(golden("transposed_conv_kernel")), stride=2)[0, 0],
        golden("transposed_conv_stride2"),
    ),
    Call(
        "N135",
        "nn.ConvTranspose2d",
        lambda f: filled(f(1, 1, 2, 2, bias=False), weight=golden("transposed_conv_kernel"))(maps(SPREAD))[0, 0],
        golden("transposed_conv_stride2"),
    ),
    Call("N136", "minigrad.signal.transposed_output_size", lambda f: [f(n, 3, 2, 1, 1) for n in (7, 14)], [14, 28]),
    Call(
        "N137",
        "minigrad.conv_transpose2d",
        lambda f: f(maps(SPREAD), maps(golden("transposed_conv_kernel")))[0, 0],
        golden("transposed_conv_output"),
    ),
    # --- what stands for itself: on the numbers of the item next to it, or of one's own
    Call("N1", "nn.Sequential", lambda f: f(nn.ReLU(), nn.MaxPool2d(2))(maps(CONVOLVED))[0, 0], POOLED_FACE),
    Call("N6", "minigrad.signal.kernels.sharpen", lambda f: f().entries.sum(), 1),
    Call("N8", "nn.Conv2d", lambda f: run(f(1, 1, 2, bias=False), BLOCK, weight=FILTER), CONVOLVED),
    Call(
        "N18",
        "minigrad.signal.convolve",
        lambda f: mg.roll(f(t(BLOCK), t(FILTER), "same", border="wrap"), (1, 2), (0, 1)),
        mg.signal.convolve(mg.roll(t(BLOCK), (1, 2), (0, 1)), t(FILTER), "same", border="wrap"),
    ),
    Call(
        "N32",
        "minigrad.signal.kernels.gaussian",
        lambda f: f(23, 3.8).apply(np.full((30, 30), 9.0), border="reflect"),
        np.full((30, 30), 9.0),
    ),
    Call("N50", "nn.notes.Conv2d.after_e", lambda f: run(f(1, 1, 1, size=12), ENET["Y0"], **FIRST), ENET_Y1),
    *(
        Call(item, "nn.notes.Conv2d", lambda f, b=b, v=v: run(f(1, 1, 2, **b), BLOCK, weight=FILTER, bias=v), expected)
        for item, b, v, expected in (
            ("N52", {"bias": "channel"}, [3], CONVOLVED + 3),
            ("N52", {"bias": "pair", "bias_sign": -1}, [[3]], CONVOLVED - 3),
            ("N52", {"bias": "map", "size": 5}, CONVOLVED[None], 2 * CONVOLVED),
        )
    ),
    *(
        Call("N53", "nn.Conv2d", lambda f, n=n: f(n, 2, 3)(mg.zeros(1, n, 6, 6)).shape, (1, 2, 4, 4))
        for n in entry("colour_depths").values()
    ),
    Call(
        "N56",
        "nn.Sequential",
        lambda f: f(filled(nn.Conv2d(1, 1, 2, bias=False), weight=FILTER), nn.ReLU(), nn.MaxPool2d(2))(maps(BLOCK))[
            0, 0
        ],
        POOLED_FACE,
    ),
    Call(
        "N57",
        "nn.notes.count_parameters",
        lambda f: [f(nn.Linear(32 * 32, 8)), f(nn.Conv2d(1, 6, 5))],
        [32 * 32 * 8 + 8, COUNTS["lenet_C1_shared"]],
    ),
    Call("N59", "nn.Linear", lambda f: f(4, 3)(mg.zeros(2, 4)).shape, (2, 3)),
    Call(
        "N62",
        "nn.notes.LocallyConnected2d",
        lambda f: run(f(1, 1, 2, 5, bias=False), BLOCK, weight=np.multiply.outer(FILTER, np.ones((4, 4)))),
        CONVOLVED,
    ),
    Call(
        "N64",
        "nn.Linear",
        lambda f: filled(f(2, 1), weight=[[1, 1]], bias=[-1.5])(t([[0, 0], [0, 1], [1, 1]]))[:, 0],
        [-1.5, -0.5, 0.5],
    ),
    *(
        Call("N65", f"nn.{name}", lambda f: slope(lambda x: f()(x), 0.0), s)
        for name, s in (("ReLU", 0), ("Tanh", 1), ("Sigmoid", 0.25))
    ),
    Call(
        "N68",
        "minigrad.sigmoid",
        lambda f: [slope(f, 0.0) ** int(k) for k in entry("sigmoid_derivative")["powers"]],
        list(entry("sigmoid_derivative")["powers"].values()),
    ),
    Call("N71", "minigrad.tanh", lambda f: slope(lambda x: f(x).sum(), [-1, 0, 2]), 1 - np.tanh([-1, 0, 2]) ** 2),
    Call("N76", "nn.notes.BrightnessNorm", lambda f: f(1.0, 0.0, 1.0)(maps(BLOCK))[0, 0], BLOCK),
    Call(
        "N78",
        "minigrad.signal.kernels.gaussian",
        lambda f: f(23, 3.8).entries * entry("gaussian23_stats")["raw_sum"],
        golden("gaussian23_raw"),
    ),
    Call("N80", "minigrad.avg_pool2d", lambda f: f(maps(POOLED["x"]), 2)[0, 0], POOLED["average"]),
    Call("N92", "nn.MaxPool2d", lambda f: f(2)(maps(golden("smile_relu_output")))[0, 0], POOLED_FACE),
    Call("N93", "nn.AvgPool2d", lambda f: f(2)(t([POOLED["x"]] * 4)), [POOLED["average"]] * 4),
    Call("N94", "nn.Linear", lambda f: filled(f(2, 1), weight=[[3, 4]], bias=[5])(t([1, 1])), [12]),
    Call("N96", "nn.models.LeNet5", lambda f: f().features(mg.zeros(1, 1, 32, 32)).shape, (1, 120, 1, 1)),
    Call("N101", "minigrad.Tensor", lambda f: slope(lambda y: (y**4).sum(), [1, 2]), [4, 32]),
    Call("N102", "nn.Linear", lambda f: f(3, 2)(nn.ReLU()(mg.zeros(1, 3))).shape, (1, 2)),
    Call(
        "N105",
        "nn.notes.FullyConnectedMaps",
        lambda f: run(f(1, 2, 1, bias=False), FILTER, weight=FILTER),
        (FILTER**2).sum(),
    ),
    Call("N108", "nn.summary", lambda f: f(nn.models.LeNet5(), (1, 32, 32)).parameters, LENET["total"]),
    *(
        Call(item, "minigrad.matmul", lambda f: slope(lambda a: mg.tanh(f(t(FILTER), a)).sum(), [0, 0]), FILTER.sum(0))
        for item in ("N109", "N110")
    ),
    Call(
        "N111",
        "minigrad.func.vjp",
        lambda f: f(lambda x: mg.correlate2d(x, t(SINGLE["k"])), t(SINGLE["x"]))[1](t(SINGLE["delta"]))[0],
        SINGLE["dE_dX"],
    ),
    Call("N112", "minigrad.correlate2d", lambda f: f(t(SINGLE["x"]), t(SINGLE["k"])), SINGLE["y"]),
    Call("N115", "minigrad.tanh", lambda f: slope(lambda p: (f(p) * 3).sum(), [0, 1]), 3 * (1 - np.tanh([0, 1]) ** 2)),
    *(
        Call(
            item,
            "nn.notes.Conv2d.after_c",
            lambda f: to_kernel(f(1, 1, 2), SINGLE["x"], SINGLE["delta"], np.flip(SINGLE["k"])),
            np.flip(SINGLE["dE_dK"]),
        )
        for item in ("N116", "N118")
    ),
    Call(
        "N119",
        "nn.Conv2d",
        lambda f: filled(f(2, 2, 1, bias=False), weight=FILTER)(t([3, 4])[None, :, None, None]).flatten(),
        FILTER @ [3, 4],
    ),
    Call("N120", "nn.notes.KernelMatrix", lambda f: (f(maps(SINGLE["k"])) @ t([SINGLE["x"]]))[0], SINGLE["y"]),
    Call(
        "N121",
        "nn.notes.Conv2d",
        lambda f: [
            bias_gradient(f(1, 1, 2)).item(),
            bias_gradient(f(1, 1, 2, bias="pair", bias_sign=-1)).item(),
            *bias_gradient(f(1, 1, 2, bias="map", size=3)).flatten().tolist(),
        ],
        [SINGLE["dE_dB"], -SINGLE["dE_dB"], *np.ravel(SINGLE["delta"])],
    ),
    *(
        Call(
            item,
            "minigrad.correlate_weight",
            lambda f: f(maps(SINGLE["x"]), maps(SINGLE["delta"]), 2)[0, 0],
            SINGLE["dE_dK"],
        )
        for item in ("N123", "N132", "N133")
    ),
    Call(
        "N138", "minigrad.correlate_input", lambda f: f(maps(SINGLE["k"]), maps(SINGLE["delta"]))[0, 0], SINGLE["dE_dX"]
    ),
    Call("N139", "nn.Residual", lambda f: f(nn.ReLU())(t(CONVOLVED)), CONVOLVED + golden("smile_relu_output")),
    Call(
        "N140",
        "nn.Concat",
        lambda f: f(nn.Identity(), nn.ReLU())(maps(CONVOLVED))[0],
        [CONVOLVED, golden("smile_relu_output")],
    ),
    Call("N141", "minigrad.optim.SGD", lambda f: stepped(f), [0.8, 1.6]),
    Call(
        "N142",
        "minigrad.signal.kernels.sobel",
        lambda f: [f(axis).apply(np.indices((3, 3))[1].astype(float), "valid").item() for axis in (1, 0)],
        [8, 0],
    ),
]
