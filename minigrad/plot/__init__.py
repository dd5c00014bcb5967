"""Figures of a training run, with matplotlib (the extra `viz`): each function draws on an axis and returns it.

ax = plot.learning_curves({"training": losses, "test": test_losses})
ax.figure.savefig("curves.png")

With `ax=None` a function makes a figure of its own, through pyplot. Texts, ticks and backgrounds are those of the
axis, so that a figure in a dark style stays dark; settings of matplotlib are read and never changed.
"""

from .confusion import confusion_matrix
from .curves import learning_curves
from .embedding import embedding
from .fields import receptive_field
from .gradients import gradient_flow
from .grids import image_grid
from .maps import feature_maps, filters

__all__ = [
    "learning_curves",
    "gradient_flow",
    "filters",
    "feature_maps",
    "receptive_field",
    "image_grid",
    "confusion_matrix",
    "embedding",
]
