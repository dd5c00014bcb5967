"""Valid calls of what PyTorch does not have, or has under another name or in another form."""

import itertools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import autograd, datasets, optim, transforms
from minigrad.random import Generator, chosen_generator, fork_rng
from minigrad.serialization import load_checkpoint, save_checkpoint
from minigrad.utils import data
from tests.campaigns.arguments import Made
from tests.campaigns.around_calls import AROUND
from tests.campaigns.signal_calls import SIGNALS
from tests.campaigns.size_calls import SIZES
from tests.samples import normal, whole
from tests.torch_oracle.examples import COUNTS, MASK, STACK, X, Y, Z, call

IMAGES, KERNELS = normal(2, 2, 5, 5), normal(4, 2, 3, 3)
WINDOW = {"kernel_size": 2, "stride": 1, "padding": 1, "dilation": 1}
TYPES = ["Bool", "Byte", "Char", "Double", "Float", "Half", "Int", "Long", "Short"]
NOTHING = [call()]

# Random or undetermined values, or none that a second library would give.
MAKING = {
    "FloatTensor", "Tensor", "seed", "initial_seed", "get_rng_state", "manual_seed", "default_generator", "data_ptr",
    "bernoulli_", "exponential_", "log_normal_", "normal_", "random_", "uniform_", "new_empty", "stride", "type",
    "set_rng_state", "empty", "empty_like", "Uninitialized", "Generator", "as_subclass", "numpy", "get_device",
}  # fmt: skip


def pool_of(axes: int) -> list[Any]:
    """Calls of the unpooling over so many axes."""
    maps = normal(1, 2, *(2,) * axes)
    places = np.broadcast_to((np.arange(2**axes) * 3).reshape((2,) * axes), maps.shape).copy()
    return [call(input=maps, indices=places % 4**axes, kernel_size=2, stride=2, padding=0)]


