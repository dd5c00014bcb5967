"""Places along the rows: what is linked stands below each other, the order and the distances are kept.

Row by row, every vertex wishes to stand where its neighbours in the other row are. The
places nearest to all wishes by weighted least squares, with the distances kept, are an
isotonic regression after the distances are taken off, and pooling adjacent violators
solves it exactly in linear time (Ayer et al. 1955).
"""

from collections.abc import Sequence
from itertools import pairwise

from .rows import Rows

__all__ = ["placed", "settled"]


def placed(rows: Rows) -> list[float]:
    """The centre of every vertex; the leftmost edge is at 0."""
    at = [0.0] * len(rows.breadths)
    for row in rows.rows:
        total = 0.0
        for number, v in enumerate(row):
            total += rows.distance(row[number - 1], v) if number else 0.0
            at[v] = total
        for v in row:
            at[v] -= total / 2
    count = len(rows.rows)
    rounds = 10 if len(at) <= 3000 else 4
    for number in range(rounds):
        for place in range(1, count):
            _align(rows, rows.rows[place], at, above=True, below=False)
        for place in range(count - 2, -1, -1):
            _align(rows, rows.rows[place], at, above=False, below=True)
        if number >= rounds // 2:
            for place in range(count):
                _align(rows, rows.rows[place], at, above=True, below=True)
    _straighten(rows, at)
    left = min(x - breadth / 2 for x, breadth in zip(at, rows.breadths, strict=True))
    return [x - left for x in at]


def settled(wishes: Sequence[float], weights: Sequence[float], distances: Sequence[float]) -> list[float]:
    """The places x with x[i+1] − x[i] ≥ distances[i] that minimise Σ weights·(x − wishes)²."""
    shift = [0.0]
    taken: list[tuple[float, float, int]] = []  # blocks that stand together: their mean, weight and length
    for distance in distances:
        shift.append(shift[-1] + distance)
    for wish, weight, off in zip(wishes, weights, shift, strict=True):
        mean, mass, size = wish - off, weight, 1
        while taken and taken[-1][0] > mean:
            other, heavier, more = taken.pop()
            mean = (mean * mass + other * heavier) / (mass + heavier)
            mass, size = mass + heavier, size + more
        taken.append((mean, mass, size))
    flat = [mean for mean, _, size in taken for _ in range(size)]
    return [mean + off for mean, off in zip(flat, shift, strict=True)]


def _align(rows: Rows, row: Sequence[int], at: list[float], above: bool, below: bool) -> None:
    """Move the vertices of a row to their neighbours in the row above, or below, or both."""
    wishes, weights = [], []
    for v in row:
        mass, total = 0.0, 0.0
        for u, there, here, weight in rows.up[v] if above else ():
            mass, total = mass + weight, total + weight * (at[u] + there - here)
        for w, there, here, weight in rows.down[v] if below else ():
            mass, total = mass + weight, total + weight * (at[w] + there - here)
        wishes.append(total / mass if mass else at[v])
        weights.append(mass or 0.05)
    distances = [rows.distance(left, right) for left, right in pairwise(row)]
    for v, place in zip(row, settled(wishes, weights, distances), strict=True):
        at[v] = place


def _straighten(rows: Rows, at: list[float]) -> None:
    """Give the bends of a link one common place where nothing stands in the way."""
    beside: dict[int, tuple[int | None, int | None]] = {}
    for row in rows.rows:
        for number, v in enumerate(row):
            if v >= rows.items:
                beside[v] = (row[number - 1] if number else None, row[number + 1] if number + 1 < len(row) else None)
    seen: set[int] = set()
    for v in sorted(beside):
        if v in seen:
            continue
        chain = [v]
        while (below := next((w for w, *_ in rows.down[chain[-1]] if w >= rows.items), None)) is not None:
            chain.append(below)
        seen.update(chain)
        lowest, highest = float("-inf"), float("inf")
        for bend in chain:
            left, right = beside[bend]
            if left is not None:
                lowest = max(lowest, at[left] + rows.distance(left, bend))
            if right is not None:
                highest = min(highest, at[right] - rows.distance(bend, right))
        if lowest <= highest:
            ends = [at[w] + there for joint in (rows.up[chain[0]], rows.down[chain[-1]]) for w, there, *_ in joint]
            wish = sorted(ends)[len(ends) // 2] if ends else at[v]
            for bend in chain:
                at[bend] = min(max(wish, lowest), highest)
