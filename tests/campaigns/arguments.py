"""Random arguments: a valid call, of which a few arguments are replaced by others, valid and not.

Values are drawn with `random.Random`, so that a case is known by its seed and its number.
"""

import collections
import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg

nan, inf = float("nan"), float("inf")
HUGE = 10**400


class Made(NamedTuple):
    """A value that each case makes for itself."""

    make: Callable[[], Any]


def made(*makers: Callable[[], Any]) -> list[Made]:
    """Values that each case makes for itself."""
    return [Made(maker) for maker in makers]


# ------------------------------------------------------------------ the pools

GARBAGE: list[Any] = [
    None, True, False, "a", "", b"a", {}, {"a": 1}, set(), {1}, len, int, mg.Tensor, 1j, Fraction(1, 2), Decimal("1.5"),
    HUGE, -HUGE, nan, inf, -inf, 0, -1, 2**62, 2**63, 1.5, slice(None), Ellipsis, range(3), np.float32(1.5),
    np.int8(3), np.bool_(True), np.complex64(1), np.str_("a"), np.datetime64("2020"), np.float16(0.5), [], (), [[]],
    [1, [2]], ["a"], [None], [nan], (0, 0), [1, 2], {"a": [1]}, frozenset((1,)), memoryview(b"ab"), bytearray(b"ab"),
    *made(object, lambda: (one for one in (1, 2)), lambda: iter([1]), lambda: np.array(None), lambda: np.array("a")),
    *made(lambda: np.array([1, None]), lambda: np.ones(2, "U3"), lambda: np.ones((2, 2), complex),
    lambda: np.zeros((0,))),
    *made(lambda: mg.tensor(2), lambda: mg.tensor([1.0, 2.0]), lambda: mg.ones(0, 3), lambda: mg.zeros(2, 2, 2, 2, 2)),
    *made(lambda: mg.ones(3, 4, requires_grad=True), lambda: [mg.ones(2), None], lambda: [np.array([1, None])]),
    *made(lambda: lambda *given: None, lambda: collections.deque([1]), lambda: np.random.default_rng(0)),
]  # fmt: skip

NUMBERS: list[Any] = [
    0, 1, -1, 2, 3, -3, 7, 0.0, -0.0, 0.5, -0.5, 1.0, 1e-300, 5e-324, 1e308, 1e38, 65520.0, nan, inf, -inf, 2**31,
    2**62,
    2**63, 2**64, -(2**63), -(2**63) - 1, 10**30, HUGE, True, False, np.int8(2), np.uint8(200), np.int64(-1),
    np.float16(0.5), np.float64(0.3), np.float32(nan), np.uint64(2**63), np.longdouble(0.5), Fraction(1, 3),
    Decimal("0.1"),
    1j, "1", b"1", None, [1], (1,), *made(lambda: mg.tensor(1), lambda: mg.tensor(0.5), lambda: mg.tensor([1])),
    *made(lambda: np.array(2), lambda: np.array([1, 2]), lambda: np.array(0.5), lambda: mg.tensor([0.5, 1.5])),
    *made(lambda: mg.tensor(0.5, requires_grad=True), lambda: mg.tensor(True), lambda: np.array(None)),
]  # fmt: skip

AXES: list[Any] = [
    *range(-6, 6), 2**31, 2**62, 2**63, -(2**70), 0.0, 1.0, nan, True, False, None, (0,), (0, 1), [0, 1], (1, 0), (0,
    0),
    (0, -2), (), [], (1.5,), ("a",), (None,), (0, None), np.int64(1), np.uint8(1), np.float32(1), "a", {0}, {0: 1},
    range(2),
    slice(None), ((0, 1),), ([0], [1]), *made(lambda: np.array(1), lambda: np.array([0, 1]), lambda: np.array([0.5])),
    *made(lambda: mg.tensor(1), lambda: mg.tensor([0, 1]), lambda: (mg.tensor(0),), lambda: mg.tensor(1.0)),
    *made(lambda: iter([0])),
]  # fmt: skip

SIZES: list[Any] = [
    0, 1, 2, 3, 4, 5, -1, -2, 7, 12, 2**62, 2**63, -(2**63), 10**30, (), (0,), (1,), (2, 3), (-1,), (-1, -1), (3, 4),
    (12,),
    (4, 3), [2, 2], (0, 3), (3, 0), (2.0,), ("a",), (2**62, 2**62), (2**40, 2**40), (2**70, 1), (0, 2**62), (None,),
    (None, 2),
    True, (True,), 1.5, 1.0, nan, None, "same", "valid", "full", "a", ((1, 2), (0, 1)), ((1, 2),), [[1, 2]], {2},
    {2: 3},
    (1,) * 70, (2, 3, 4, 5), (1, 1, 1), *made(lambda: np.array([3, 4]), lambda: np.array(2), lambda: np.array([1.5])),
    *made(lambda: mg.tensor([2, 6]), lambda: mg.tensor(2), lambda: mg.tensor(1.5), lambda: (mg.tensor(3), 4)),
    *made(lambda: iter([2, 3]), lambda: np.array([[1, 2], [3, 4]]), lambda: np.int64(3), lambda: (np.int8(3), 4)),
]  # fmt: skip
# What a machine could begin to allocate; only for a process whose memory is limited.
LARGE: list[Any] = [2**31, 2**33, 2**40, (2**33,), (2**20, 2**20), (2**40, 1)]

