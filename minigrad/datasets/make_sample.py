"""Choose the embedded sample from the full MNIST: `python -m minigrad.datasets.make_sample ROOT`.

Kept so that anyone can check where the sample comes from: the same four files give the same archive, byte for byte.
"""

import argparse
import io
import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np

from ..files import replace_atomically
from ..tensor import Array
from .mnist import MNIST
from .sample import SAMPLE_PATH

__all__ = ["choose", "main", "make_sample"]

SEED = 1998
PER_CLASS = {"train": 600, "test": 100}


def choose(labels: Array, per_class: int, seed: int) -> Array:
    """Return `per_class` indices of each label, in random order.

    Sorts by the raw output of PCG64, which NumPy keeps the same in every version, unlike its `choice`.

    >>> import numpy as np
    >>> from minigrad.datasets.make_sample import choose
    >>> sorted(choose(np.array([0, 1, 0, 1, 1]), 2, seed=0) % 2)[0] in (0, 1)
    True
    """
    random = np.random.PCG64(seed)
    order = np.argsort(random.random_raw(len(labels)), kind="stable")
    chosen = np.concatenate([order[labels[order] == label][:per_class] for label in np.unique(labels)])
    shuffled: Array = chosen[np.argsort(random.random_raw(len(chosen)), kind="stable")]
    return shuffled


def make_sample(root: str | Path, path: str | Path = SAMPLE_PATH) -> Path:
    """Write the sample of the MNIST in `root` to `path` and return that; raises `DataError` for any other data."""
    arrays = {}
    for split, per_class in PER_CLASS.items():
        dataset = MNIST(root, train=split == "train")
        labels = dataset.targets.numpy()
        chosen = choose(labels, per_class, SEED)
        arrays[f"{split}_images"] = dataset.data.numpy()[chosen]
        arrays[f"{split}_labels"] = labels[chosen].astype(np.uint8)
    path = Path(path)
    with replace_atomically(path) as file, ZipFile(file, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            contents = io.BytesIO()
            np.lib.format.write_array(contents, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
            # ZipInfo's own time stamp is a constant, the first that a zip can hold, and so is the system it names.
            member = ZipInfo(f"{name}.npy")
            member.compress_type = ZIP_DEFLATED
            member.create_system = 3
            archive.writestr(member, contents.getvalue())
    return path


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m minigrad.datasets.make_sample", description=__doc__)
    parser.add_argument("root", help="folder with the four files of MNIST")
    parser.add_argument("--output", default=SAMPLE_PATH, type=Path, help="where to write the archive")
    chosen = parser.parse_args(arguments)
    path = make_sample(chosen.root, chosen.output)
    print(f"{path}: {path.stat().st_size} bytes", file=sys.stdout)


if __name__ == "__main__":
    main()