OWN: dict[str, list[Any]] = {
    **{f"{kind}Tensor": [call(a=2, b=3), call(data=[1, 0, 1]), call(data=X)] for kind in TYPES},
    "Tensor": [call(a=2, b=3), call(data=[1.0, 2.0]), call(data=X)],
    "Uninitialized": [call(requires_grad=True, device="cpu", dtype="float32")],
    "Generator": [call(device="cpu")],
    "device": [call(type="cpu"), call(type="cpu", index=0)],
    **{f"adaptive_{kind}_pool{axes}d": [call(input=normal(2, 2, *(5,) * axes), output_size=(2, 3, 1)[:axes])]
       for kind in ("avg", "max") for axes in (2, 3)},
    **{f"max_unpool{axes}d": pool_of(axes) for axes in (1, 2, 3)},
    "as_flag": [call(value=True, name="f", role="x")],
    "as_integer": [call(value=3, name="f", role="x")],
    "as_number": [call(value=0.5, name="f", role="x")],
    "as_operand": [call(value=X, name="f")],
    "as_tensor": [call(data=X, dtype="float32"), call(data=[[1, 2], [3, 4]])],
    "asarray": [call(obj=X, by_name={"dtype": "float32"}), call(obj=[1.5, 2.5])],
    "tensor": [call(data=X, by_name={"dtype": "float32", "requires_grad": True}), call(data=[[1, 2], [3, 4]])],
    "from_numpy": [call(array=Made(lambda: X.copy()))],
    "cross_entropy": [call(input=X, target=np.arange(len(X)), ignore_index=1, label_smoothing=0.1)],
    "nll_loss": [call(input=X, target=np.arange(len(X)), ignore_index=1)],
    "logistic_loss": [call(input=X, target=Y / 3)],
    "absolute_error": [call(input=X, target=Y, reduction="mean")],
    "squared_error": [call(input=X, target=Y)],
    "huber_error": [call(input=X, target=Y, delta=0.5, beta=0.25)],
    "binary_cross_entropy": [call(input=Y / 3, target=MASK * 1.0)],
    "checkpoint": [call(fn=mg.sin, input=X), call(fn=mg.add, a=X, b=X)],
    "primitive": [call(formula="y = x", by_name={"vjp": "x̄ = g", "notes": ("N69",)}), call(formula=lambda x: x * 2)],
    "correlate": [call(x=IMAGES, w=KERNELS, by_name={"stride": 2, "padding": 1, "dilation": 1, "groups": 1})],
    "correlate2d": [
        call(x=X, w=normal(2, 2), mode="same", by_name={"stride": 1, "dilation": 1}), call(x=IMAGES, w=KERNELS),
    ],
    "full_convolve2d": [call(y=X, w=normal(2, 2)), call(y=normal(2, 4, 3, 3), w=KERNELS)],
    "correlate_input": [call(w=KERNELS, y=normal(2, 4, 3, 3), by_name={"stride": 2, "padding": 1})],
    "correlate_weight": [call(x=IMAGES, y=normal(2, 4, 3, 3), kernel_size=3, by_name={"stride": 1, "padding": 0})],
    "im2col": [call(input=IMAGES, kernel_size=2, by_name={"stride": 1, "padding": 1, "dilation": 1})],
    "col2im": [call(input=normal(1, 8, 4), output_size=(3, 3), kernel_size=2, by_name={"stride": 1, "padding": 0})],
    "crop": [call(input=X, widths=1), call(input=X, widths=((0, 1), (1, 0)))],
    "pad": [call(input=X, widths=1), call(input=X, widths=((0, 1), (1, 0)), mode="reflect", value=0)],
    "resize": [call(input=IMAGES, size=(3, 7), mode="linear"), call(input=IMAGES, size=4, mode="nearest")],
    "standardize": [call(input=X, dim=1, eps=1e-5)],
    "elu": [call(input=X, alpha=0.5, scale=2.0, input_scale=1.5)],
    "hardswish": [call(input=X)],
    "hardtanh": [call(input=X, min_val=-0.5, max_val=0.5)],
    "leaky_relu": [call(input=X, negative_slope=0.1)],
    "silu": [call(input=X)],
    "identity": [call(a=X, b=Y)],
    "expand": [call(input=Z, sizes=(3, 4))],
    "sum_to": [call(input=X, shape=(1, 4))],
    "enable_grad": [call(), call(function=len)],
    "no_grad": [call(), call(function=len)],
    "inference_mode": [call(), call(mode=True)],
    "set_grad_enabled": [call(mode=True)],
    "set_num_threads": [call(num=None)],
    "set_default_dtype": [call(dtype="float64")],
    "use_deterministic_algorithms": [call(mode=True, by_name={"warn_only": True})],
    "set_printoptions": [call(precision=3, threshold=100, edgeitems=2, linewidth=80), call(by_name={"sci_mode": True})],
    "manual_seed": [call(seed=3)],
    "set_rng_state": [call(new_state=Made(mg.get_rng_state))],
    **dict.fromkeys(
        ["are_deterministic_algorithms_enabled", "default_generator", "get_default_dtype", "get_num_threads",
         "get_rng_state", "initial_seed", "is_anomaly_check_nan_enabled", "is_anomaly_enabled", "is_grad_enabled",
         "primitives", "seed"], NOTHING,
    ),
    "save": [call(obj={"a": X, "b": [1, "c", None]}, path=Made(lambda: Path(tempfile.mkdtemp(dir=".")) / "s.mg"),
                  by_name={"format": "npz"})],
    "load": [call(path=Made(lambda: saved(mg.ones(2))), map_location="cpu")],
    "draw": [call(tensors=X), call(tensors=Made(lambda: mg.ones(2, requires_grad=True) * 2))],
    "einsum": [call(equation="ij,j->i", a=X, b=Z), call(equation="...i,...i", a=X, b=Y), call(equation="ii",
    a=STACK[0])],
    "broadcast_shapes": [call(a=(3, 4), b=(1, 4)), call(a=(3, 1), b=4)],
    "broadcast_tensors": [call(a=X, b=Z)],
    "can_cast": [call(from_="float32", to="int64")],
    "promote_types": [call(type1="float32", type2="int64")],
    "result_type": [call(tensor=X, other=2)],
    "is_tensor": [call(obj=X)],
    **{f"atleast_{axes}d": [call(a=X), call(a=Z, b=X)] for axes in (1, 2, 3)},
    "block_diag": [call(a=X, b=Z)],
    "cartesian_prod": [call(a=Z, b=Z)],
    "meshgrid": [call(a=Z, b=X[0], by_name={"indexing": "ij"})],
}  # fmt: skip

