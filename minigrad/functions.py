"""The functions of tensors that stand in the modules of `ops` by topic, gathered for `minigrad` to export."""

from .ops import (
    aliases,
    classification,
    contraction,
    cumulative,
    diagonals,
    exponential,
    loss,
    norms,
    products,
    queries,
    repetition,
    scattering,
    selecting,
    signs,
    sorting,
    special,
    stacking,
    statistics,
    trigonometric,
)
from .ops.aliases import *
from .ops.classification import *
from .ops.contraction import *
from .ops.cumulative import *
from .ops.diagonals import *
from .ops.exponential import *
from .ops.loss import *
from .ops.norms import *
from .ops.products import *
from .ops.queries import *
from .ops.repetition import *
from .ops.scattering import *
from .ops.selecting import *
from .ops.signs import *
from .ops.sorting import *
from .ops.special import *
from .ops.stacking import *
from .ops.statistics import *
from .ops.trigonometric import *

__all__: list[str] = []
__all__ += aliases.__all__
__all__ += cumulative.__all__
__all__ += diagonals.__all__
__all__ += contraction.__all__
__all__ += exponential.__all__
__all__ += norms.__all__
__all__ += products.__all__
__all__ += queries.__all__
__all__ += repetition.__all__
__all__ += scattering.__all__
__all__ += selecting.__all__
__all__ += signs.__all__
__all__ += sorting.__all__
__all__ += special.__all__
__all__ += stacking.__all__
__all__ += statistics.__all__
__all__ += trigonometric.__all__
__all__ += classification.__all__
__all__ += loss.__all__
