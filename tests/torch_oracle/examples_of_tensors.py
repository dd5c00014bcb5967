"""Calls of the functions by topic (`minigrad.functions`): what `examples.py` is for the rest."""

import numpy as np

from tests.samples import normal, positive, whole

X, Y, Z = normal(3, 4), positive(3, 4, seed=1), positive(4, seed=2)
STACK = normal(2, 3, 3)
MASK = normal(3, 4, seed=3) > 0
COUNTS = whole(1, 9, 3, 4)
PLACES = whole(0, 3, 3, 4, seed=4)
VECTOR, OTHER = normal(4, seed=5), normal(3, seed=6)
SECTIONS = normal(4, 6, 2, seed=7)

UNARY = [
    "absolute", "arcsinh", "arctan", "argwhere", "asinh", "atan", "cosh", "deg2rad", "digamma", "erfc", "exp2", "fix",
    "frac", "isneginf", "isposinf", "lgamma", "log10", "log2", "negative", "rad2deg", "ravel", "sgn", "signbit", "sinc",
    "sinh", "tan", "numel", "is_floating_point", "msort", "fliplr", "flipud",
]  # fmt: skip
INSIDE = ["acos", "arccos", "arcsin", "arctanh", "asin", "atanh", "erfinv"]  # of numbers between −1 and 1
BINARY = [
    "arctan2", "atan2", "copysign", "divide", "fmax", "fmin", "fmod", "greater", "greater_equal", "hypot", "less",
    "less_equal", "logaddexp", "logaddexp2", "logical_xor", "multiply", "not_equal", "rsub", "subtract", "true_divide",
    "xlogy", "is_same_size",
]  # fmt: skip
OF_TENSORS = ["column_stack", "dstack", "hstack", "row_stack", "vstack"]
STATISTICS = ["median", "nanmedian", "mode"]


