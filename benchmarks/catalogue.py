"""All cases: what is compared with what, and the figures to reach."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .geometries import GRID, SEVEN, dense, multiplications
from .interleaving import Entry
from .parties import PARTIES, PEERS
from .workloads import written_for

OURS = "minigrad"
OURS_2 = "minigrad, 2 threads"


@dataclass(frozen=True)
class Case:
    """One line of the table: entries of which the first is ours, and the largest ratio ours / theirs aimed at."""

    group: str
    name: str
    entries: tuple[Entry, ...]
    at_most: dict[str, float] = field(default_factory=dict)  # label -> ratio
    tolerance: float = 1e-4
    operations: float = 1  # in one run; times are given for one
    slow: bool = False  # so slow that the least number of runs is enough
    measure: str = "time"
    limit: float | None = None  # what our own value may be


def against(kind: str, options: dict[str, Any], ours: str = OURS, peers: tuple[str, ...] = PEERS) -> tuple[Entry, ...]:
    """The same workload in minigrad and in each of the peers that it is written for."""
    entries = [Entry(ours, ours, kind, options)]
    entries += [Entry(peer, peer, kind, options) for peer in peers if PARTIES[peer].library in written_for(kind)]
    return tuple(entries)


def lenet(quick: bool) -> list[Case]:
    """The LeNet-5 training step; MyGrad and HIPS autograd at one batch only, they are slow."""
    at_most = {32: 0.75, 64: 0.75, 128: 0.90, 256: 1.00}
    cases = []
    for variant, words in (("tanh", "tanh, average pooling"), ("relu", "ReLU, max pooling")):
        for batch, ratio in at_most.items():
            peers: tuple[str, ...] = ("torch", "jax")
            targets = {"torch": ratio}
            if batch == 64:
                peers, targets = PEERS, {"torch": ratio, "jax": 0.40, "mygrad": 0.10, "autograd": 0.10}
            entries = against("lenet", {"variant": variant, "batch": batch}, peers=peers)
            cases.append(Case("lenet", f"LeNet-5 step, {words}, batch {batch}", entries, targets))
    return cases[1:2] if quick else cases


def autoencoder(quick: bool) -> list[Case]:
    """The autoencoder's training step."""
    return [
        Case("autoencoder", f"autoencoder step, batch {batch}", against("autoencoder", {"batch": batch}))
        for batch in ((32,) if quick else (32, 64, 128, 256))
    ]


def layers(quick: bool) -> list[Case]:
    """The seven single layers, from arrays as a user has them; and within a network, where orders of memory match."""
    cases = []
    for direction, backward, order in (("forward", False, "C"), ("forward + backward", True, "C"),
                                       ("forward + backward, inside a network", True, "own")):  # fmt: skip
        for number, (name, options) in enumerate(SEVEN.items()):
            targets = {"torch": 0.40} if backward and order == "C" and number == 0 else {}
            entries = against("convolution", options | {"backward": backward, "order": order}, OURS_2)
            cases.append(Case("layers", f"{name}, {direction}", entries, targets))
    return cases[::7] if quick else cases


WINDOW: dict[str, Any] = {"kernel_size": 3, "stride": 2, "padding": 1}
FUNCTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "max pooling 2×2": ("max_pool2d", {"kernel_size": 2}),
    "average pooling 2×2": ("avg_pool2d", {"kernel_size": 2}),
    "max pooling 3×3, stride 2": ("max_pool2d", WINDOW),
    "average pooling 3×3, stride 2": ("avg_pool2d", WINDOW),
    "average pooling to 1×1": ("adaptive_avg_pool2d", {"output_size": 1}),
    "batch normalisation": ("batch_norm", {}),
}
LOSSES: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("cross-entropy", "cross_entropy", (64, 10)),
    ("cross-entropy", "cross_entropy", (256, 1000)),
    ("cross-entropy", "cross_entropy", (4, 21, 64, 64)),
    ("mean squared error", "mse_loss", (64, 1, 28, 28)),
    ("mean absolute error", "l1_loss", (64, 1, 28, 28)),
    ("smooth L1", "smooth_l1_loss", (64, 1, 28, 28)),
    ("binary cross-entropy of logits", "binary_cross_entropy_with_logits", (64, 1, 28, 28)),
)


def pointwise(quick: bool) -> list[Case]:
    """Pooling, batch normalisation and losses."""
    cases = []

    def case(words: str, kind: str, shape: tuple[int, ...], options: dict[str, Any], where: str = "") -> None:
        entries = against(kind, options | {"shape": shape}, OURS_2)
        name = f"{words}, {'×'.join(map(str, shape))}, forward + backward{where}"
        cases.append(Case("pointwise", name, entries, {"torch": 1.50}))

    for order, where in (("C", ""), ("own", ", inside a network")):
        for maps in ((64, 6, 28, 28), (16, 64, 56, 56)):
            for words, (function, more) in FUNCTIONS.items():
                case(words, "layer", maps, {"function": function, "order": order, **more}, where)
    case("batch normalisation", "layer", (256, 120), {"function": "batch_norm"})
    for words, function, shape in LOSSES:
        case(words, "loss", shape, {"function": function})
    return [cases[0], cases[-1]] if quick else cases


