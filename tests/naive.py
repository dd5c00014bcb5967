"""The operations as loops over their formulae: slow, and right at a glance. The tests compare with them.

Arrays in, arrays out, and nothing of minigrad inside. Sizes are given in full: a
stride, a dilation and a pair of paddings for every spatial axis.
"""

import itertools
import math

import numpy as np

# ------------------------------------------------------------------- windows


def starts(n, k, s, padding, d, ceil_mode=False):
    """Where the windows along one axis begin, counted in the input; negative in the padding before it.

    Windows are laid while they end inside the padded input. With `ceil_mode` one
    more is laid if the padded input goes on behind the last one, unless it would
    begin behind the input.
    """
    before, after = padding
    found = []
    start = -before
    while start + d * (k - 1) < n + after:
        found.append(start)
        start += s
    reached = start - s + d * (k - 1) + 1
    if ceil_mode and reached < n + after and start < n:
        found.append(start)
    return found


def windows(inputs, kernel, stride, padding, dilation, ceil_mode=False):
    """The start of every window, axis by axis: an array of shape (*outputs, axes)."""
    along = [starts(*sizes, ceil_mode) for sizes in zip(inputs, kernel, stride, padding, dilation)]
    places = np.empty((*map(len, along), len(along)), int)
    for place in np.ndindex(places.shape[:-1]):
        places[place] = [along[axis][i] for axis, i in enumerate(place)]
    return places


def inside(position, sizes):
    return all(0 <= i < n for i, n in zip(position, sizes))


# --------------------------------------------------------------- correlation


def terms(x_shape, w_shape, stride, padding, dilation, groups):
    """The index triples of T = Σ y[a]·x[b]·w[c], for y = correlate(x, w).

    Output channel o belongs to group o // (O/G), which reads the input channels
    from (C/G)·group on. What lies in the padding is zero, and left out.
    """
    batch, inputs = x_shape[0], x_shape[2:]
    out_channels, per_group, kernel = w_shape[0], w_shape[1], w_shape[2:]
    places = windows(inputs, kernel, stride, padding, dilation)
    for place in np.ndindex(places.shape[:-1]):
        for tap in np.ndindex(kernel):
            position = tuple(int(start) + d * j for start, d, j in zip(places[place], dilation, tap))
            if inside(position, inputs):
                for n, o, c in itertools.product(range(batch), range(out_channels), range(per_group)):
                    channel = o // (out_channels // groups) * per_group + c
                    yield (n, o, *place), (n, channel, *position), (o, c, *tap)


def output_shape(x_shape, w_shape, stride, padding, dilation):
    """(N, O, *o) of a correlation."""
    places = windows(x_shape[2:], w_shape[2:], stride, padding, dilation)
    return (x_shape[0], w_shape[0], *places.shape[:-1])


def correlate(x, w, stride, padding, dilation, groups=1):
    """y[n, o, i] = Σ x[n, c, s·i + d·j − p]·w[o, c, j] (N15, N46, N132)"""
    y = np.zeros(output_shape(x.shape, w.shape, stride, padding, dilation), np.result_type(x, w))
    for a, b, c in terms(x.shape, w.shape, stride, padding, dilation, groups):
        y[a] += x[b] * w[c]
    return y


def correlate_input(w, y, x_shape, stride, padding, dilation, groups=1):
    """∂T/∂x: every output value times the kernel, added where its window lies (N114, N135)"""
    x = np.zeros(x_shape, np.result_type(w, y))
    for a, b, c in terms(x_shape, w.shape, stride, padding, dilation, groups):
        x[b] += y[a] * w[c]
    return x


def correlate_weight(x, y, w_shape, stride, padding, dilation, groups=1):
    """∂T/∂w: what each kernel element met, times the output it went to (N113, N123)"""
    w = np.zeros(w_shape, np.result_type(x, y))
    for a, b, c in terms(x.shape, w_shape, stride, padding, dilation, groups):
        w[c] += y[a] * x[b]
    return w


