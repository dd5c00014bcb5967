"""Class numbers as vectors."""

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError


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
        raise DTypeError(f"one_hot got labels of {tensor.dtype}; class numbers are integers")
    if num_classes == -1 and tensor.numel() == 0:
        raise ArgumentError("one_hot of no labels cannot tell how many classes there are; give num_classes")
    largest = int(tensor.max()) if tensor.numel() else -1
    classes = largest + 1 if num_classes == -1 else num_classes
    if tensor.numel() and (int(tensor.min()) < 0 or largest >= classes):
        raise IndexOutOfRangeError(
            f"one_hot got labels from {int(tensor.min())} to {largest} for {classes} classes; they count from 0 to "
            f"{classes - 1}"
        )
    return (tensor.unsqueeze(-1) == mg.arange(classes)).to(mg.int64)
