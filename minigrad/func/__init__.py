"""Derivatives as functions of functions, under the names of torch.func; they compose, to any order, in both modes."""

from .forward import hessian, hvp, jacfwd, jvp, linearize
from .stateless import functional_call
from .transforms import grad, grad_and_value, jacrev, value_and_grad, vjp

__all__ = [
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "hvp",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "value_and_grad",
    "vjp",
]