FLAGS: list[Any] = [
    True, False, 0, 1, 2, None, "a", "", nan, [], [0], {}, np.bool_(True), *made(object, lambda: mg.tensor(True)),
    *made(lambda: mg.tensor([1, 0]), lambda: np.array([1, 2]), lambda: np.array([]), lambda: mg.zeros(0)),
]  # fmt: skip

DTYPES: list[Any] = [
    mg.float16, mg.float32, mg.float64, mg.int8, mg.int16, mg.int32, mg.int64, mg.uint8, mg.bool, "float32", "float",
    float,
    int, bool, np.float64, np.int8, complex, "complex64", object, str, "datetime64[s]", np.uint16, np.uint64, "i4,f4",
    ">f4",
    "nonsense", "", 3, None, np.longdouble, [("a", "i4")], {}, b"f4", "O", "S3", "V4", True, np.generic, np.floating,
    *made(lambda: mg.tensor(1.0), lambda: np.ones(2), object),
]  # fmt: skip

WORDS: list[Any] = [
    "", "a", "mean", "sum", "none", "constant", "reflect", "replicate", "circular", "floor", "trunc", "MEAN", "linear",
    "lower", "nearest", "same", "valid", "full", "left", "right", "ij", "xy", "prod", "amax", "fro", "nuc", "i,i->",
    "ij->i",
    None, 1, 1.5, b"mean", ["mean"], ("mean",), {}, True, np.str_("mean"), *made(lambda: np.ones(2),
    lambda: mg.ones(2)),
]  # fmt: skip

INDICES: list[Any] = [
    0, -1, 1, 2, 3, 99, -99, 2**62, 2**70, -(2**70), None, Ellipsis, True, False, slice(None), slice(1, None),
    slice(None, None, -1),
    slice(None, None, 0), slice(2, 0), slice(5, 9, 2), slice(None, 1.5), slice("a", None), slice(-(2**70), 2**70),
    slice(None, None, 2**70), 1.0, 0.5, nan, "a", b"a", {}, {0}, 1j, [], (), [0, 1], [0, -1, 0], [0, 99], [True,
    False, True],
    [[0, 1], [1, 0]], [0, [1]], [0.5], ["a"], [None], (0, 0), (0, slice(None)), (slice(None), [0, 1]), ([0, 1], [0, 1]),
    ([0, 1], [0, 1, 2]), (Ellipsis, 0), (Ellipsis, Ellipsis), (None, 0, None), (0, 0, 0), (0,) * 9, (0, "a"), (True, 0),
    range(2), np.int8(1), np.float32(1), np.bool_(True), (slice(None), None, 0), object, len,
    *made(lambda: np.array([0, 2]), lambda: np.array([0.5]), lambda: np.array([], int), lambda: np.zeros(0)),
    *made(lambda: np.array([True, False, True]), lambda: np.ones((3, 4), bool), lambda: np.ones((2, 2), bool)),
    *made(lambda: mg.tensor([0, 1]), lambda: mg.tensor(1), lambda: mg.tensor(1.0), lambda: mg.tensor([[0], [1]])),
    *made(lambda: mg.ones(3, 4) > 0, lambda: mg.tensor(True), lambda: (mg.tensor([0, 1]), mg.tensor([1, 1]))),
    *made(lambda: np.array([None]), lambda: np.array(["a"]), lambda: np.array([0, 1], np.uint8), lambda: mg.ones(0)),
    *made(lambda: mg.tensor([0, 77]), lambda: (slice(None), mg.tensor([[0, 1]])), lambda: np.array([2**62])),
]  # fmt: skip

GENERATORS: list[Any] = [
    None, 0, "a", *made(lambda: mg.Generator(), lambda: np.random.default_rng(0), lambda: np.random.RandomState(0),
    object),
]  # fmt: skip
DEVICES: list[Any] = [
    None,
    "cpu",
    "cpu:0",
    "cuda",
    "cuda:0",
    "",
    "cpu:x",
    0,
    -1,
    1.5,
    True,
    *made(object, lambda: mg.device("cpu")),
]

