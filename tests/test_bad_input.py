"""What a newcomer types: each mistake is told what arrived, what was expected and what to do, and changes nothing."""

import copy
import io
import re
from types import SimpleNamespace

import numpy as np
import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad import optim
from minigrad.errors import MinigradError, MinigradWarning

# ------------------------------------------------------------------ a world to make mistakes in


def build():
    """Tensors, a model in training, graphs walked and not: all that a mistake could harm."""
    mg.manual_seed(0)
    w = SimpleNamespace()
    w.images, w.grey, w.last = mg.randn(2, 3, 8, 8), mg.randn(2, 8, 8), mg.randn(2, 8, 8, 3)
    w.kernel, w.bias = mg.randn(4, 3, 3, 3, requires_grad=True), mg.zeros(4, requires_grad=True)
    w.x = mg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    w.x.grad = mg.full((2, 3), 7.0)
    w.y = w.x * 2
    w.ints, w.bools, w.double, w.half = (
        mg.arange(6).reshape(2, 3),
        mg.tensor([True, False]),
        mg.ones(2, 3, dtype=mg.float64),
        mg.ones(2, 3).half(),
    )
    w.vector, w.number, w.empty = mg.arange(3.0), mg.tensor(2.0), mg.zeros(0, 3)
    w.array, w.objects = np.ones((2, 3)), np.array([1, None])
    w.logits, w.labels = mg.randn(4, 5), mg.tensor([0, 1, 4, 2])
    w.model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5))
    w.optimizer = optim.SGD(w.model.parameters(), lr=0.1, momentum=0.9)
    w.walked = F.cross_entropy(w.model(w.images), w.labels[:2])
    w.walked.backward()
    w.optimizer.step()
    w.loss = F.cross_entropy(w.model(w.images), w.labels[:2])
    w.changed = (w.kernel * w.kernel).sum()
    with mg.no_grad():
        w.kernel.add_(1)
    return w


def look(one):
    """All there is to see of an object, as something that compares by value."""
    if isinstance(one, mg.Tensor):
        gradient = None if one._grad is None else one._grad.tolist()
        return (one.tolist(), one.dtype, one._version, id(one._node), id(one._storage), gradient, sorted(vars(one)))
    if isinstance(one, np.ndarray):
        return one.tobytes(), one.shape, one.flags.writeable
    if isinstance(one, nn.Module):
        tensors = {name: look(value) for name, value in one.state_dict(keep_vars=True).items()}
        return tensors, [
            (name, id(module), module.training, sorted(vars(module))) for name, module in one.named_modules()
        ]
    if isinstance(one, optim.Optimizer):
        options = [{key: value for key, value in group.items() if key != "params"} for group in one.param_groups]
        state = {id(param): {key: look(value) for key, value in entry.items()} for param, entry in one.state.items()}
        return options, [[id(param) for param in group["params"]] for group in one.param_groups], state
    return one


def snapshot(w):
    freed = [node.saved is None for loss in (w.loss, w.walked) for node in nodes_of(loss)]
    return {name: look(one) for name, one in vars(w).items()}, freed, mg.is_grad_enabled(), mg.get_default_dtype()


def nodes_of(loss):
    found, stack = [], [loss.grad_fn]
    while stack:
        node = stack.pop()
        if node is not None and node not in found:
            found.append(node)
            stack.extend(below for below, _ in node.next_functions)
    return found


# ------------------------------------------------------------------------------ the mistakes

