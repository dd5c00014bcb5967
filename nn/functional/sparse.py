"""Class numbers as vectors: one-hot, and rows of a table."""

from collections import Counter

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError
from minigrad.registry import guarded

from .distance import vector_norm


@guarded
def one_hot(input: mg.Tensor, num_classes: int = -1) -> mg.Tensor:
    """Class numbers as rows of zeros with a one (N2): (*) -> (*, classes), int64.

    Raises `DTypeError` for labels that are no integers, `IndexOutOfRangeError` for labels out of range.

    >>> import minigrad as mg, nn.functional as F
    >>> F.one_hot(mg.tensor([0, 2]), 3)
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    tensor = mg.as_operand(input, "one_hot")
    if tensor.dtype.kind not in "iu":
        raise DTypeError(f"one_hot got labels of {tensor.dtype}; class numbers are integers. Use labels.long()")
    if num_classes <= 0 and tensor.numel() == 0:
        raise ArgumentError("one_hot of no labels cannot tell how many classes there are; give num_classes")
    largest = int(tensor.max()) if tensor.numel() else -1
    classes = largest + 1 if num_classes == -1 else num_classes
    if tensor.numel() and (int(tensor.min()) < 0 or largest >= classes):
        raise IndexOutOfRangeError(
            f"one_hot got labels from {int(tensor.min())} to {largest} for {classes} classes; they count from 0 to "
            f"{classes - 1}. Do yours start at 1, or is num_classes too small?"
        )
    return (tensor.unsqueeze(-1) == mg.arange(classes)).to(mg.int64)


def padding_row(padding_idx: int | None, rows: int, name: str) -> int | None:
    """The row that `padding_idx` names, counted from 0; raises `ArgumentError` where there is none.

    >>> from nn.functional.sparse import padding_row
    >>> padding_row(-1, 10, "Embedding")
    9
    """
    if padding_idx is None:
        return None
    if not hasattr(padding_idx, "__index__") or not -rows <= padding_idx < rows:
        raise ArgumentError(
            f"{name} got padding_idx={padding_idx!r} for {rows} rows; it is {-rows} to {rows - 1}, or None"
        )
    return padding_idx % rows


def _checked(input: mg.Tensor, weight: mg.Tensor, sparse: bool, name: str) -> tuple[mg.Tensor, mg.Tensor, list[int]]:
    """The operands as tensors, and the numbers as a list, all of which are rows of the table."""
    numbers, table = mg.as_operand(input, name), mg.as_operand(weight, name)
    if mg.as_flag(sparse, name, "sparse"):
        raise ArgumentError(f"{name} got sparse=True; gradients are dense arrays here. Leave it out")
    if numbers.dtype not in (mg.int64, mg.int32):
        raise DTypeError(f"{name} got numbers of {numbers.dtype}; rows are counted in int64 or int32. Use t.long()")
    if table.ndim != 2:
        raise ShapeError(
            f"{name} got a weight of shape {table.shape}; it is a table (rows, features). The numbers come first"
        )
    flat: list[int] = numbers.flatten().tolist()
    wrong = next((one for one in flat if not 0 <= one < table.shape[0]), None)
    if wrong is not None:
        raise IndexOutOfRangeError(
            f"{name} got the number {wrong} for a table of {table.shape[0]} rows; they count from 0 to "
            f"{table.shape[0] - 1}. Look where it comes from, or make the table larger (num_embeddings)"
        )
    return numbers, table, flat


def _renormalise(weight: mg.Tensor, rows: list[int], max_norm: float, norm_type: float) -> None:
    """Shorten those rows in place that are longer than `max_norm`."""
    table = weight.detach()
    chosen = mg.tensor(rows)
    picked = mg.index_select(table, 0, chosen)
    norms = vector_norm(picked, norm_type, 1, True)
    table[chosen] = mg.where(norms > max_norm, picked * (max_norm / (norms + 1e-7)), picked)


def _scaled_gradient(x: mg.Tensor, factor: mg.Tensor) -> mg.Tensor:
    """x itself, but for its gradient, which is multiplied by a factor."""
    change = mg.where(mg.isfinite(x), x - x.detach(), 0)  # zero, with the slope of x
    return x.detach() + change * factor  # type: ignore[no-any-return]


@guarded
def embedding(
    input: mg.Tensor,
    weight: mg.Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> mg.Tensor:
    """Numbers as rows of a table: (*), (rows, features) -> (*, features); the product of one-hot rows with the table.

    The row `padding_idx` gets no gradient. With `max_norm`, rows that are read
    and whose `norm_type`-norm is larger are shortened to it first, in place.
    `scale_grad_by_freq` divides a row's gradient by how often it was read.

    Raises `IndexOutOfRangeError` for a number without a row, `DTypeError` for
    numbers that are not int64 or int32, `ShapeError`, and `ArgumentError` for
    `sparse=True`, which would ask for sparse gradients.

    >>> import minigrad as mg, nn.functional as F
    >>> F.embedding(mg.tensor([1, 0]), mg.tensor([[1., 2.], [3., 4.]]))
    tensor([[3., 4.],
            [1., 2.]])
    """
    numbers, table, flat = _checked(input, weight, sparse, "embedding")
    padding = padding_row(padding_idx, table.shape[0], "embedding")
    if max_norm is not None and flat:
        _renormalise(table, sorted(set(flat)), max_norm, norm_type)
    rows = mg.index_select(table, 0, numbers.flatten())
    if scale_grad_by_freq:
        times = Counter(flat)
        rows = _scaled_gradient(rows, mg.tensor([[1 / times[one]] for one in flat], dtype=rows.dtype).reshape(-1, 1))
    if padding is not None and padding in flat:
        rows = mg.where((numbers.flatten() == padding).unsqueeze(1), rows.detach(), rows)
    return rows.reshape(*numbers.shape, table.shape[1])
