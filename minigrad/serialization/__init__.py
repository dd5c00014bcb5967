"""Saving and loading without pickle: state dicts, nested containers, and whole training runs.

`save` and `load` know two formats: NumPy's archives (.npz) and safetensors. `save_checkpoint` and `load_checkpoint`
write and read everything that a training run needs to go on as if it had never stopped. Writing is atomic: the file
is complete, or it is the old one. Loading executes nothing, and nothing is half-loaded.
"""

from .checkpoint import load_checkpoint, save_checkpoint
from .saving import load, save

__all__ = ["load", "load_checkpoint", "save", "save_checkpoint"]