# name: (what is typed, the built-in that it is, patterns that its text must hold)
MISTAKES = {
    # images and kernels
    "no batch, no channels": (lambda w: w.model(w.images[0, 0]), ValueError, r"\(8, 8\)", "4 axes", r"\[in 0: Conv2d"),
    "too many axes": (lambda w: w.model(w.images[None]), ValueError, r"\(1, 2, 3, 8, 8\)", "4 axes"),
    "channels last": (
        lambda w: w.model(w.last),
        ValueError,
        r"\(2, 8, 8, 3\)",
        "reads 3 channels",
        r"permute\(0, 3, 1, 2\)",
    ),
    "grey images for colour": (
        lambda w: w.model(w.images[:, :1]),
        ValueError,
        r"\(2, 1, 8, 8\)",
        "3 channels",
        "has 1",
        "layer",
    ),
    "no channel axis": (
        lambda w: nn.Conv2d(1, 2, 3)(mg.zeros(5, 8, 8)),
        ValueError,
        r"\(5, 8, 8\)|5",
        "1 channels|channel",
        r"unsqueeze",
    ),
    "weight of another rank": (
        lambda w: F.conv1d(w.images, w.kernel),
        ValueError,
        r"\(4, 3, 3, 3\)",
        r"kernel axes|conv2d",
    ),
    "weight and input exchanged": (lambda w: F.conv2d(w.kernel, w.images), ValueError, r"spans 8|channels"),
    "kernel larger than the input": (
        lambda w: F.conv2d(w.images[..., :2], w.kernel),
        ValueError,
        "spans 3",
        "only 2",
        "smaller kernel|more padding",
    ),
    "kernel larger by dilation": (
        lambda w: F.conv2d(w.images, w.kernel, dilation=4),
        ValueError,
        "spans 9",
        "only 8",
        "dilation 4",
    ),
    "pooling larger than the input": (
        lambda w: F.max_pool2d(w.images, 9),
        ValueError,
        "spans 9",
        "only 8",
        "smaller kernel",
    ),
    "pooling of a vector": (lambda w: F.avg_pool2d(w.vector, 2), ValueError, r"\(3,\)", "4 axes", "without the batch"),
    "pooling with too much padding": (
        lambda w: F.max_pool2d(w.images, 2, padding=2),
        ValueError,
        "padding 2|padding",
        "half the kernel",
    ),
    "stride zero": (lambda w: F.conv2d(w.images, w.kernel, stride=0), ValueError, "stride=0", "at least 1"),
    "stride per axis, one too many": (
        lambda w: F.conv2d(w.images, w.kernel, stride=(1, 1, 1)),
        ValueError,
        r"stride=\(1, 1, 1\)",
        "2 axes",
        "one per axis",
    ),
    "stride of a fraction": (lambda w: F.conv2d(w.images, w.kernel, stride=1.5), TypeError, r"stride=1\.5", "integer"),
    "stride of text": (lambda w: F.conv2d(w.images, w.kernel, stride="2"), TypeError, "stride='2'", "integer"),
    "dilation zero": (lambda w: F.conv2d(w.images, w.kernel, dilation=0), ValueError, "dilation=0", "at least 1"),
    "padding negative": (lambda w: F.conv2d(w.images, w.kernel, padding=-1), ValueError, "padding=-1", "negative"),
    "padding of an unknown word": (
        lambda w: F.conv2d(w.images, w.kernel, padding="smae"),
        ValueError,
        "'smae'",
        "'valid', 'same' and 'full'",
    ),
    "groups that do not divide": (
        lambda w: F.conv2d(w.images, w.kernel, groups=2),
        ValueError,
        "groups=2",
        "3 input",
        "divide",
    ),
    "groups zero": (lambda w: F.conv2d(w.images, w.kernel, groups=0), ValueError, "groups=0", "positive"),
    "groups of a fraction": (
        lambda w: F.conv2d(w.images, w.kernel, groups=1.5),
        (TypeError, ValueError),
        r"groups",
        r"1\.5",
    ),
    "bias of another size": (
        lambda w: F.conv2d(w.images, w.kernel, mg.zeros(3)),
        ValueError,
        r"\(3,\)",
        r"\(4,\)",
        "per output channel",
    ),
    "images of another dtype": (
        lambda w: F.conv2d(w.images.double(), w.kernel),
        TypeError,
        "float64",
        "float32",
        r"\.to\(mg\.float",
    ),
    "images of bytes": (
        lambda w: w.model(mg.zeros(1, 3, 8, 8, dtype=mg.uint8)),
        TypeError,
        "uint8",
        "float32",
        r"\.to\(mg\.float32\)",
    ),
    "an array of float64 into a layer": (
        lambda w: w.model(np.zeros((1, 3, 8, 8))),
        TypeError,
        "float64",
        "float32",
        r"\.to\(mg\.float",
    ),
    "a list into a layer": (lambda w: w.model([[1.0]]), TypeError, "list", r"mg\.tensor"),
    "None into a layer": (lambda w: w.model(None), TypeError, "NoneType"),
    "output_padding too large": (
        lambda w: F.conv_transpose2d(w.images, mg.ones(3, 1, 2, 2), stride=2, output_padding=2),
        ValueError,
        "output_padding",
        "stride",
    ),
    "output_size that cannot be": (
        lambda w: F.conv_transpose2d(w.images, mg.ones(3, 1, 2, 2), stride=2, output_size=(20, 20)),
        ValueError,
        r"\(20, 20\)",
        r"\(16, 16\)",
    ),
    "border wider than the image": (lambda w: F.pad(w.images, (8, 8), "reflect"), ValueError, "reflect", "at most 7"),
    "unknown border": (lambda w: F.pad(w.images, (1, 1), "mirror"), ValueError, "'mirror'", "reflect"),
    "half a pair of widths": (lambda w: F.pad(w.images, (1, 1, 1)), ValueError, "3 widths", "pair"),
    "unknown padding mode of a layer": (
        lambda w: nn.Conv2d(1, 1, 3, padding_mode="mirror"),
        ValueError,
        "'mirror'",
        "reflect",
    ),
    # dense layers
    "not flattened": (lambda w: nn.Linear(192, 5)(w.images), ValueError, r"\(2, 3, 8, 8\)", "192", r"nn\.Flatten\(1\)"),
    "too few features": (lambda w: nn.Linear(4, 5)(w.x), ValueError, r"\(2, 3\)", "4 features", r"Linear\(3, …\)"),
    "larger images than the model was made for": (
        lambda w: w.model(mg.zeros(1, 3, 9, 9)),
        ValueError,
        r"\(1, 196\)",
        "144 features",
        r"\[in 3: Linear",
        r"Linear\(196",
    ),
    # losses and labels
    "label out of range": (
        lambda w: F.cross_entropy(w.logits, mg.tensor([0, 1, 5, 2])),
        IndexError,
        "label 5",
        "5 classes",
        "0 to 4",
        "start at 1",
    ),
    "negative label": (lambda w: F.cross_entropy(w.logits, mg.tensor([0, 1, -1, 2])), IndexError, "label -1", "0 to 4"),
    "labels of floats": (
        lambda w: F.cross_entropy(w.logits, w.labels.float()),
        ValueError,
        r"\(4,\)",
        r"\(4, 5\)",
        r"target\.long\(\)",
    ),
    "labels of floats for nll": (
        lambda w: F.nll_loss(w.logits, w.labels.float()),
        TypeError,
        "float32",
        "integers",
        r"long\(\)",
    ),
    "one-hot labels": (
        lambda w: F.cross_entropy(w.logits, F.one_hot(w.labels, 5)),
        ValueError,
        r"\(4, 5\)",
        r"\(4,\)",
        r"argmax\(1\)",
    ),
    "labels with an axis too many": (
        lambda w: F.cross_entropy(w.logits, w.labels[:, None]),
        ValueError,
        r"\(4, 1\)",
        r"\(4,\) were expected",
    ),
    "labels and logits exchanged": (
        lambda w: F.cross_entropy(w.labels, w.logits),
        (TypeError, ValueError),
        "int64|shape",
    ),
    "labels in a list": (lambda w: F.cross_entropy(w.logits, [0, 1, 4, 2]), TypeError, "list", r"mg\.tensor"),
    "another batch": (
        lambda w: F.cross_entropy(w.logits, w.labels[:2]),
        ValueError,
        r"\(2,\)",
        r"\(4,\) were expected",
    ),
    "predictions (N, 1) against targets (N,)": (
        lambda w: F.mse_loss(mg.ones(4, 1), mg.ones(4)),
        ValueError,
        r"\(4, 1\)",
        r"\(4,\)",
        r"reshape\(4, 1\)|squeeze",
    ),
    "targets that would broadcast": (
        lambda w: F.mse_loss(w.x, w.vector),
        ValueError,
        r"\(2, 3\)",
        r"\(3,\)",
        "broadcast",
    ),
    "unknown reduction": (
        lambda w: F.mse_loss(w.x, w.x, reduction="average"),
        ValueError,
        "'average'",
        "'none', 'mean' or 'sum'",
    ),
    "class weights of another length": (
        lambda w: F.cross_entropy(w.logits, w.labels, weight=mg.ones(4)),
        ValueError,
        r"\(4,\)",
        "5 classes",
    ),
    "softmax without an axis": (lambda w: mg.softmax(w.logits), ValueError, "no dim", "dim=1"),
    "probability above one": (lambda w: nn.Dropout(50), ValueError, "p=50", "0 to 1"),
    # gradients
    "integers that ask for gradients": (
        lambda w: mg.tensor([1, 2], requires_grad=True),
        RuntimeError,
        "int64",
        "floating",
        "dtype=mg.float32",
    ),
    "integers that ask later": (lambda w: w.ints.requires_grad_(), RuntimeError, "int64", "Convert first"),
    "backward on a matrix": (lambda w: w.y.backward(), RuntimeError, r"\(2, 3\)", "scalar", r"mean\(\)"),
    "backward twice": (lambda w: w.walked.backward(), RuntimeError, "freed", "once", "retain_graph=True"),
    "backward without a graph": (
        lambda w: w.vector.sum().backward(),
        RuntimeError,
        r"shape \(\)",
        "does not require",
        "requires_grad=True",
    ),
    "backward on what was detached": (lambda w: w.loss.detach().backward(), RuntimeError, "does not require"),
    "backward after a change in place": (
        lambda w: w.changed.backward(),
        RuntimeError,
        "mul",
        "version 1, saved at 0",
        r"clone\(\)",
    ),
    "backward with a cotangent of another shape": (
        lambda w: w.y.backward(w.vector),
        ValueError,
        r"\(3,\)",
        r"\(2, 3\)",
    ),
    "backward with a list": (lambda w: w.y.backward([[1.0] * 3] * 2), TypeError, "list", "tensor"),
    "backward on a number": (lambda w: mg.autograd.backward(w.loss.item()), TypeError, "float"),
    "grad of what it does not depend on": (
        lambda w: mg.autograd.grad(w.loss, w.x),
        RuntimeError,
        r"\(2, 3\)",
        "do not depend",
        "allow_unused=True",
    ),
    "grad of a constant": (
        lambda w: mg.autograd.grad(w.loss, w.vector),
        RuntimeError,
        r"\(3,\)",
        r"requires_grad_\(\)",
    ),
    "gradient of another shape": (lambda w: setattr(w.x, "grad", w.vector), ValueError, r"\(3,\)", r"\(2, 3\)"),
    "gradient of an array": (lambda w: setattr(w.x, "grad", w.array), TypeError, "ndarray", "None to clear"),
    "hook on a constant": (lambda w: w.vector.register_hook(print), RuntimeError, "does not require"),
    "retain_grad on a constant": (lambda w: w.vector.retain_grad(), RuntimeError, r"requires_grad_\(\)"),
    "freezing a result": (lambda w: w.y.requires_grad_(False), RuntimeError, "<mul", r"detach\(\)"),
    "leaf changed in place": (lambda w: w.x.add_(1), RuntimeError, r"\(2, 3\)", "leaf", "no_grad"),
    "leaf written to": (lambda w: w.x.__setitem__(0, 1.0), RuntimeError, "leaf", "no_grad"),
    "values for NumPy": (lambda w: w.x.numpy(), RuntimeError, "requires gradients", r"detach\(\)\.numpy\(\)"),
    "NumPy on a parameter": (lambda w: np.mean(np.asarray(w.x)), RuntimeError, r"detach\(\)"),
    "NumPy's function of a tensor": (lambda w: np.linalg.norm(w.x), TypeError, "norm", r"detach\(\)"),
    "result into an array": (lambda w: w.array.__iadd__(w.x), TypeError, "out=", r"detach\(\)"),
    "copy of a result": (lambda w: copy.deepcopy(w.y), RuntimeError, "<mul", r"detach\(\)"),
    # operands
    "list as operand": (lambda w: w.x.__add__([1, 2, 3]), TypeError, "list", r"mg\.tensor"),
    "text as operand": (lambda w: w.x * "2", TypeError, "str"),
    "None as operand": (lambda w: w.x - None, TypeError, "NoneType"),
    "complex operand": (lambda w: w.x * 1j, TypeError, "complex"),
    "shapes that do not broadcast": (
        lambda w: w.x + mg.ones(2),
        ValueError,
        r"\(2, 3\)",
        r"\(2,\)",
        "last axis",
        "unsqueeze",
    ),
    "matrices that do not fit": (lambda w: w.x @ w.x, ValueError, r"\(2, 3\)", "3", "2", "agree"),
    "matrix of mixed dtypes": (lambda w: w.x @ w.double.T, TypeError, "float32", "float64", r"\.to\(mg\.float"),
    "matrix of integers and floats": (lambda w: w.x @ w.ints.T, TypeError, "float32", "int64", r"\.to\(mg\.float32\)"),
    "matrix times a number": (lambda w: w.x @ 2, (TypeError, ValueError), "0-d|int", r"\*|use"),
    "bits of floats": (lambda w: w.x & w.x, TypeError, "float32"),
    "mean of integers": (lambda w: w.ints.mean(), TypeError, "int64", r"float\(\)"),
    "integers to a negative power": (lambda w: w.ints**-1, ValueError, "negative power", r"float\(\)"),
    "condition of numbers": (lambda w: mg.where(w.ints, w.x, 0), TypeError, "int64", "x > 0"),
    "truth of several": (lambda w: bool(w.x > 0), ValueError, r"\(2, 3\)", r"\.any\(\)"),
    "length of a number": (lambda w: len(w.number), TypeError, "0-d", r"item\(\)"),
    "item of several": (lambda w: w.x.item(), ValueError, r"\(2, 3\)", "one element"),
    "tensor as an index into a list": (lambda w: [1, 2][w.number], TypeError, "float32", "integer"),
    # axes and shapes
    "axis there is not": (lambda w: w.x.sum(2), IndexError, "dim=2", "2 axes", "-2 to 1"),
    "axis twice": (lambda w: w.x.sum((0, -2)), ValueError, r"\(0, -2\)", "twice"),
    "axis of a fraction": (lambda w: w.x.sum(0.5), TypeError, r"0\.5"),
    "axis of text": (lambda w: w.x.sum("rows"), TypeError, "rows"),
    "too few axes to permute": (lambda w: w.x.permute(0), ValueError, "1 axes", "2", "each axis once"),
    "axis twice in permute": (lambda w: w.x.permute(0, 0), ValueError, "twice"),
    "transpose of an axis there is not": (lambda w: w.x.transpose(0, 5), IndexError, "dim=5|5"),
    "reshape to another count": (lambda w: w.x.reshape(4, 2), ValueError, r"\(2, 3\)", "6 elements", r"\(4, 2\)"),
    "reshape with two unknowns": (lambda w: w.x.reshape(-1, -1), ValueError, "at most one"),
    "reshape with a fraction": (lambda w: w.x.reshape(1.5, 4), TypeError, r"1\.5"),
    "view of an array's shape": (lambda w: w.x.view(7), ValueError, "6 elements"),
    "expand of what is not 1": (lambda w: w.x.expand(4, 3), ValueError, r"\(2, 3\)", r"\(4, 3\)", "equal or 1"),
    "cat of different sizes": (lambda w: mg.cat([w.x, w.vector]), ValueError, r"\(3,\)", r"\(2, 3\)"),
    "cat of nothing": (lambda w: mg.cat([]), ValueError, "no tensors", "at least one"),
    "cat of one tensor": (lambda w: mg.cat(w.x), TypeError, "list"),
    "stack of different shapes": (lambda w: mg.stack([w.x, w.double.T]), ValueError, r"\(3, 2\)", "equal"),
    "split that does not add up": (lambda w: w.x.split([1, 1], 1), ValueError, "size 3", "add up to 2"),
    "split into nothing": (lambda w: w.x.split(0), ValueError, "0", "positive"),
    "maximum of nothing": (lambda w: w.empty.max(), ValueError, r"\(0, 3\)", "no elements"),
    "squeeze of an axis there is not": (lambda w: w.x.squeeze(3), IndexError, "dim=3"),
    "flatten backwards": (lambda w: w.images.flatten(2, 1), ValueError, "2", "1", "comes after|after"),
    "unflatten that does not fit": (lambda w: w.x.unflatten(1, (2, 2)), ValueError, r"\(2, 2\)|6 elements"),
    # indices
    "index out of range": (lambda w: w.x[2], IndexError, r"\(2, 3\)", "out of bounds"),
    "too many indices": (lambda w: w.x[0, 0, 0], IndexError, r"\(2, 3\)", "too many"),
    "index of floats": (lambda w: w.vector[w.vector], TypeError, "float32", r"long\(\)"),
    "index of a fraction": (lambda w: w.vector[1.0], TypeError, "float"),
    "index of text": (lambda w: w.x["first"], TypeError, "str"),
    "mask of another shape": (lambda w: w.vector[w.bools], IndexError, r"\(3,\)|3"),
    "gather out of range": (lambda w: w.x.gather(1, mg.tensor([[3], [0]])), IndexError, "3"),
    "written value of another shape": (
        lambda w: w.vector.__setitem__(slice(0, 2), w.vector),
        ValueError,
        r"\(2,\)",
        r"\(3,\)",
    ),
    "fractions into integers": (lambda w: w.ints.__setitem__(0, w.vector), TypeError, "float32", "int64", "convert"),
    "integers divided in place": (lambda w: w.ints.div_(2), TypeError, "int64", "float32", r"\.to\("),
    "growing in place": (lambda w: w.vector.add_(w.x.detach()), ValueError, r"\(3,\)", r"\(2, 3\)", "cannot"),
    "expanded memory written to": (
        lambda w: w.number.expand(3).zero_(),
        ValueError,
        r"\(3,\)",
        "cannot be written",
        r"clone\(\)",
    ),
    # making tensors
    "uneven lists": (lambda w: mg.tensor([[1, 2], [3]]), ValueError, "uneven"),
    "array of objects": (lambda w: mg.tensor(w.objects), TypeError, "object", "float32"),
    "None in a list": (lambda w: mg.tensor([1.0, None]), TypeError, "object", "numbers"),
    "text": (lambda w: mg.tensor("1.5"), TypeError, "str", "numbers"),
    "complex numbers": (lambda w: mg.tensor([1j]), TypeError, "complex", "numbers"),
    "list instead of an array": (lambda w: mg.from_numpy([1.0]), TypeError, "list", r"mg\.tensor"),
    "negative size": (lambda w: mg.zeros(2, -1), ValueError, r"\(2, -1\)", "negative"),
    "size of a fraction": (lambda w: mg.ones(2.5), TypeError, r"2\.5", "integers"),
    "size of text": (lambda w: mg.rand("3"), TypeError, "3", "integers"),
    "step zero": (lambda w: mg.arange(0, 5, 0), ValueError, "step 0", "away|needed"),
    "empty range of integers": (lambda w: mg.randint(5, 5, (2,)), ValueError, "5", "larger"),
    "negative deviation": (lambda w: mg.normal(0.0, -1.0, (2,)), ValueError, "-1", "negative"),
    "another generator": (lambda w: mg.rand(2, generator=42), TypeError, "int", "Generator"),
    "another device": (lambda w: mg.zeros(2, device="cuda"), ValueError, "'cuda'", "device='cpu'"),
    "to another device": (lambda w: w.model.to("cuda"), ValueError, "'cuda'", "device='cpu'"),
    "no cuda method": (lambda w: w.x.to("cuda:0"), ValueError, "'cuda:0'", "CPU"),
    "unknown dtype": (lambda w: mg.zeros(2, dtype="float33"), TypeError, "float33", r"mg\.float32"),
    "dtype that tensors cannot have": (lambda w: w.x.to(dtype=complex), TypeError, "complex128", "float32"),
    "default dtype of integers": (lambda w: mg.set_default_dtype(mg.int64), ValueError, "int64", "floating"),
    # modules and optimisers
    "model converted to integers": (lambda w: w.model.to(mg.int64), TypeError, "int64", "float"),
    "parameter replaced by a tensor": (
        lambda w: setattr(w.model[0], "weight", w.kernel.detach()),
        TypeError,
        "Tensor",
        "Parameter",
    ),
    "layer replaced by a number": (lambda w: setattr(w.model, "0", 5), TypeError, "int", "submodule|module"),
    "function as a layer": (lambda w: w.model.append(F.relu), TypeError, "function", r"nn\.Module"),
    "class as a layer": (lambda w: w.model.append(nn.ReLU), TypeError, "type", r"nn\.Module"),
    "list of layers": (lambda w: nn.Sequential([nn.ReLU()]), TypeError, "list", r"nn\.Module"),
    "layer inserted that is none": (lambda w: w.model.insert(0, "relu"), TypeError, "str", r"nn\.Module"),
    "layer there is not": (lambda w: w.model[4], IndexError, "4", "Sequential"),
    "list of layers that is called": (
        lambda w: nn.ModuleList([nn.ReLU()])(w.x),
        NotImplementedError,
        "ModuleList",
        "forward",
    ),
    "state dict with keys left over": (
        lambda w: w.model.load_state_dict({**w.model.state_dict(), "fc.bias": mg.ones(1)}),
        RuntimeError,
        r"fc\.bias",
        "Nothing was loaded|nothing",
        "strict=False",
    ),
    "state dict with keys missing": (
        lambda w: w.model.load_state_dict({"0.weight": w.kernel.detach()}),
        RuntimeError,
        r"missing keys: 0\.bias, 3\.weight, 3\.bias",
    ),
    "state dict of other shapes": (
        lambda w: w.model.load_state_dict({**w.model.state_dict(), "3.bias": mg.ones(6)}),
        RuntimeError,
        r"3\.bias",
        r"\(6,\)",
        r"\(5,\)",
    ),
    "file name for a state dict": (
        lambda w: w.model.load_state_dict("model.npz"),
        (RuntimeError, TypeError),
        "str",
        r"mg\.load",
    ),
    "optimiser's state for a model": (
        lambda w: w.model.load_state_dict(w.optimizer.state_dict()),
        RuntimeError,
        "param_groups",
    ),
    "model's state for an optimiser": (
        lambda w: w.optimizer.load_state_dict(w.model.state_dict()),
        RuntimeError,
        "param_groups",
        "model",
    ),
    "optimiser of another model": (
        lambda w: w.optimizer.load_state_dict(optim.SGD(nn.Linear(1, 1).parameters()).state_dict()),
        RuntimeError,
        r"\[4\]",
        r"\[2\]",
    ),
    "optimiser of a model": (lambda w: optim.SGD(w.model, lr=0.1), TypeError, "Sequential", r"parameters\(\)"),
    "optimiser of nothing": (lambda w: optim.SGD([], lr=0.1), ValueError, "no parameters"),
    "optimiser of a result": (lambda w: optim.SGD([w.y], lr=0.1), RuntimeError, "<mul", "leaves"),
    "parameter twice": (lambda w: w.optimizer.add_param_group({"params": w.model[0].weight}), ValueError, "twice"),
    "negative rate": (lambda w: optim.SGD(w.model.parameters(), lr=-1), ValueError, "lr=-1", "0 or more|negative"),
    "nesterov without momentum": (
        lambda w: optim.SGD(w.model.parameters(), nesterov=True),
        ValueError,
        "nesterov",
        "momentum",
    ),
    "parameter of integers": (lambda w: nn.Parameter(w.ints), RuntimeError, "int64"),
    "layer of negative size": (lambda w: nn.Linear(-1, 5), ValueError, "-1", "negative"),
    "buffer of an array": (lambda w: w.model.register_buffer("mean", w.array), TypeError, "ndarray", "tensor"),
    "name with a dot": (lambda w: w.model.add_module("a.b", nn.ReLU()), ValueError, r"'a\.b'", "dot"),
    # files
    "file that is not there": (lambda w: mg.load("no such file.npz"), FileNotFoundError, "no such file"),
    "module saved whole": (lambda w: mg.save(w.model, "never written.npz"), TypeError, "Sequential", r"state_dict\(\)"),
    "arguments of save exchanged": (
        lambda w: mg.save("never written.npz", w.model.state_dict()),
        TypeError,
        r"OrderedDict",
        r"save\(object, path\)",
    ),
    "save into memory": (lambda w: mg.save({}, io.BytesIO()), TypeError, "BytesIO"),
}


