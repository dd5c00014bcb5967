"""Weights that are computed from other parameters before every forward: weight norm and spectral norm."""

from abc import ABC, abstractmethod
from typing import Any, TypeVar

import minigrad as mg
from minigrad.errors import ArgumentError, GradError, IndexOutOfRangeError
from minigrad.registry import guarded

from ..conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from ..module import Module
from ..parameter import Parameter

__all__ = ["remove_spectral_norm", "remove_weight_norm", "spectral_norm", "weight_norm"]

M = TypeVar("M", bound=Module)


class _Computed(mg.Tensor):
    """A weight on the tape, which is computed again before it is used: a copy of its module takes the value only."""

    __slots__ = ()

    def __deepcopy__(self, memo: dict[int, Any]) -> mg.Tensor:
        return self.detach().clone()


class _Reparametrization(ABC):
    """A forward pre-hook that sets the attribute `name` to what `compute` makes of other parameters."""

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def compute(self, module: Module) -> mg.Tensor:
        """The weight."""

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute(module).as_subclass(_Computed))

    def find(self, module: Module) -> Parameter:
        """The parameter that is to be computed."""
        for hook, _ in module._forward_pre_hooks.values():
            if type(hook) is type(self) and hook.name == self.name:
                raise GradError(
                    f"{self.name!r} of {module!r} is computed by such a hook already; remove that one first"
                )
        parameter = module._parameters.get(self.name)
        if parameter is None:
            names = [name for name, one in module._parameters.items() if one is not None]
            raise ArgumentError(
                f"{type(module).__name__} has no parameter {self.name!r} of its own; it has "
                f"{', '.join(names) or 'none'}"
            )
        return parameter


def _removed(module: M, kind: type[_Reparametrization], name: str, what: str) -> tuple[M, Any]:
    for key, (hook, _) in list(module._forward_pre_hooks.items()):
        if type(hook) is kind and hook.name == name:
            del module._forward_pre_hooks[key]
            return module, hook
    raise ArgumentError(f"{what} of {name!r} not found in {module!r}; there is nothing to remove")


# ----------------------------------------------------------------- weight norm


class _WeightNorm(_Reparametrization):
    def __init__(self, name: str, dim: int | None) -> None:
        super().__init__(name)
        self.dim = -1 if dim is None else dim

    def norm(self, v: mg.Tensor) -> mg.Tensor:
        """‖v‖ for each index along `dim`; of everything where that is −1."""
        if v.dtype == mg.float16:  # the squares may be too large for it
            return self.norm(v.float()).to(mg.float16)
        if self.dim == -1:
            return mg.sqrt(mg.sum(v * v))
        if not -v.ndim <= self.dim < v.ndim:
            raise IndexOutOfRangeError(
                f"weight_norm got dim={self.dim} for {self.name!r} of shape {v.shape}; it is {-v.ndim} to "
                f"{v.ndim - 1}, or None for the norm of the whole"
            )
        dims = [axis for axis in range(v.ndim) if axis != self.dim % v.ndim]
        return mg.sqrt(mg.sum(v * v, dims, keepdim=True)) if dims else mg.abs(v)

    def compute(self, module: Module) -> mg.Tensor:
        g, v = module.get_parameter(f"{self.name}_g"), module.get_parameter(f"{self.name}_v")
        return v * (g / self.norm(v))


@guarded
def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Length and direction of a weight as two parameters, w = g·v/‖v‖ (Salimans and Kingma, 2016).

    The norm is taken for each index along `dim`, of the whole with None. The
    parameters `weight_g` and `weight_v` take the weight's place; it is computed
    anew before every forward, and gradients flow to the two.

    Raises `ArgumentError` where there is no such parameter, `GradError` where it
    has a weight norm already, `IndexOutOfRangeError` for an axis there is not.

    >>> import minigrad as mg, nn
    >>> list(nn.utils.weight_norm(nn.Linear(2, 3)).state_dict())
    ['bias', 'weight_g', 'weight_v']
    """
    hook = _WeightNorm(name, dim)
    weight = hook.find(module).detach()
    norm = hook.norm(weight)
    delattr(module, name)
    module.register_parameter(f"{name}_g", Parameter(norm))
    module.register_parameter(f"{name}_v", Parameter(weight))
    hook(module, ())
    module.register_forward_pre_hook(hook)
    return module


@guarded
def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Make a parameter of the weight again, of its value now.

    Raises `ArgumentError` where there is no weight norm.

    >>> import minigrad as mg, nn
    >>> list(nn.utils.remove_weight_norm(nn.utils.weight_norm(nn.Linear(2, 3))).state_dict())
    ['bias', 'weight']
    """
    module, hook = _removed(module, _WeightNorm, name, "weight_norm")
    weight = hook.compute(module).detach()
    for suffix in ("", "_g", "_v"):
        delattr(module, name + suffix)
    module.register_parameter(name, Parameter(weight))
    return module