def full_convolve2d(x, k):
    """y[i + m, j + n] += x[i, j]·k[m, n]: true convolution over every overlap (N12, N34)"""
    y = np.zeros((x.shape[0] + k.shape[0] - 1, x.shape[1] + k.shape[1] - 1), np.result_type(x, k))
    for i, j in np.ndindex(x.shape):
        for m, n in np.ndindex(k.shape):
            y[i + m, j + n] += x[i, j] * k[m, n]
    return y


# ------------------------------------------------------------------- pooling


def members(start, kernel, dilation, inputs):
    """The positions of one window that lie inside the input, in row-major order."""
    for tap in np.ndindex(*kernel):
        position = tuple(int(begin) + d * j for begin, d, j in zip(start, dilation, tap))
        if inside(position, inputs):
            yield position


def max_pool(x, kernel, stride, padding, dilation, ceil_mode=False):
    """The largest of each window of the last axes, and its row-major number in the input plane.

    The first of equal ones wins (X21); NaN is larger than everything, and a
    later NaN than an earlier one.
    """
    axes = len(kernel)
    lead, inputs = x.shape[: x.ndim - axes], x.shape[x.ndim - axes :]
    places = windows(inputs, kernel, stride, padding, dilation, ceil_mode)
    values = np.empty((*lead, *places.shape[:-1]), x.dtype)
    indices = np.empty(values.shape, np.int64)
    for number in np.ndindex(*lead):
        for place in np.ndindex(places.shape[:-1]):
            first, *rest = members(places[place], kernel, dilation, inputs)
            best = first
            for position in rest:
                value = x[(*number, *position)]
                if value > x[(*number, *best)] or math.isnan(value):
                    best = position
            values[(*number, *place)] = x[(*number, *best)]
            indices[(*number, *place)] = np.ravel_multi_index(best, inputs)
    return values, indices


def avg_pool(x, kernel, stride, padding, ceil_mode=False, count_include_pad=True, divisor_override=None):
    """The sum of each window of the last axes over the number of its elements.

    What reaches beyond the padded input is not counted; what lies in the padding
    is, unless `count_include_pad` is False.
    """
    axes = len(kernel)
    lead, inputs = x.shape[: x.ndim - axes], x.shape[x.ndim - axes :]
    ones = (1,) * axes
    places = windows(inputs, kernel, stride, padding, ones, ceil_mode)
    values = np.empty((*lead, *places.shape[:-1]), float)
    padded = [n + before + after for n, (before, after) in zip(inputs, padding)]
    for place in np.ndindex(places.shape[:-1]):
        positions = list(members(places[place], kernel, ones, inputs))
        shifted = [begin + before for begin, (before, _) in zip(places[place], padding)]
        count = len(list(members(shifted, kernel, ones, padded))) if count_include_pad else len(positions)
        for number in np.ndindex(*lead):
            total = sum(float(x[(*number, *position)]) for position in positions)
            values[(*number, *place)] = total / (divisor_override or count)
    return values


# ------------------------------------------------------------------- borders


def mirrored(i, n):
    """Walk outside and be thrown back by the edge elements, which stand once: … 2 1 0 1 2 …"""
    while not 0 <= i < n:
        i = -i if i < 0 else 2 * (n - 1) - i
    return i


def mirrored_with_edge(i, n):
    """Walk outside and be thrown back by the edges, which stand twice: … 1 0 0 1 …"""
    while not 0 <= i < n:
        i = -i - 1 if i < 0 else 2 * n - 1 - i
    return i


SOURCES = {
    "reflect": mirrored,
    "symmetric": mirrored_with_edge,
    "replicate": lambda i, n: min(max(i, 0), n - 1),
    "circular": lambda i, n: i % n,
}


def pad(x, widths, mode="constant", value=0):
    """x in a border, a pair of widths for every axis (N35–N37)."""
    y = np.full([n + before + after for n, (before, after) in zip(x.shape, widths)], value, x.dtype)
    for position in np.ndindex(y.shape):
        source = tuple(i - before for i, (before, _) in zip(position, widths))
        if mode != "constant":
            source = tuple(
                SOURCES[mode](i, n) if before or after else i for i, n, (before, after) in zip(source, x.shape, widths)
            )
        if inside(source, x.shape):
            y[position] = x[source]
    return y