SUPPORTED = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
UNSUPPORTED = [
    "complex64", "complex128", "object", "U3", "S3", "M8[s]", "m8[s]", "i4,f4", "longdouble", "uint16", "uint32",
    "uint64", ">f4", ">i8", "V4",
]  # fmt: skip
SPECIAL = [nan, inf, -inf, 1e308, -1e308, 1e38, 1e30, 65504.0, 1e-8, 1e-38, 5e-324, 1e-320, -0.0, 0.0, 0.5, 1.0, -1.0]

COUNTS = [*NUMBERS, *SIZES]

# What an argument of that name may be; others go by the kind of their valid value.
POOLS: dict[str, list[Any]] = {
    **dict.fromkeys(["dim", "dims", "dim0", "dim1", "dim2", "axis", "axes", "axis0", "axis1"], AXES),
    **dict.fromkeys(["start_dim", "end_dim", "source", "destination", "dimension"], AXES),
    **dict.fromkeys(["size", "sizes", "shape", "output_size", "kernel_size", "stride", "padding", "dilation"], SIZES),
    **dict.fromkeys(["output_padding", "repeats", "shifts", "split_size", "split_size_or_sections", "widths"], SIZES),
    **dict.fromkeys(["pad", "sections", "indices", "indices_or_sections", "groups", "split_sizes", "offsets"], SIZES),
    **dict.fromkeys(["n", "m", "steps", "row", "col", "k", "num_samples", "chunks", "bins", "minlength"], COUNTS),
    **dict.fromkeys(["start", "end", "step", "low", "high", "base"], NUMBERS),
    **dict.fromkeys(["dtype", "from_", "to", "type1", "type2", "d"], DTYPES),
    **dict.fromkeys(["requires_grad", "keepdim", "copy", "non_blocking", "force"], FLAGS),
    "generator": GENERATORS,
    "device": DEVICES,
    "index_of": INDICES,
}  # fmt: skip

# ------------------------------------------------------------------ arrays


def with_dtype(rng: random.Random, array: np.ndarray, dtypes: Sequence[str]) -> np.ndarray:
    """The values in another dtype, or zeros where they have none in it."""
    dtype = np.dtype(rng.choice(dtypes))
    with np.errstate(all="ignore"):
        return array.astype(dtype) if dtype.kind in "biufc" else np.zeros(array.shape, dtype)


def with_layout(rng: random.Random, array: np.ndarray) -> np.ndarray:
    """Equal values, of which the memory lies otherwise; broadcast ones repeat the first row."""
    kind = rng.choice(["F", "strided", "negative", "broadcast", "read-only", "misaligned", "permuted"])
    if kind == "F":
        return np.asfortranarray(array)
    if kind == "strided" and array.ndim:
        return np.repeat(array, 2, axis=-1)[..., ::2]
    if kind == "negative" and array.ndim:
        return array[::-1].copy()[::-1]
    if kind == "broadcast" and array.ndim and len(array):
        return np.broadcast_to(array[:1], array.shape)
    if kind == "misaligned" and not array.dtype.hasobject:
        memory = np.zeros(array.nbytes + 1, np.uint8)[1:]
        moved = np.frombuffer(memory, array.dtype).reshape(array.shape) if array.size else array.copy()
        if array.size:
            np.copyto(moved, array)
        return moved
    if kind == "permuted" and array.ndim:
        order = rng.sample(range(array.ndim), array.ndim)
        return np.ascontiguousarray(array.transpose(order)).transpose(np.argsort(order))
    fixed = array.copy()
    fixed.flags.writeable = False
    return fixed


def with_values(rng: random.Random, array: np.ndarray) -> np.ndarray:
    """A few elements, or all, replaced by special ones."""
    changed = array.copy()
    flat = changed.reshape(-1)
    if not flat.size or changed.dtype.kind not in "biuf":
        return changed
    places = range(flat.size) if rng.random() < 0.2 else [rng.randrange(flat.size) for _ in range(rng.randint(1, 3))]
    special = rng.choice(SPECIAL)
    for place in places:
        if changed.dtype.kind == "f":
            with np.errstate(all="ignore"):
                flat[place] = special if rng.random() < 0.5 else rng.choice(SPECIAL)
        elif changed.dtype.kind in "iu":
            limits = np.iinfo(changed.dtype)
            flat[place] = rng.choice([limits.min, limits.max, 0, 1, 5, 100])
        else:
            flat[place] = rng.random() < 0.5
    return changed