# --------------------------------------------------------------- spectral norm


def _unit(vector: mg.Tensor, eps: float) -> mg.Tensor:
    return vector / mg.clamp(mg.sqrt(mg.sum(vector * vector)), min=eps)


class _SpectralNorm(_Reparametrization):
    def __init__(self, name: str, n_power_iterations: int, eps: float, dim: int) -> None:
        super().__init__(name)
        self.n_power_iterations = n_power_iterations
        self.eps = eps
        self.dim = dim

    def matrix(self, weight: mg.Tensor) -> mg.Tensor:
        """The weight as a matrix, the outputs as rows."""
        return weight.movedim(self.dim, 0).reshape(weight.shape[self.dim], -1)

    @mg.no_grad()
    def iterate(self, matrix: mg.Tensor, u: mg.Tensor, v: mg.Tensor) -> None:
        """Turn u and v towards the first singular vectors, in place."""
        for _ in range(self.n_power_iterations):
            v.copy_(_unit(mg.mv(matrix.T, u), self.eps))
            u.copy_(_unit(mg.mv(matrix, v), self.eps))

    def compute(self, module: Module, iterate: bool | None = None) -> mg.Tensor:
        weight, u, v = (getattr(module, f"{self.name}_{one}") for one in ("orig", "u", "v"))
        matrix = self.matrix(weight)
        if module.training if iterate is None else iterate:
            self.iterate(matrix, u, v)
            u, v = u.clone(), v.clone()  # the next forward may come before this one's backward
        return weight / mg.dot(u, mg.mv(matrix, v))  # type: ignore[no-any-return]


@guarded
def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """A weight divided by its largest singular value, w/σ with σ = uᵀ·W·v (Miyato et al., 2018).

    W is the weight as a matrix whose rows are the outputs: axis `dim`, by default 1
    for transposed convolutions and else 0. The buffers `weight_u` and `weight_v`
    follow its singular vectors by power iterations, in training before every
    forward. `weight_orig` is the parameter.

    Raises `ArgumentError` where there is no such parameter or no iteration,
    `GradError` where it has a spectral norm already.

    >>> import minigrad as mg, nn
    >>> list(nn.utils.spectral_norm(nn.Linear(2, 3)).state_dict())
    ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    eps = mg.as_number(eps, "spectral_norm", "eps")
    if mg.as_integer(n_power_iterations, "spectral_norm", "n_power_iterations") <= 0:
        raise ArgumentError(f"spectral_norm got n_power_iterations={n_power_iterations}; it takes at least 1")
    if dim is None:
        dim = 1 if isinstance(module, ConvTranspose1d | ConvTranspose2d | ConvTranspose3d) else 0
    hook = _SpectralNorm(name, n_power_iterations, eps, dim)
    weight = hook.find(module)
    matrix = hook.matrix(weight.detach())
    delattr(module, name)
    module.register_parameter(f"{name}_orig", weight)
    setattr(module, name, weight.detach())
    for suffix, size in zip("uv", matrix.shape, strict=True):
        module.register_buffer(f"{name}_{suffix}", _unit(mg.randn(size, dtype=weight.dtype), eps))
    module.register_forward_pre_hook(hook)
    return module


@guarded
def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Make a parameter of the divided weight.

    Raises `ArgumentError` where there is no spectral norm.

    >>> import minigrad as mg, nn
    >>> list(nn.utils.remove_spectral_norm(nn.utils.spectral_norm(nn.Linear(2, 3))).state_dict())
    ['bias', 'weight']
    """
    module, hook = _removed(module, _SpectralNorm, name, "spectral_norm")
    weight = hook.compute(module, iterate=False).detach()
    for suffix in ("", "_orig", "_u", "_v"):
        delattr(module, name + suffix)
    module.register_parameter(name, Parameter(weight))
    return module