# What is no mistake where nothing is recorded.
RECORDED_ONLY = {"leaf changed in place", "leaf written to"}


@pytest.mark.parametrize(
    ("name", "recording"),
    [(name, recording) for name in MISTAKES for recording in (True, False) if recording or name not in RECORDED_ONLY],
    ids=lambda value: value if isinstance(value, str) else "" if value else "no_grad",
)
def test_mistake(name, recording, tmp_path, monkeypatch):
    attempt, builtin, *patterns = MISTAKES[name]
    monkeypatch.chdir(tmp_path)
    w = build()
    before = snapshot(w)
    with mg.set_grad_enabled(recording), pytest.raises(builtin) as raised:
        attempt(w)
    assert isinstance(raised.value, MinigradError), f"a bare {raised.type.__name__}: {raised.value}"
    missing = [pattern for pattern in patterns if not re.search(pattern, str(raised.value))]
    assert not missing, f"{missing} not in: {raised.value}"
    assert snapshot(w) == before
    assert list(tmp_path.iterdir()) == []


def test_the_world_is_seen_whole():
    """Each kind of harm shows in the snapshot, so that the tests above can fail."""
    harms = [
        lambda w: w.x.detach().add_(1),
        lambda w: w.x.backward(mg.ones(2, 3)),
        lambda w: w.ints.add_(0),
        lambda w: w.y.add_(1),
        lambda w: w.model[0].bias.detach().zero_(),
        lambda w: w.model.eval(),
        lambda w: w.model.append(nn.ReLU()),
        lambda w: w.model.double(),
        lambda w: w.loss.backward(),
        lambda w: w.optimizer.param_groups[0].update(lr=9),
        lambda w: w.optimizer.step(),
        lambda w: w.array.fill(7),
        lambda w: setattr(w.x, "grad", None),
        lambda w: w.model[3].requires_grad_(False),
        lambda w: setattr(w.vector, "note", 1),
    ]
    for number, harm in enumerate(harms):
        w = build()
        before = snapshot(w)
        harm(w)
        assert snapshot(w) != before, number