def with_shape(rng: random.Random, array: np.ndarray) -> np.ndarray:
    """Fewer, more or other elements."""
    axis = rng.randrange(array.ndim) if array.ndim else 0
    options = [
        array[None],
        array[..., None],
        array.reshape(-1),
        np.zeros(0),
        np.zeros(()),
        np.ones((1,) * 6),
        np.zeros((2, 0, 3)),
    ]
    if array.ndim:
        options += [
            array[:0],
            array[..., :0],
            array[:1],
            np.concatenate([array, array], axis),
            np.moveaxis(array, 0, -1),
        ]
        options += [np.take(array, range(min(2, array.shape[axis])), axis)]
    if array.ndim and len(array):
        options += [array[0], array[-1:]]
    drawn = [rng.randrange(4) for _ in range(rng.randrange(6))]
    options += [np.random.default_rng(rng.getrandbits(32)).standard_normal(drawn)]
    return np.asarray(rng.choice(options))


def changed_array(rng: random.Random, array: np.ndarray, plain: bool = False) -> Any:
    """Another array in the place of a valid one; with `plain`, one that a tensor can hold."""
    roll = rng.random()
    if roll < 0.2:
        return with_dtype(rng, array, SUPPORTED)
    if roll < 0.28 and not plain:
        return with_dtype(rng, array, UNSUPPORTED)
    if roll < 0.5:
        return with_layout(rng, array)
    if roll < 0.75:
        return with_values(rng, array)
    if roll < 0.9 or plain:
        return with_shape(rng, array)
    if roll < 0.93 and array.size < 100:
        return array.tolist()
    return rng.choice(NUMBERS)


def is_supported(array: np.ndarray) -> bool:
    """Whether a tensor can hold the array as it is."""
    return array.dtype.isnative and array.dtype.name in SUPPORTED


def as_operand(rng: random.Random, array: np.ndarray, kind: str = "") -> Any:
    """The array itself, or a tensor over it: constant, leaf, or recorded."""
    kind = kind or rng.choices(["array", "constant", "leaf", "interior", "view"], [25, 20, 40, 10, 5])[0]
    if kind == "array" or not is_supported(array):
        return array
    tensor = mg.from_numpy(array)
    if kind == "constant" or array.dtype.kind != "f":
        return tensor
    tensor.requires_grad_()
    if kind == "leaf":
        return tensor
    return tensor * 1 if kind == "interior" else tensor[...]


# ------------------------------------------------------------------ calls


class Draw:
    """Draws the arguments of cases; with `large`, also sizes that fill a memory."""

    def __init__(self, rng: random.Random, large: bool = False) -> None:
        self.rng = rng
        self.large = large

    def pool_of(self, name: str, value: Any) -> list[Any]:
        """What may stand in the place of an argument."""
        if name in POOLS:
            pool = POOLS[name]
        elif isinstance(value, bool):
            pool = FLAGS
        elif isinstance(value, int | float):
            pool = NUMBERS
        elif isinstance(value, str):
            pool = WORDS
        elif isinstance(value, tuple | list):
            pool = SIZES
        else:
            pool = self.rng.choice([NUMBERS, SIZES, AXES, FLAGS, WORDS, GARBAGE])
        return [*pool, *LARGE] if self.large and pool is SIZES else pool

    def another(self, name: str, value: Any) -> Any:
        """A value to replace a valid one."""
        if self.rng.random() < 0.12:
            return self.rng.choice(GARBAGE)
        if isinstance(value, np.ndarray):
            return changed_array(self.rng, value)
        if isinstance(value, list | tuple) and any(isinstance(one, np.ndarray) for one in value):
            return self.another_list(name, value)
        return self.rng.choice(self.pool_of(name, value))

    def another_list(self, name: str, values: Sequence[Any]) -> Any:
        """Another list of arrays."""
        values = list(values)
        place = self.rng.randrange(len(values))
        kind = self.rng.randrange(6)
        if kind < 3:
            values[place] = self.another(name, values[place])
        elif kind == 3:
            del values[place]
        elif kind == 4:
            values.insert(place, self.rng.choice(GARBAGE))
        else:
            return self.rng.choice([[], (), Made(lambda: iter(values)), values[0], np.stack([values[0]] * 2)])
        return values if self.rng.random() < 0.7 else tuple(values)

    def real(self, value: Any) -> Any:
        """The value itself: arrays may become tensors, and what is made for each case is made."""
        if isinstance(value, Made):
            return value.make()
        if isinstance(value, np.ndarray):
            return as_operand(self.rng, value)
        if type(value) in (list, tuple):
            return type(value)([self.real(one) for one in value])
        return value

    def receiver(self, array: np.ndarray, changing: bool, mutate: bool) -> mg.Tensor:
        """The tensor whose method is called."""
        if mutate:
            array = changed_array(self.rng, np.asarray(array), plain=True)
        array = np.asarray(array)
        array = array if is_supported(array) else array.astype("float64")
        weights = [60, 15, 20, 5] if changing else [30, 50, 15, 5]
        return as_operand(self.rng, array.copy() if array.flags.writeable and array.flags.c_contiguous else array,
                          self.rng.choices(["constant", "leaf", "interior", "view"], weights)[0])  # fmt: skip
