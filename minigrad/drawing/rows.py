"""The ranks of a layered drawing as rows of vertices, and the pieces of links between neighbouring rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["Joint", "Rows"]

# A neighbour, where it is met from its centre, where from one's own, and how much the piece wants to be straight.
Joint = tuple[int, float, float, float]

GAP = 24.0
BEND_GAP = 16.0


@dataclass(slots=True)
class Rows:
    """Vertices, the first `items` of them items and the rest bends, in rows."""

    breadths: list[float]
    items: int
    rows: list[list[int]] = field(default_factory=list)
    up: list[list[Joint]] = field(default_factory=list)
    down: list[list[Joint]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.up = [[] for _ in self.breadths]
        self.down = [[] for _ in self.breadths]

    def join(self, upper: int, lower: int, out: float, into: float, weight: float) -> None:
        """A piece of a link, from `out` of the upper vertex's centre to `into` of the lower one's."""
        self.down[upper].append((lower, into, out, weight))
        self.up[lower].append((upper, out, into, weight))

    def fill(self, place: Sequence[int]) -> None:
        """Put every vertex into its row, in the order in which a walk up from the last row meets them.

        Inputs are visited in their order, so that a tree is drawn without a crossing.
        """
        self.rows = [[] for _ in range(max(place) + 1)]
        roots = [v for v in range(len(place)) if not self.down[v]]
        seen = [False] * len(place)
        stack = list(reversed(roots))
        while stack:
            v = stack.pop()
            if not seen[v]:
                seen[v] = True
                self.rows[place[v]].append(v)
                stack += [u for u, *_ in reversed(self.up[v]) if not seen[u]]

    def distance(self, left: int, right: int) -> float:
        """How far apart the centres of two neighbours have to be."""
        gap = GAP if left < self.items and right < self.items else BEND_GAP
        return (self.breadths[left] + self.breadths[right]) / 2 + gap

    def lean(self, v: int, offset: float) -> float:
        """Where a vertex is met, as a fraction between −½ and ½ of its place in the row."""
        return offset / self.breadths[v] if offset and self.breadths[v] else 0.0