OF_THE_TENSOR_ALONE = [
    "bool", "byte", "char", "contiguous", "cpu", "data_ptr", "dim", "double", "element_size", "float", "get_device",
    "half", "int", "is_complex", "is_contiguous", "is_pinned", "is_signed", "item", "long", "ndimension", "nelement",
    "numpy", "pin_memory", "retain_grad", "short", "tolist", "zero_", "cuda", "detach_",
]  # fmt: skip
METHODS: dict[str, list[Any]] = {
    **{name: [call(self=X), call(self=Z[:1])] for name in OF_THE_TENSOR_ALONE},
    "as_subclass": [call(self=X, cls=mg.Tensor)],
    "backward": [call(self=Z[:1]), call(self=X, gradient=Y, retain_graph=True, create_graph=False)],
    "bernoulli_": [call(self=X, p=0.5)],
    "copy_": [call(self=X, other=Z)],
    "expand": [call(self=Z, a=3, b=4), call(self=Z, sizes=(3, 4))],
    "exponential_": [call(self=X, lambd=2)],
    "fill_": [call(self=X, value=2.0)],
    "fill_diagonal_": [call(self=X, fill_value=2.0, wrap=False)],
    "log_normal_": [call(self=X, mean=0.0, std=1.0)],
    "new_empty": [call(self=X, a=2, b=3)],
    "new_zeros": [call(self=X, size=(2, 3))],
    "new_ones": [call(self=X, a=2, b=3, by_name={"dtype": "int64"})],
    "new_full": [call(self=X, size=(2, 3), fill_value=1.5)],
    "new_tensor": [call(self=X, data=[1, 2])],
    "normal_": [call(self=X, mean=0.0, std=1.0)],
    "random_": [call(self=X), call(self=X, low=1, high=9), call(self=COUNTS, high=9)],
    "uniform_": [call(self=X, a=-1.0, b=1.0)],
    "register_hook": [call(self=X, hook=lambda gradient: None)],
    "register_post_accumulate_grad_hook": [call(self=X, hook=lambda tensor: None)],
    "repeat": [call(self=X, a=2, b=1), call(self=X, sizes=(2, 1, 1))],
    "requires_grad_": [call(self=X, requires_grad=True), call(self=X, requires_grad=False)],
    "size": [call(self=X), call(self=X, dim=1)],
    "stride": [call(self=X), call(self=X, dim=1)],
    "sum_to_size": [call(self=X, a=1, b=4), call(self=X, size=(4,))],
    "to": [call(self=X, dtype="float32"), call(self=X, device="cpu"), call(self=X, other=COUNTS)],
    "type": [call(self=X), call(self=X, dtype="float32")],
    "unfold": [call(self=X, dimension=1, size=2, step=1)],
    "view": [call(self=X, a=4, b=3), call(self=X, size=(2, 6))],
    "reshape": [call(self=X, a=4, b=-1), call(self=X, shape=(2, 6))],
    "permute": [call(self=X, a=1, b=0), call(self=X, dims=(1, 0))],
    "where": [call(self=X, condition=MASK, other=Y)],
    **{name: [call(self=X, other=Y)] for name in ("expand_as", "reshape_as", "view_as", "type_as")},
}  # fmt: skip


# ------------------------------------------------------------------ the submodules


def saved(value: Any) -> Path:
    """A file with the value, below the current folder."""
    path = Path(tempfile.mkdtemp(dir=".")) / "saved.mg"
    mg.save(value, path)
    return path


def checkpoint() -> Path:
    """A checkpoint of a generator, below the current folder."""
    path = Path(tempfile.mkdtemp(dir=".")) / "run.mg"
    save_checkpoint(path, noise=Generator(), epoch=3)
    return path


def idx_file() -> Path:
    """A small IDX file below the current folder."""
    path = Path(tempfile.mkdtemp(dir=".")) / "file.idx"
    datasets.write_idx(path, np.zeros((2, 3), np.uint8))
    return path


class Numbers(data.Dataset[Any]):
    """Ten numbers."""

    def __getitem__(self, index: int) -> int:
        return hash(str(index)) % 10

    def __len__(self) -> int:
        return 10


