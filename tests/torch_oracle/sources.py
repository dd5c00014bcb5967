"""The source of `nn/models` on PyTorch: the same text, with other imports."""

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from minigrad import nn

# How an import of a model reads on PyTorch, the first that fits.
IMPORTS = [
    ("import minigrad as mg$", "import torch as mg"),
    (r"from \.\. import functional as F$", "import torch.nn.functional as F"),
    (r"from \.\. import init$", "from torch.nn import init"),
    (r"from \.\.branches import Residual$", f"from {__name__} import Residual"),
    (r"from \.\.notes import ", "from tests.torch_oracle.notes_layers import "),
    (r"from \.\.\w+ import ", "from torch.nn import "),
]
FOLDER = Path(nn.models.__file__).parent


class Residual(torch.nn.Module):
    """What `nn.Residual` computes."""

    def __init__(self, block: Any, projection: Any = None) -> None:
        super().__init__()
        self.block, self.projection = block, projection

    def forward(self, x: Any) -> Any:
        return self.block(x) + (x if self.projection is None else self.projection(x))


def in_torch(source: str) -> str:
    """The text with PyTorch under the names of minigrad and nn; minigrad's errors stay."""
    for ours, theirs in IMPORTS:
        source = re.sub(f"^{ours}", theirs, source, flags=re.MULTILINE)
    strangers = re.findall(r"^(?:from|import) (?:minigrad(?!\.errors)|\.).*", source, flags=re.MULTILINE)
    assert not strangers, strangers
    return source


def models_in_torch() -> Any:
    """A namespace with every model of `nn.models`, written in PyTorch."""
    found = ModuleType("models_in_torch")
    for path in sorted(FOLDER.glob("[a-z]*.py")):
        module = ModuleType(f"models_in_torch.{path.stem}")
        sys.modules[module.__name__] = module
        exec(compile(in_torch(path.read_text(encoding="utf-8")), path, "exec"), vars(module))
        vars(found).update({name: getattr(module, name) for name in module.__all__})
    return found


MODELS = models_in_torch()
