"""The order of vertices inside rows: few crossings, by medians of neighbours and exchanges of adjacent ones."""

from bisect import bisect_right, insort
from collections.abc import Sequence

from .rows import Joint, Rows

__all__ = ["crossings", "ordered"]

SWEEPS = 24
PATIENCE = 4  # sweeps without a better order


def crossings(rows: Rows) -> int:
    """How many pairs of pieces cross between neighbouring rows."""
    return sum(_between(rows, number) for number in range(len(rows.rows) - 1))


def _between(rows: Rows, number: int) -> int:
    place = {v: at for at, v in enumerate(rows.rows[number + 1])}
    pieces = sorted(
        (at + rows.lean(v, out), place[w] + rows.lean(w, into))
        for at, v in enumerate(rows.rows[number])
        for w, into, out, _ in rows.down[v]
    )
    ends: list[float] = []
    count = 0
    for _, end in pieces:
        count += len(ends) - bisect_right(ends, end)
        insort(ends, end)
    return count


def ordered(rows: Rows) -> None:
    """Put the vertices of each row into an order with few crossings, never more than they have now."""
    best, fewest = [list(row) for row in rows.rows], crossings(rows)
    waited = 0
    for sweep in range(SWEEPS):
        if not fewest or waited == PATIENCE:
            break
        _sweep(rows, down=sweep % 2 == 0)
        _exchange(rows)
        now = crossings(rows)
        waited += 1
        if now < fewest:
            best, fewest, waited = [list(row) for row in rows.rows], now, 0
    rows.rows = best


def _sweep(rows: Rows, down: bool) -> None:
    """Sort every row by where the neighbours in the row before are."""
    joints = rows.up if down else rows.down
    numbers = range(1, len(rows.rows)) if down else range(len(rows.rows) - 2, -1, -1)
    for number in numbers:
        fixed = rows.rows[number - 1 if down else number + 1]
        place = {v: at for at, v in enumerate(fixed)}
        row = rows.rows[number]
        keys = [_middle(rows, joints[v], place) for v in row]
        free = iter(sorted((key, at) for at, key in enumerate(keys) if key is not None))
        # What has no neighbour there stays where it is, and the others are sorted around it.
        rows.rows[number] = [row[at] if key is None else row[next(free)[1]] for at, key in enumerate(keys)]


def _middle(rows: Rows, joints: Sequence[Joint], place: dict[int, int]) -> float | None:
    """The mean of the two middle neighbours' places, mixed with the mean of all, which decides between equals."""
    if not joints:
        return None
    found = sorted(place[u] + rows.lean(u, out) for u, out, *_ in joints)
    count = len(found)
    median = (found[(count - 1) // 2] + found[count // 2]) / 2
    return 0.9 * median + 0.1 * sum(found) / count


def _exchange(rows: Rows) -> None:
    """Exchange neighbours in a row as long as that removes crossings."""
    for _ in range(6):
        changed = False
        for number, row in enumerate(rows.rows):
            if len(row) < 2:
                continue
            ends = {}
            for other, joints in ((number - 1, rows.up), (number + 1, rows.down)):
                if 0 <= other < len(rows.rows):
                    place = {v: at for at, v in enumerate(rows.rows[other])}
                    for v in row:
                        ends[v, other] = sorted(place[u] + rows.lean(u, out) for u, out, *_ in joints[v])
            for at in range(len(row) - 1):
                left, right = row[at], row[at + 1]
                gain = 0
                for other in (number - 1, number + 1):
                    one, two = ends.get((left, other), []), ends.get((right, other), [])
                    gain += _inversions(one, two) - _inversions(two, one)
                if gain > 0:
                    row[at], row[at + 1] = right, left
                    changed = True
        if not changed:
            break


def _inversions(left: list[float], right: list[float]) -> int:
    """How many pairs cross when the owner of `left` stands left of that of `right`."""
    return sum(len(left) - bisect_right(left, end) for end in right)