def gradient(x: Any, grad_outputs: Any, **options: Any) -> Any:
    """The gradient of x² by x."""
    return autograd.grad(mg.mul(x, x), x, grad_outputs, **options)


def walked(tensors: Any, grad_tensors: Any, retain_graph: Any, create_graph: Any, inputs: Any) -> None:
    """`autograd.backward`."""
    autograd.backward(tensors, grad_tensors, retain_graph, create_graph, inputs)


def stepped(lr: Any, momentum: Any, dampening: Any, weight_decay: Any, nesterov: Any, **options: Any) -> Any:
    """A parameter after two steps of SGD."""
    parameter = mg.ones(3, requires_grad=True)
    optimizer = optim.SGD([parameter], lr, momentum, dampening, weight_decay, nesterov, **options)
    for _ in range(2):
        optimizer.zero_grad()
        (parameter * parameter).sum().backward()
        optimizer.step()
    return parameter.detach()


def normalized(mean: Any, std: Any, image: Any) -> Any:
    """`Normalize` applied."""
    return transforms.Normalize(mean, std)(image)


def applied(name: str) -> Any:
    """A function that makes a transform and applies it; the last argument is the image."""

    def run(*given: Any, **options: Any) -> Any:
        image = options.pop("image", None)
        if image is None:
            *given, image = given  # type: ignore[assignment]
        return getattr(transforms, name)(*given, **options)(image)

    return run


def resumed(dataset: Any, state_dict: Any) -> Any:
    """What is left of a pass after loading a state."""
    loader = data.DataLoader(dataset, 3, shuffle=True)
    loader.load_state_dict(state_dict)
    return list(loader)


def loaded(dataset: Any, batch_size: Any, shuffle: Any, **options: Any) -> Any:
    """All batches of a loader."""
    return list(data.DataLoader(dataset, batch_size, shuffle, **options))


def drawn_from(kind: type) -> Any:
    """A function that lists what a sampler draws."""
    return lambda *given, **options: list(itertools.islice(kind(*given, **options), 50))


def item_of(images: Any, labels: Any, index: Any) -> Any:
    """One item of an `ImageDataset`."""
    return datasets.ImageDataset(images, labels)[index]


def forked(devices: Any, enabled: Any) -> None:
    """A block in which the generator's state is put back."""
    with fork_rng(devices, enabled):
        mg.rand(1)


def square(x: Any) -> Any:
    """What gradients are checked of."""
    return (x * x).sum()


NUMBERED, TENSORS = Made(Numbers), Made(lambda: data.TensorDataset(mg.arange(6), mg.ones(6, 2)))
LEAF = Made(lambda: mg.ones(3, dtype=mg.float64, requires_grad=True))
CHANCE = Made(Generator)
BYTES = whole(0, 255, 4, 5).astype(np.uint8)
PHOTOS = Made(lambda: mg.from_numpy(normal(2, 3, 8, 7)))
ITEMS = [call(batch=[X, Y]), call(batch=[(X, 1), (Y, 2)]), call(batch=[{"a": 1.5}, {"a": 2.5}]), call(batch=[1, 2])]

