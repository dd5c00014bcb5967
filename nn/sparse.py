"""Tables of vectors, read by number."""

from typing import Any

import minigrad as mg
from minigrad.errors import ArgumentError, ShapeError

from . import functional as F
from . import init
from .functional.sparse import padding_row
from .module import Module
from .parameter import Parameter

__all__ = ["Embedding"]


class Embedding(Module):
    """A table of vectors, one for each number: (*) -> (*, embedding_dim)

    `weight` (num_embeddings, embedding_dim) starts from N(0, 1), the row
    `padding_idx` from zeros; that row gets no gradient. The other options are
    those of `functional.embedding`.

    Raises `ArgumentError` for a `padding_idx` that is no row and for
    `sparse=True`; when it is called, as `functional.embedding`.

    >>> import minigrad as mg, nn
    >>> nn.Embedding(10, 3)(mg.tensor([[1, 2, 4, 5]])).shape
    (1, 4, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: mg.Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if mg.as_flag(sparse, "Embedding", "sparse"):
            raise ArgumentError("Embedding got sparse=True; gradients are dense arrays here. Leave it out")
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = padding_row(padding_idx, num_embeddings, "Embedding")
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        if _weight is None:
            empty = mg.empty(num_embeddings, embedding_dim, dtype=dtype, device=device)
            self.weight = Parameter(empty, requires_grad=not _freeze)
            self.reset_parameters()
        else:
            _weight = mg.as_operand(_weight, "Embedding")
            if _weight.shape != (num_embeddings, embedding_dim):
                raise ShapeError(
                    f"Embedding got a weight of shape {_weight.shape}; num_embeddings={num_embeddings} and "
                    f"embedding_dim={embedding_dim} make ({num_embeddings}, {embedding_dim})"
                )
            self.weight = Parameter(_weight, requires_grad=not _freeze)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: mg.Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> "Embedding":
        """A layer around a table (rows, features) that exists already, not to be learnt unless `freeze` is False.

        Raises `ShapeError` for another rank, else as the constructor.

        >>> import minigrad as mg, nn
        >>> nn.Embedding.from_pretrained(mg.tensor([[1., 2.], [3., 4.]]))(mg.tensor(1))
        tensor([3., 4.])
        """
        if embeddings.ndim != 2:
            raise ShapeError(f"from_pretrained got a table of shape {embeddings.shape}; it needs (rows, features)")
        rows, features = embeddings.shape
        return cls(
            rows, features, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, _weight=embeddings,
            _freeze=freeze,
        )  # fmt: skip

    def reset_parameters(self) -> None:
        """Draw the initial values again."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with mg.no_grad():
                self.weight[self.padding_idx] = 0

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        """(*) -> (*, embedding_dim)"""
        return F.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        )

    def extra_repr(self) -> str:
        """The sizes; what is at its default is left out, as in PyTorch."""
        parts = [f"{self.num_embeddings}, {self.embedding_dim}"]
        if self.padding_idx is not None:
            parts.append(f"padding_idx={self.padding_idx}")
        if self.max_norm is not None:
            parts.append(f"max_norm={self.max_norm}")
        if self.norm_type != 2:
            parts.append(f"norm_type={self.norm_type}")
        if self.scale_grad_by_freq:
            parts.append(f"scale_grad_by_freq={self.scale_grad_by_freq}")
        return ", ".join(parts)
