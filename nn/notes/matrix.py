"""D's matrix of kernels: products of matrices in which ⋆ or * stands for the product of numbers (N48, N54)."""

from typing import Any

import minigrad as mg
from minigrad.errors import ShapeError

__all__ = ["KernelMatrix"]


class KernelMatrix:
    """Kernels K_oc as a matrix, one row per output map and one column per input map; `@` is ⋆ (N48, N54).

    (O, C, kh, kw): a view of the weight, which it does not copy. `K @ x` is Y_o =
    Σ_c X_c ⋆ K_oc over the kernel's places inside the maps, `K.T` has rows and
    columns exchanged and the kernels as they are, and `K.T.full_convolve(g)` is
    X̄_c = Σ_o G_o *_full K_oc, the gradient of the input (N124).

    Raises `ShapeError` for another rank.

    >>> import minigrad as mg, nn
    >>> K = nn.notes.KernelMatrix(mg.ones(3, 2, 2, 2))
    >>> K, (K @ mg.ones(2, 5, 5)).shape, K.T.full_convolve(mg.ones(3, 4, 4)).shape
    (KernelMatrix(3, 2, kernel_size=(2, 2)), (3, 4, 4), (2, 5, 5))
    """

    def __init__(self, weight: mg.Tensor) -> None:
        self.weight = mg.as_operand(weight, "KernelMatrix")
        if self.weight.ndim != 4:
            raise ShapeError(
                f"KernelMatrix got a weight of shape {self.weight.shape}; it needs (O, C, kh, kw), a kernel for each "
                "pair of maps. One kernel alone is w[None, None]"
            )

    @property
    def shape(self) -> tuple[int, int]:
        """How many maps come out and go in."""
        rows, columns = self.weight.shape[:2]
        return rows, columns

    @property
    def kernel_size(self) -> tuple[int, int]:
        """The size of each kernel."""
        rows, columns = self.weight.shape[2:]
        return rows, columns

    @property
    def T(self) -> "KernelMatrix":  # noqa: N802 - the notes' and NumPy's name
        """Rows and columns exchanged; the kernels are not rotated (N124)."""
        return KernelMatrix(self.weight.transpose(0, 1))

    def __getitem__(self, index: Any) -> mg.Tensor:
        """The kernel K_oc at `K[o, c]`, and whatever else indexing gives."""
        return self.weight[index]

    def __matmul__(self, x: Any) -> mg.Tensor:
        """Y_o = Σ_c X_c ⋆ K_oc: (N, C, H, W) or (C, H, W) -> (N, O, oh, ow) or (O, oh, ow)"""
        return mg.conv2d(x, self.weight)

    def full_convolve(self, x: Any) -> mg.Tensor:
        """Y_o = Σ_c X_c *_full K_oc: (N, C, H, W) or (C, H, W) -> (N, O, H + kh − 1, W + kw − 1) or (O, …)"""
        return mg.conv_transpose2d(x, self.weight.transpose(0, 1))

    def __repr__(self) -> str:
        rows, columns = self.shape
        return f"KernelMatrix({rows}, {columns}, kernel_size={self.kernel_size})"
