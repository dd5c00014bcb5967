"""The errors and warnings that users of minigrad can meet.

Every error derives from `MinigradError` and from the built-in exception that a
reader of PyTorch or NumPy code would catch in that place, so both habits work.
Each message has three parts: what arrived, what was expected, and the likely
cause or the remedy.
"""


class MinigradError(Exception):
    """Base class of every error that minigrad raises itself."""


class ShapeError(MinigradError, ValueError):
    """Sizes, ranks or axes that do not fit together."""


class ArgumentError(MinigradError, ValueError):
    """An argument outside the values that the function accepts."""


class DTypeError(MinigradError, TypeError):
    """Element types, or kinds of object, that the operation cannot take."""


class IndexOutOfRangeError(MinigradError, IndexError):
    """An index, axis or class label outside its range."""


class OutOfMemoryError(MinigradError, MemoryError):
    """A result that no memory holds."""


class GradError(MinigradError, RuntimeError):
    """A derivative that cannot be taken: freed graph, changed value, no graph."""


class AnomalyError(MinigradError, RuntimeError):
    """The first NaN or infinity, in anomaly mode."""


class StateDictError(MinigradError, RuntimeError):
    """A state dict whose keys or shapes do not match the module's."""


class DataError(MinigradError, RuntimeError):
    """A data file that is missing, truncated, corrupt or cannot be fetched."""


class MissingFileError(DataError, FileNotFoundError):
    """A file that is not there."""


class MissingPackageError(MinigradError, ImportError):
    """A package that minigrad can do without, but not here, is not installed."""


class MissingMethodError(MinigradError, NotImplementedError):
    """A method that every class of its kind defines, and this one does not."""


class MissingForwardError(MissingMethodError):
    """A module that was called but does not say what it computes."""


class MinigradWarning(UserWarning):
    """Base class of minigrad's warnings; filter by it to turn them all off."""


class UnregisteredModuleWarning(MinigradWarning):
    """A plain list or dictionary holds modules or parameters that the module does not know."""


class DoubledSoftmaxWarning(MinigradWarning):
    """Probabilities went into a loss that takes logits and applies softmax or sigmoid itself."""


class MissingLogWarning(MinigradWarning):
    """Probabilities went into a loss that takes their logarithms."""


class LogOfSoftmaxWarning(MinigradWarning):
    """The logarithm of a softmax, which loses digits and underflows where log_softmax does not."""


class NonLeafGradWarning(MinigradWarning):
    """The `grad` of a computed tensor was read, which is None unless it was asked for."""


class CopiedTensorWarning(MinigradWarning):
    """A tensor was copied by `tensor`, which takes it off the tape."""


class ImplicitDimWarning(MinigradWarning):
    """A softmax without a `dim` guessed one."""


class MeanDivergenceWarning(MinigradWarning):
    """`kl_div` with the reduction 'mean', which is no divergence."""


class InputShapeWarning(MinigradWarning):
    """A layer was given axes or channels that it takes, but was not made for."""


class UnusedArgumentWarning(MinigradWarning):
    """An argument that has no effect was given."""


class StepOrderWarning(MinigradWarning):
    """A scheduler stepped before its optimiser, so that the first rate was never used."""


class PrefetchWarning(MinigradWarning):
    """Batches that were loaded ahead in vain: the loop draws from the generator that they are drawn from."""


class EmptySplitWarning(MinigradWarning):
    """`random_split` made a part without items."""


class WidenedDTypeWarning(MinigradWarning):
    """A file's numbers have a dtype that tensors do not have, and became one that holds them all."""