OTHERS: dict[str, tuple[Any, list[Any]]] = {
    **AROUND,
    **SIGNALS,
    **SIZES,
    "autograd.grad": (gradient, [call(x=X, grad_outputs=Y, by_name={"retain_graph": True, "create_graph": True,
                                 "only_inputs": True, "allow_unused": True, "materialize_grads": False})]),
    "autograd.grad of": (autograd.grad, [call(outputs=Z[:1], inputs=LEAF, by_name={"allow_unused": True})]),
    "autograd.backward": (walked, [call(tensors=[Z[:1], X], grad_tensors=[None, Y], retain_graph=True,
    create_graph=False,
                                        inputs=None), call(tensors=X, grad_tensors=Y, retain_graph=None,
                                        create_graph=False, inputs=LEAF)]),
    "autograd.gradcheck": (autograd.gradcheck, [call(func=square, inputs=LEAF, by_name={"eps": 1e-6, "atol": 1e-5,
                                                "rtol": 1e-3, "raise_exception": True})]),
    "autograd.gradgradcheck": (autograd.gradgradcheck, [call(func=square, inputs=LEAF)]),
    "optim.SGD": (optim.SGD, [call(params=[LEAF], lr=0.1, momentum=0.9), call(params=[{"params": [LEAF], "lr": 0.5}])]),
    "optim.SGD.step": (stepped, [call(lr=0.1, momentum=0.9, dampening=0, weight_decay=0.1, nesterov=True,
                                      by_name={"maximize": True})]),
    "data.TensorDataset": (lambda *tensors: data.TensorDataset(*tensors)[0], [call(a=X, b=Y)]),
    "data.Subset": (lambda dataset, indices, index: data.Subset(dataset, indices)[index],
                    [call(dataset=NUMBERED, indices=[1, 2], index=0), call(dataset=TENSORS, indices=[1, 2], index=0)]),
    "data.ConcatDataset": (lambda sets, index: data.ConcatDataset(sets)[index],
                           [call(datasets=[NUMBERED, TENSORS], index=3), call(datasets=[NUMBERED], index=-1)]),
    "data.ChainDataset": (lambda sets: list(data.ChainDataset(sets)), [call(datasets=[])]),
    "data.random_split": (data.random_split, [call(dataset=NUMBERED, lengths=[7, 3]), call(dataset=TENSORS,
    lengths=(0.5, 0.5))]),
    "data.DataLoader": (loaded, [call(dataset=NUMBERED, batch_size=3, shuffle=True, by_name={"drop_last": True}),
                        call(dataset=TENSORS, batch_size=4, shuffle=False, by_name={"num_workers": 2, "timeout": 0,
                             "sampler": None, "batch_sampler": None, "collate_fn": None, "prefetch_factor": None})]),
    "data.SequentialSampler": (drawn_from(data.SequentialSampler), [call(data_source=NUMBERED)]),
    "data.RandomSampler": (drawn_from(data.RandomSampler), [call(data_source=NUMBERED, replacement=True,
    num_samples=4)]),
    "data.SubsetRandomSampler": (drawn_from(data.SubsetRandomSampler), [call(indices=[1, 2, 3])]),
    "data.WeightedRandomSampler": (drawn_from(data.WeightedRandomSampler), [call(weights=[0.1, 0.9], num_samples=2,
                                                                                replacement=True), call(weights=Y[0],
                                                                                num_samples=3)]),
    "data.BatchSampler": (drawn_from(data.BatchSampler), [call(sampler=[1, 2, 3], batch_size=2, drop_last=False)]),
    "data.default_collate": (data.default_collate, ITEMS),
    "data.default_convert": (data.default_convert, [call(data=X), call(data=[X, {"a": Y}])]),
    "data.get_worker_info": (data.get_worker_info, NOTHING),
    "transforms.Normalize": (normalized, [call(mean=(0.5,), std=(0.25,), image=Made(lambda: mg.ones(1, 2, 2))),
                                          call(mean=[0.1, 0.2], std=Y[0, :2], image=normal(2, 3, 3))]),
    "transforms.ToTensor": (lambda image: transforms.ToTensor()(image), [call(image=BYTES),
    call(image=Made(lambda: BYTES))]),
    "transforms.Compose": (lambda steps, image: transforms.Compose(steps)(image),
                           [call(transforms=[str], image=X), call(transforms=[], image=X)]),
    "transforms.Lambda": (lambda lambd, image: transforms.Lambda(lambd)(image), [call(lambd=str, image=X)]),
    "transforms.Pad": (applied("Pad"), [call(padding=2, fill=0.5, padding_mode="constant", image=PHOTOS),
                                        call(padding=(1, 2, 0, 1), fill=0, padding_mode="reflect", image=PHOTOS)]),
    "transforms.CenterCrop": (applied("CenterCrop"), [call(size=(3, 7), image=PHOTOS)]),
    "transforms.RandomCrop": (applied("RandomCrop"), [call(size=6, padding=1, pad_if_needed=True, fill=0,
                                                           padding_mode="edge", image=PHOTOS)]),
    "transforms.RandomHorizontalFlip": (applied("RandomHorizontalFlip"), [call(p=0.5, image=PHOTOS)]),
    "transforms.RandomVerticalFlip": (applied("RandomVerticalFlip"), [call(p=0.5, image=BYTES)]),
    "transforms.Resize": (applied("Resize"), [call(size=4, interpolation="bilinear", max_size=9, antialias=True,
                                                   image=PHOTOS), call(size=(4, 3), interpolation="nearest",
                                                   max_size=None, antialias=None, image=BYTES)]),
    "transforms.RandomErasing": (applied("RandomErasing"), [call(p=0.9, scale=(0.1, 0.3), ratio=(0.5, 2), value=1.0,
                                                                 image=PHOTOS)]),
    "transforms.GaussianNoise": (applied("GaussianNoise"), [call(mean=0.1, sigma=0.2, clip=True, image=PHOTOS)]),
    "transforms.RandomAffine": (applied("RandomAffine"), [call(degrees=15, translate=(0.1, 0.2), scale=(0.9, 1.1),
                                shear=5, interpolation="bilinear", fill=0, center=(3, 4), image=PHOTOS)]),
    "transforms.RandomRotation": (applied("RandomRotation"), [call(degrees=(5, 15), interpolation="nearest",
                                  expand=False, center=(3, 4), fill=0, image=PHOTOS)]),
    "transforms.ElasticTransform": (applied("ElasticTransform"), [call(alpha=20, sigma=(3, 4), interpolation="bilinear",
                                    fill=0, image=PHOTOS)]),
    "transforms.RandomDistortion": (applied("RandomDistortion"), [call(degrees=5, translate=(0.1, 0.1),
                                    scale=(0.9, 1.1), squeeze=(0.9, 1.1), shear=3, alpha=20, sigma=3,
                                    interpolation="bilinear", fill=0, image=PHOTOS)]),
    "transforms.RandomApply": (applied("RandomApply"), [call(transforms=[transforms.RandomVerticalFlip()], p=0.5,
                                                             image=PHOTOS)]),
    "data.DataLoader.load_state_dict": (resumed, [call(dataset=NUMBERED, state_dict=Made(
        lambda: data.DataLoader(Numbers(), 3, shuffle=True).state_dict()))]),
    "data.DataLoader ahead": (loaded, [call(dataset=NUMBERED, batch_size=3, shuffle=True,
                                            by_name={"prefetch_factor": 2})]),
    "datasets.CIFAR10": (datasets.CIFAR10, [call(root="nowhere", train=True), call(root=Made(lambda: Path()),
    train=False)]),
    "datasets.ImageDataset": (item_of, [call(images=Made(lambda: np.zeros((3, 4, 4), np.uint8)),
                                             labels=Made(lambda: np.arange(3)), index=0)]),
    "datasets.mnist_sample": (datasets.mnist_sample, [call(train=False, transform=None, target_transform=None)]),
    "datasets.read_idx": (datasets.read_idx, [call(path=Made(idx_file))]),
    "datasets.write_idx": (datasets.write_idx, [call(path=Made(lambda: Path(tempfile.mkdtemp(dir=".")) / "w.idx"),
                                                     array=Made(lambda: BYTES))]),
    "datasets.MNIST": (datasets.MNIST, [call(root="nowhere", train=True), call(root=Made(lambda: Path()),
    train=False)]),
    "datasets.FashionMNIST": (datasets.FashionMNIST, [call(root="nowhere", train=True)]),
    "random.chosen_generator": (chosen_generator, [call(generator=None)]),
    "random.fork_rng": (forked, [call(devices=None, enabled=True)]),
    "random.Generator.manual_seed": (lambda seed: Generator().manual_seed(seed), [call(seed=3)]),
    "random.Generator.set_state": (lambda state: Generator().set_state(state),
    [call(state=Made(lambda: Generator().get_state()))]),
    "minigrad.einsum of lists": (mg.einsum, [call(equation="ij,j->i", operands=[X, Z]), call(a=X, b=[0, 1], c=Z,
    d=[1], out=[0])]),
    "serialization.save_checkpoint": (save_checkpoint, [
        call(path=Made(lambda: Path(tempfile.mkdtemp(dir=".")) / "r"), by_name={"keep": 2, "epoch": 3, "noise": CHANCE})
    ]),
    "serialization.load_checkpoint": (load_checkpoint, [call(path=Made(checkpoint), by_name={"noise": CHANCE})]),
    "cuda.manual_seed": (mg.cuda.manual_seed, [call(seed=3)]),
}  # fmt: skip