def calls(call):
    """The examples; `call` is the one of `examples.py`."""
    return {
        **{name: [call(input=Y)] for name in UNARY},
        **{name: [call(input=Y / 2 - 0.5)] for name in INSIDE},
        **{name: [call(input=Y + 1)] for name in ("acosh", "arccosh")},
        **{name: [call(input=Y, other=Z)] for name in BINARY},
        **{name: [call(tensors=[X, Y])] for name in OF_TENSORS},
        **{name: [call(input=X, dim=1), call(input=X, dim=1, by_name={"dtype": "float32"})]
           for name in ("cumsum", "cumprod")},
        **{name: [call(input=X, dim=1)] for name in ("cummax", "cummin", "logcumsumexp")},
        **{name: [call(input=X), call(input=X, dim=1, keepdim=True)] for name in STATISTICS},
        "mode": [call(input=X, dim=1, keepdim=True)],
        **{name: [call(input=X, q=0.3, dim=1, keepdim=True, by_name={"interpolation": "lower"})]
           for name in ("quantile", "nanquantile")},
        **{name: [call(input=X, dim=1, keepdim=True, by_name={"dtype": "float32"})] for name in ("nansum", "nanmean")},
        **{
            name: [call(input=X, dim=1, unbiased=False, keepdim=True), call(input=X, unbiased=False),
                   call(input=X, dim=1, by_name={"correction": 2, "keepdim": True})]
            for name in ("var_mean", "std_mean")
        },
        "aminmax": [call(input=X, by_name={"dim": 1, "keepdim": True})],
        "bincount": [call(input=COUNTS[0], weights=Z, minlength=12)],
        "count_nonzero": [call(input=COUNTS, dim=1)],
        "histc": [call(input=X, bins=5, min=-1, max=2)],
        "kthvalue": [call(input=X, k=2, dim=0, keepdim=True)],
        "topk": [call(input=X, k=2, dim=1, largest=False, sorted=True)],
        "sort": [call(input=X, dim=0, descending=True), call(input=X, by_name={"stable": True, "dim": 0})],
        "argsort": [call(input=X, dim=0, descending=True), call(input=X, by_name={"stable": True, "dim": 0})],
        "unique": [call(input=COUNTS, sorted=True, return_inverse=True, return_counts=True, dim=0)],
        "unique_consecutive": [call(input=COUNTS[0], return_inverse=True, return_counts=True, dim=0)],
        "isin": [
            call(elements=COUNTS, test_elements=COUNTS[0], by_name={"assume_unique": False, "invert": True}),
        ],
        "searchsorted": [
            call(sorted_sequence=np.sort(VECTOR), input=OTHER, by_name={"out_int32": True, "right": True}),
            call(sorted_sequence=VECTOR, input=OTHER, by_name={"side": "left", "sorter": np.argsort(VECTOR)}),
        ],
        "bucketize": [call(input=X, boundaries=np.sort(VECTOR), by_name={"out_int32": True, "right": True})],
        "diff": [call(input=X, n=2, dim=1, prepend=X[:, :1], append=Y)],
        # by index
        "select": [call(input=X, dim=1, index=-1)],
        "take": [call(input=X, index=COUNTS)],
        "take_along_dim": [call(input=X, indices=PLACES, dim=1)],
        "index_put": [call(input=X, indices=[PLACES[0], COUNTS[0] % 4], values=Z, accumulate=True)],
        "put": [call(input=X, index=COUNTS, source=Y, accumulate=True)],
        "masked_select": [call(input=X, mask=MASK)],
        "masked_scatter": [call(input=X, mask=MASK, source=Y)],
        "nonzero": [call(input=COUNTS - 3, by_name={"as_tuple": True})],
        "scatter": [
            call(input=X, dim=0, index=np.argsort(X, 0), src=Y), call(input=X, dim=0, index=PLACES, value=2.0),
            call(input=X, dim=0, index=PLACES, value=2.0, by_name={"reduce": "add"}),
        ],
        "scatter_add": [call(input=X, dim=0, index=PLACES, src=Y)],
        "scatter_reduce": [
            call(input=X, dim=0, index=PLACES, src=Y, reduce="mean", by_name={"include_self": False})
        ],
        "index_add": [call(input=X, dim=0, index=PLACES[0, :2], source=Y[:2], by_name={"alpha": 2})],
        "index_copy": [call(input=X, dim=0, index=np.array([2, 0]), source=Y[:2])],
        "index_fill": [call(input=X, dim=0, index=np.array([2, 0]), value=3.0)],
        "index_reduce": [
            call(input=X, dim=0, index=PLACES[0, :2], source=Y[:2], reduce="prod", by_name={"include_self": False})
        ],
        # diagonals
        "diag": [call(input=X, diagonal=1), call(input=Z, diagonal=-1)],
        "diag_embed": [call(input=X, offset=1, dim1=0, dim2=2)],
        "diagflat": [call(input=X, offset=1)],
        "diagonal": [call(input=STACK, offset=1, dim1=0, dim2=2)],
        "trace": [call(input=X)],
        "tril": [call(input=X, diagonal=-1)],
        "triu": [call(input=X, diagonal=-1)],
        "tril_indices": [call(row=3, col=4, offset=1)],
        "triu_indices": [call(row=3, col=4, offset=1)],
        # elementary
        "clamp_min": [call(input=X, min=0.1), call(input=X, min=Z)],
        "clamp_max": [call(input=X, max=0.1), call(input=X, max=Z)],
        "float_power": [call(input=Y, exponent=Z)],
        "heaviside": [call(input=X * 0, values=Y)],
        "logit": [call(input=Y / 2, eps=0.3)],
        "nan_to_num": [call(input=np.array([np.nan, np.inf, -np.inf, 1]), nan=1.0, posinf=2.0, neginf=3.0)],
        "rsub": [call(input=X, other=Y, by_name={"alpha": 2})],
        "subtract": [call(input=X, other=Y, by_name={"alpha": 2})],
        "divide": [call(input=X, other=Y, by_name={"rounding_mode": "floor"})],
        "polygamma": [call(n=2, input=Y)],
        # products
        "addmm": [call(input=Z, mat1=X, mat2=normal(4, 4), by_name={"beta": 2, "alpha": 3})],
        "addmv": [call(input=OTHER, mat=X, vec=Z, by_name={"beta": 2, "alpha": 3})],
        "addr": [call(input=X, vec1=OTHER, vec2=Z, by_name={"beta": 2, "alpha": 3})],
        "addbmm": [call(input=STACK[0], batch1=STACK, batch2=STACK, by_name={"beta": 2, "alpha": 3})],
        "baddbmm": [call(input=STACK[0], batch1=STACK, batch2=STACK, by_name={"beta": 2, "alpha": 3})],
        "inner": [call(input=X, other=Z)],
        "kron": [call(input=X, other=Z)],
        "outer": [call(input=OTHER, vec2=Z)],
        "ger": [call(input=OTHER, vec2=Z)],
        "vdot": [call(input=VECTOR, other=Z)],
        "tensordot": [call(a=X, b=Y, dims=([1], [1]))],
        "cross": [call(input=STACK[0], other=STACK[1], dim=1)],
        "norm": [call(input=X, p=1, dim=1, keepdim=True), call(input=X, by_name={"dtype": "float64"})],
        "dist": [call(input=X, other=Y, p=3)],
        "cdist": [call(x1=X, x2=Y, p=1.0, compute_mode="donot_use_mm_for_euclid_dist")],
        "renorm": [call(input=X, p=2, dim=0, maxnorm=1)],
        # repeated, joined, cut
        "repeat_interleave": [
            call(input=X, repeats=2, dim=1, by_name={"output_size": 8}), call(repeats=COUNTS[0]),
            call(input=X, repeats=COUNTS[0], dim=1),
        ],
        "roll": [call(input=X, shifts=(1, -1), dims=(0, 1))],
        "rot90": [call(input=X, k=3, dims=(1, 0))],
        "tile": [call(input=X, dims=(2, 1, 2))],
        "concat": [call(tensors=[X, Y], dim=1)],
        "combinations": [call(input=VECTOR, r=3, with_replacement=True)],
        "tensor_split": [call(input=SECTIONS, sections=4, dim=1), call(input=SECTIONS, indices=(1, 3), dim=1)],
        **{
            name: [call(input=SECTIONS, sections=2), call(input=SECTIONS, indices=(1,))]
            for name in ("dsplit", "hsplit", "vsplit")
        },
        "split_with_sizes": [call(input=X, split_sizes=[1, 3], dim=1)],
        "moveaxis": [call(input=STACK, source=0, destination=1)],
        "swapdims": [call(input=STACK, dim0=0, dim1=1)],
        "logspace": [call(start=1, end=3, steps=5, base=2.0, by_name={"dtype": "float64"})],
        "is_nonzero": [call(input=Z[:1])],
    }  # fmt: skip
