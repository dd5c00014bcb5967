"""Fixtures for tests that write files or start processes."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import minigrad

Snapshot = Callable[[], dict[str, bytes]]


@pytest.fixture
def environment() -> dict[str, str]:
    """The environment for a Python process of its own that imports this very minigrad."""
    return os.environ | {"PYTHONPATH": str(Path(minigrad.__file__).parents[1])}


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    """Everything below tmp_path, to see that a failure has left it as it was."""
    return lambda: {str(path): path.read_bytes() if path.is_file() else b"" for path in tmp_path.rglob("*")}
