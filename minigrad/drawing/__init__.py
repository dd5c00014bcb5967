"""Pictures of the tape: text, DOT, Mermaid and SVG by a layered layout of our own, which needs no other program.

`draw` is `minigrad.draw`; `record` keeps what a drawing with values, gradients and layers needs.
"""

from .picture import Drawing, draw
from .recording import Recording, record

__all__ = ["Drawing", "Recording", "draw", "record"]
