"""The backward passes of the lecture notes, written by hand from their formulae: loops over NumPy arrays.

Nothing of minigrad is used here. Each section follows one note: its signs, its kernel
reversed or not, and its δ, which is ∂L/∂(pre-activation) in A and ∂L/∂(activation)
in C. Indices count from 0; maps are matrices, lists of maps arrays of three axes.
"""

import numpy as np

# ---------------------------------------------------------- the two operations


def rot180(w):
    """The kernel turned by half a turn."""
    return w[::-1, ::-1]


def correlate(x, w):
    """x ⋆ w over the windows inside x: y[i, j] = Σ x[i + m, j + n] w[m, n]."""
    y = np.zeros((x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1))
    for i, j in np.ndindex(y.shape):
        for m, n in np.ndindex(w.shape):
            y[i, j] += x[i + m, j + n] * w[m, n]
    return y


def convolve(x, w):
    """x * w where the whole reversed kernel lies inside x."""
    return correlate(x, rot180(w))


def full_convolve(g, w):
    """g *_full w: y[i, j] = Σ g[i − m, j − n] w[m, n], with g zero outside."""
    y = np.zeros((g.shape[0] + w.shape[0] - 1, g.shape[1] + w.shape[1] - 1))
    for i, j in np.ndindex(y.shape):
        for m, n in np.ndindex(w.shape):
            if 0 <= i - m < g.shape[0] and 0 <= j - n < g.shape[1]:
                y[i, j] += g[i - m, j - n] * w[m, n]
    return y


def full_correlate(g, w):
    """g ⋆_full w: every overlap of g with the kernel that is not reversed."""
    rows, columns = w.shape[0] - 1, w.shape[1] - 1
    return correlate(np.pad(g, ((rows, rows), (columns, columns))), w)


def slopes(f, x, step=1e-5):
    """∂f/∂x by central differences, one entry of the array x after the other; f gives a number."""
    found = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        found[place] = (f(up) - f(down)) / (2 * step)
    return found


# ------------------------------------------------------------- note A, one map


def a_forward(o, w, b):
    """X = Σ W[m, n] O[i + m, j + n] + b (N112)."""
    return correlate(o, w) + b


def a_weight(o, delta):
    """∂E/∂W[m', n'] = Σ δ[i, j] O[i + m', j + n'], the sums over 0 … h − k₁ and 0 … w − k₂ (N113, X15)."""
    h, width = o.shape
    k1, k2 = h - delta.shape[0] + 1, width - delta.shape[1] + 1
    found = np.zeros((k1, k2))
    for m, n in np.ndindex(k1, k2):
        for i in range(h - k1 + 1):
            for j in range(width - k2 + 1):
                found[m, n] += delta[i, j] * o[i + m, j + n]
    return found


def a_output(delta, w, shape):
    """∂E/∂O[i', j'] = Σ δ[i' − m, j' − n] W[m, n], with δ zero outside its map (N114)."""
    found = np.zeros(shape)
    for i, j in np.ndindex(shape):
        for m, n in np.ndindex(w.shape):
            if 0 <= i - m < delta.shape[0] and 0 <= j - n < delta.shape[1]:
                found[i, j] += delta[i - m, j - n] * w[m, n]
    return found


def a_delta(delta, w, slope):
    """δ of the layer below, f'(X) ⊙ ∂E/∂O: A's error signal belongs to the value before f (N114)."""
    return slope * a_output(delta, w, slope.shape)


def a_bias(delta):
    """∂E/∂b = Σ δ, which A leaves out (X19)."""
    return delta.sum()


