"""`minigrad.nn` is `nn`: the only arrow from this package to the one above it.

`import nn`, `from minigrad import nn`, `import minigrad.nn as nn` and every
submodule by either name give the very same module objects.
"""

import importlib
import importlib.util
import os.path
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

_PREFIX = f"{__package__}.nn"


class _Finder:
    # A finder and a loader by their methods; importing the abstract classes would cost more than all this.
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == _PREFIX or fullname.startswith(_PREFIX + "."):
            return ModuleSpec(fullname, self)  # type: ignore[arg-type]
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        name = spec.name.removeprefix(f"{__package__}.")
        _refuse_a_foreign_nn()
        module = importlib.import_module(name)
        # The import system is about to put the alias's spec on the module; exec_module puts the real one back.
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        alias = module.__spec__
        if alias is not None and alias.name.startswith(_PREFIX):
            module.__spec__ = alias.loader_state


def _refuse_a_foreign_nn() -> None:
    """Raise ImportError where the package called `nn` that Python finds is not the one beside this package."""
    loaded = sys.modules.get("nn")
    spec = loaded.__spec__ if loaded is not None else importlib.util.find_spec("nn")
    if spec is None:
        raise ImportError("minigrad's package nn is missing; install the distribution minigrad-conv again")
    origin = spec.origin or str(spec.submodule_search_locations)
    if spec.origin is None or _grandparent(spec.origin) != _grandparent(__file__):
        raise ImportError(
            f"a package named nn that is not minigrad's was found at {origin}. It comes before minigrad's on sys.path: "
            "rename it if the file is yours, otherwise uninstall it or use another environment"
        )


def _grandparent(file: str) -> str:
    # Not pathlib's: importing it would cost a tenth of what importing minigrad may.
    return os.path.dirname(os.path.dirname(os.path.realpath(file)))


def install() -> None:
    """Put the finder where imports look; once."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())  # before the path finder, which would load nn a second time