def grid(quick: bool) -> list[Case]:
    """Forty convolutions, forward and backward, beside PyTorch and beside their dense equivalents."""
    cases = []
    for name, options in GRID.items():
        assert multiplications(dense(options)) == multiplications(options), name
        entries = (
            *against("convolution", options, OURS_2),
            Entry("its dense equivalent", OURS_2, "convolution", dense(options), compared=False),
        )
        tolerance = 1e-10 if options.get("dtype") == "float64" else 1e-4
        cases.append(Case("grid", name, entries, {"its dense equivalent": 3.0}, tolerance))
    return cases[20:22] if quick else cases


def operations(quick: bool) -> list[Case]:
    """Operations on four elements: what is not arithmetic."""
    length = 200 if quick else 20_000
    cases = []
    for operation in ("multiplied by an array", "multiplied by a number", "added to an array", "tanh"):
        for direction in ("forward", "backward", "both"):
            peers = PEERS if operation == "multiplied by an array" else ("torch",)
            options = {"operation": operation, "direction": direction, "length": length}
            cases.append(
                Case("operations", f"four elements {operation}, {direction}, one of {length}",
                     against("chain", options, peers=peers), {"torch": 1.0} if direction == "both" else {},
                     operations=length, slow=True)
            )  # fmt: skip
    return cases[1:3] if quick else cases


def imports(quick: bool) -> list[Case]:
    """What an import takes beyond NumPy, in new processes."""
    entries = tuple(Entry(party, party, "", {}) for party in (OURS, *PEERS))
    return [Case("import", "import beyond NumPy", entries, measure="import", limit=0.060)]


def memory(quick: bool) -> list[Case]:
    """The most memory that a process of training ever has."""
    return [
        Case("memory", f"peak memory of LeNet-5 training, {variant}, batch {batch}",
             against("lenet", {"variant": variant, "batch": batch}), {"torch": 0.6}, measure="memory")
        for variant, batch in ((("tanh", 64),) if quick else (("tanh", 64), ("relu", 64), ("tanh", 256)))
    ]  # fmt: skip


def mnist(quick: bool) -> list[Case]:
    """Training on MNIST, with the loader and to the end."""
    data = "sample" if quick else "mnist"
    batches, epoch = (3, 938) if quick else (30, 938)
    options = {"data": data, "batch": 64}
    learning = tuple(
        Entry(f"{party}, seed {seed}", party, "learning", options | {"seed": seed})
        for seed in ((1,) if quick else (1, 2, 3))
        for party in (OURS, "torch")
    )
    return [
        Case("mnist", "one epoch of MNIST with the loader, tanh, batch 64",
             against("loader", options | {"batches": batches}), operations=batches / epoch, slow=True),
        Case("mnist", "time to 99 % of MNIST's test images, ReLU, batch 64", learning, measure="goal"),
    ]  # fmt: skip


def scaling(quick: bool) -> list[Case]:
    """What 16 times as much costs."""

    def steps(made: list[tuple[float, dict[str, Any]]]) -> tuple[Entry, ...]:
        chosen = made[:2] if quick else made
        return tuple(Entry(f"×{size:g}", OURS_2, "convolution", options, compared=False) for size, options in chosen)

    def conv(batch: int = 8, channels: int = 16, outputs: int = 16, size: int = 32) -> dict[str, Any]:
        return {"batch": batch, "channels": channels, "outputs": outputs, "size": [size] * 2, "kernel": [3, 3],
                "padding": 1}  # fmt: skip

    widths = ((16, 16), (16, 32), (32, 32), (32, 64), (64, 64))
    sizes = {
        "batch, 8 to 128": [(n / 8, conv(batch=n)) for n in (8, 16, 32, 64, 128)],
        "channel product, 16·16 to 64·64": [(c * o / 256, conv(channels=c, outputs=o)) for c, o in widths],
        "map area, 32² to 128²": [(n * n / 1024, conv(size=n)) for n in (32, 45, 64, 91, 128)],
    }
    found = {f"3×3 by {name}": steps(made) for name, made in sizes.items()}
    found["LeNet-5 step by batch, 16 to 256"] = tuple(
        Entry(f"×{n // 16}", OURS, "lenet", {"variant": "tanh", "batch": n}, compared=False)
        for n in ((16, 32) if quick else (16, 32, 64, 128, 256))
    )
    return [Case("scaling", name, entries, measure="scaling", limit=1.15) for name, entries in found.items()]


GROUPS: dict[str, Callable[[bool], list[Case]]] = {
    "lenet": lenet,
    "autoencoder": autoencoder,
    "layers": layers,
    "pointwise": pointwise,
    "grid": grid,
    "operations": operations,
    "import": imports,
    "memory": memory,
    "mnist": mnist,
    "scaling": scaling,
}