# ------------------------------------------------------------------------------ junk everywhere


# What could arrive where something else belongs, by name, and made anew for each call.
JUNK = {
    "None": lambda: None,
    "text": lambda: "x",
    "fraction": lambda: 1.5,
    "minus one": lambda: -1,
    "two": lambda: 2,
    "nan": lambda: float("nan"),
    "big": lambda: 2**70,
    "flag": lambda: True,
    "complex": lambda: 1j,
    "list": lambda: [1, 2],
    "uneven": lambda: [[1], [2, 3]],
    "tuple": lambda: (0, 1),
    "empty": lambda: (),
    "dict": lambda: {},
    "object": lambda: object(),
    "slice": lambda: slice(0, 1),
    "function": lambda: len,
    "dtype": lambda: mg.float64,
    "array": lambda: np.ones((2, 2)),
    "objects": lambda: np.array([None, 1]),
    "texts": lambda: np.array(["a"]),
    "tensors": lambda: [mg.ones(2), mg.ones(3)],
    "matrix": lambda: mg.arange(6.0).reshape(2, 3),
    "vector": lambda: mg.arange(3.0),
    "ints": lambda: mg.arange(3),
    "bools": lambda: mg.tensor([True, False, True]),
    "number": lambda: mg.tensor(2.0),
    "nothing": lambda: mg.zeros(0, 2),
    "images": lambda: mg.ones(1, 2, 5, 5),
    "leaf": lambda: mg.ones(2, 3, requires_grad=True),
}


