"""Array algorithms behind the primitives: NumPy arrays in, NumPy arrays out.

They trust their callers: sizes have been checked by `Geometry` or by the
operation. Nobody above this package knows in what order they lay out memory.
"""
