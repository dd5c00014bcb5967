"""The golden numbers of the lecture notes: printed there, or derived from what is printed and checked by hand."""

import json
from pathlib import Path
from typing import Any

import numpy as np

ENTRIES: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("golden.json").read_text(encoding="utf-8"))[
    "golden"
]


def entry(name: str) -> Any:
    """The value under that name as it stands in the file: numbers, lists, dictionaries."""
    return ENTRIES[name]["value"]


def golden(name: str) -> np.ndarray:
    """The value under that name as an array of float64."""
    return np.array(entry(name), np.float64)