STATEFUL = {
    "set_default_dtype",
    "set_printoptions",
    "set_grad_enabled",
    "manual_seed",
    "seed",
    "save",
    "no_grad",
    "enable_grad",
}


def callables():
    """Everything public that can be called: functions, layers (made, not run), and methods of a result on the tape."""
    for module in (mg, F, nn.init, mg.autograd, mg.signal, nn):
        for name in module.__all__:
            value = getattr(module, name)
            if callable(value) and name not in STATEFUL and not (isinstance(value, type) and module is not nn):
                yield f"{module.__name__}.{name}", value
    for name in dir(mg.Tensor):
        value = getattr(mg.Tensor, name)
        if callable(value) and not name.startswith("_"):
            yield f"Tensor.{name}", lambda *args, name=name: getattr(mg.arange(6.0).reshape(2, 3) * 1, name)(*args)


CALLABLES = dict(callables())


@pytest.mark.parametrize("name", CALLABLES)
def test_junk_is_refused_in_our_words_and_changes_nothing(name):
    """Or taken, or refused in Python's own words (TypeError); but never by an accident inside."""
    accidents = set()
    combinations = [(second,) for second in JUNK]
    combinations += [(first, second) for first in ("matrix", "list") for second in JUNK]
    for combination in combinations:
        given = [JUNK[one]() for one in combination]
        try:
            CALLABLES[name](*given)
            continue
        except (MinigradError, MinigradWarning, TypeError):
            pass
        except ValueError as error:
            if "truth value of an array" not in str(error):  # an array where a flag belongs
                accidents.add((*combination, type(error).__name__, str(error)[:60]))
        except Exception as error:
            accidents.add((*combination, type(error).__name__, str(error)[:60]))
        for one in given:
            if isinstance(one, mg.Tensor):
                assert (one._version, one.grad) == (0, None), combination
    assert not accidents, sorted(accidents)
