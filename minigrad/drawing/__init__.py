"""Pictures of the tape and of arrays, without any other program: text, DOT, Mermaid and SVG.

`draw` is `minigrad.draw`; `record` keeps what a drawing with values, gradients and layers needs. `draw_arrays` shows
arrays side by side, `draw_sliding` a kernel on its way over an image.
"""

from .arrays import Panel, draw_arrays
from .figure import ArrayDrawing
from .picture import Drawing, draw
from .recording import Recording, record
from .sliding import draw_sliding

__all__ = ["ArrayDrawing", "Drawing", "Panel", "Recording", "draw", "draw_arrays", "draw_sliding", "record"]