def max_pool(x, size):
    """The largest value of each block, and where it was found: the first in row-major order (N87, N128, X21)."""
    y = np.zeros((x.shape[0] // size, x.shape[1] // size))
    winners = np.zeros((*y.shape, 2), int)
    for i, j in np.ndindex(y.shape):
        block = x[size * i : size * i + size, size * j : size * j + size]
        m, n = divmod(int(np.argmax(block)), size)
        winners[i, j] = size * i + m, size * j + n
        y[i, j] = block[m, n]
    return y, winners


def max_pool_backward(g, winners, shape):
    """The whole error to the winner, nothing to the others (N128)."""
    found = np.zeros(shape)
    for i, j in np.ndindex(g.shape):
        found[tuple(winners[i, j])] += g[i, j]
    return found


def average_pool_backward(g, size):
    """The error over n · n, to every place of its block alike (N129, X18)."""
    return np.kron(g, np.ones((size, size))) / (size * size)


# -------------------------------------------------- note C, reversed kernels, − b


def dense_forward(w, a, b):
    """p = W a − b (N109)."""
    return w @ a - b


def dense_backward(w, a, slope, delta):
    """∂L/∂W[i, j] = δ[i] g'(p[i]) a[j], ∂L/∂b[i] = −δ[i] g'(p[i]), and δ[j] = Σ δ[i] g'(p[i]) W[i, j] below (N109)."""
    by_w, below = np.zeros(w.shape), np.zeros(w.shape[1])
    for i, j in np.ndindex(w.shape):
        by_w[i, j] = delta[i] * slope[i] * a[j]
        below[j] += delta[i] * slope[i] * w[i, j]
    return by_w, -delta * slope, below


def c_forward(a, w, b):
    """p[o] = Σ_k (w[o, k] * a[k] − b[o, k]), each kernel reversed (N51)."""
    return np.array([sum(convolve(a[k], w[o, k]) - b[o, k] for k in range(len(a))) for o in range(len(w))])


def c_backward(a, w, slope, delta):
    """∂L/∂w, ∂L/∂b and the δ of the layer below, from the δ of this one (N115–N118, X36, X38, X39, X41)."""
    by_p = slope * delta
    by_w, by_b, below = np.zeros(w.shape), np.zeros(w.shape[:2]), np.zeros(a.shape)
    for o, k in np.ndindex(w.shape[:2]):
        by_turned = correlate(a[k], by_p[o])
        by_w[o, k] = rot180(by_turned)
        by_b[o, k] = -by_p[o].sum()
        below[k] += full_convolve(by_p[o], rot180(w[o, k]))
    return by_w, by_b, below


# ------------------------------------------------------ note D, kernels as a matrix


def d_forward(x, kernels, b):
    """Y = K ⋆ X + B: Y[o] = Σ_c X[c] ⋆ K[o, c] + B[o] (N48, N120)."""
    return np.array([sum(correlate(x[c], kernels[o, c]) for c in range(len(x))) + b[o] for o in range(len(kernels))])


def d_kernels(x, by_y):
    """∂E/∂K, a matrix of kernels: entry (o, c) is X[c] ⋆ ∂E/∂Y[o] (N122, N123)."""
    return np.array([[correlate(x[c], by_y[o]) for c in range(len(x))] for o in range(len(by_y))])


def d_input(by_y, kernels):
    """∂E/∂X = Kᵀ *_full ∂E/∂Y: the matrix is transposed, its kernels stay as they are (N124)."""
    return np.array(
        [sum(full_convolve(by_y[o], kernels[o, c]) for o in range(len(by_y))) for c in range(kernels.shape[1])]
    )


def d_bias(by_y, scalar):
    """∂E/∂B: the sum of ∂E/∂Y for a number per map, ∂E/∂Y itself for a map (N121, X45)."""
    return by_y.sum((1, 2)) if scalar else by_y


# ------------------------------------------------- note E, the network of 1989


def softplus(x, k):
    """ln(1 + eᵏˣ)/k (N70)."""
    return np.logaddexp(0, k * x) / k


def softplus_slope(x, k):
    """eᵏˣ/(1 + eᵏˣ) (N70, N125)."""
    return np.exp(k * x) / (1 + np.exp(k * x))


def every_second(n):
    """S, which keeps every second row: S[r, 2r] = 1 (N81)."""
    s = np.zeros(((n + 1) // 2, n))
    for r in range(len(s)):
        s[r, 2 * r] = 1
    return s


def e_correlate(y, kernel):
    """(Y)[r, s] = Σ K[k, t] Y[r + k, s + t] with k and t from −h to h, moved by h to the windows inside (N50, X67)."""
    h1, h2 = kernel.shape[0] // 2, kernel.shape[1] // 2
    found = np.zeros((y.shape[0] - 2 * h1, y.shape[1] - 2 * h2))
    for r, s in np.ndindex(found.shape):
        for k in range(-h1, h1 + 1):
            for t in range(-h2, h2 + 1):
                found[r, s] += kernel[k + h1, t + h2] * y[r + h1 + k, s + h2 + t]
    return found


def e_kernel(y, by_y):
    """∂H/∂K[k, t], the sum over (r, s) of ∂H/∂Y[r, s] times the pixel that K[k, t] met there (N127, X66)."""
    found = np.zeros((y.shape[0] - by_y.shape[0] + 1, y.shape[1] - by_y.shape[1] + 1))
    for r, s in np.ndindex(by_y.shape):
        found += by_y[r, s] * y[r : r + found.shape[0], s : s + found.shape[1]]
    return found


def e_forward(net):
    """Every value of the network (N107) from Y0, K1, B1, K4, B4, w, the gain and the target t."""
    k = net["gain"]
    y1 = net["B1"] + e_correlate(net["Y0"], net["K1"])
    s1 = every_second(len(y1))
    y3 = s1 @ softplus(y1, k) @ s1.T
    y4 = net["B4"] + e_correlate(y3, net["K4"])
    s4 = every_second(len(y4))
    y6 = s4 @ softplus(y4, k) @ s4.T
    z = (net["w"] * y6).sum()
    y = softplus(z, k)
    return {"Y1": y1, "Y3": y3, "Y4": y4, "Y6": y6, "z": z, "y": y, "loss": (y - net["t"]) ** 2 / 2}


def e_kernel_terms(net, values):
    """The terms of ∂H/∂K⁽⁴⁾, one for each (r, s); the gradient is their sum (N126, X66)."""
    k, h = net["gain"], len(net["K4"])
    slope = (values["y"] - net["t"]) * softplus_slope(values["z"], k)
    terms = {}
    for r, s in np.ndindex(values["Y6"].shape):
        seen = values["Y3"][2 * r : 2 * r + h, 2 * s : 2 * s + h]
        terms[r, s] = slope * net["w"][r, s] * softplus_slope(values["Y4"][2 * r, 2 * s], k) * seen
    return terms


def e_backward(net, values):
    """N125, N126 and the equations that E leaves to the reader (N127), from the output back to the image."""
    k = net["gain"]
    slope = (values["y"] - net["t"]) * softplus_slope(values["z"], k)
    s4, s1 = every_second(len(values["Y4"])), every_second(len(values["Y1"]))
    by_y6 = slope * net["w"]
    by_y4 = softplus_slope(values["Y4"], k) * (s4.T @ by_y6 @ s4)
    by_y3 = full_convolve(by_y4, net["K4"])
    by_y1 = softplus_slope(values["Y1"], k) * (s1.T @ by_y3 @ s1)
    return {
        "w": slope * values["Y6"],
        "K4": e_kernel(values["Y3"], by_y4),
        "B4": by_y4,
        "Y3": by_y3,
        "K1": e_kernel(net["Y0"], by_y1),
        "B1": by_y1,
        "Y0": full_convolve(by_y1, net["K1"]),
    }


# --------------------------------------------- stride, dilation, padding (N132)


def spread(a, gap, trailing=(0, 0)):
    """The entries with gap − 1 zeros between neighbours, and zeros behind the last."""
    found = np.zeros([(n - 1) * gap + 1 + rest for n, rest in zip(a.shape, trailing, strict=True)])
    found[: (a.shape[0] - 1) * gap + 1 : gap, : (a.shape[1] - 1) * gap + 1 : gap] = a
    return found


def strided(x, w, stride, padding, dilation):
    """The correlation with gaps: between windows, inside the kernel, and with zeros around the image."""
    return correlate(np.pad(x, padding), spread(w, dilation))[::stride, ::stride]


def strided_cotangent(g, shape, kernel, stride, padding, dilation):
    """g with zeros where the stride skipped a window, as large as the map of stride 1."""
    dense = [n + 2 * padding - dilation * (k - 1) for n, k in zip(shape, kernel, strict=True)]
    return spread(g, stride, [n - ((o - 1) * stride + 1) for n, o in zip(dense, g.shape, strict=True)])


def strided_weight(x, g, kernel, stride, padding, dilation):
    """∂E/∂W: X ⋆ the spread g, of which every dilation-th entry is a weight's."""
    return correlate(np.pad(x, padding), strided_cotangent(g, x.shape, kernel, stride, padding, dilation))[
        ::dilation, ::dilation
    ]


def strided_input(g, w, shape, stride, padding, dilation):
    """∂E/∂X: the spread g *_full the spread kernel, cut to the image."""
    whole = full_convolve(strided_cotangent(g, shape, w.shape, stride, padding, dilation), spread(w, dilation))
    return whole[padding : padding + shape[0], padding : padding + shape[1]]


def folded_back(g, shape, widths, mode):
    """The adjoint of a border: each place of the padded map adds its cotangent to the pixel that it copied (N36)."""
    if mode == "constant":
        (top, _), (left, _) = widths
        return g[top : top + shape[0], left : left + shape[1]].copy()
    sources = np.pad(np.arange(shape[0] * shape[1]).reshape(shape), widths, mode)
    found = np.zeros(shape[0] * shape[1])
    for place in np.ndindex(g.shape):
        found[sources[place]] += g[place]
    return found.reshape(shape)
