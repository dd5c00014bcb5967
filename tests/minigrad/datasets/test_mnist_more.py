"""Whole batches of images at once: the same as item by item, to the bit."""

import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad.datasets import ImageDataset
from minigrad.datasets import mnist as module
from minigrad.transforms import Compose, Lambda, Normalize, ToTensor
from minigrad.utils.data import DataLoader, Subset, default_collate

SOURCE = np.random.default_rng(0)
LABELS = SOURCE.integers(0, 10, 23)
DATA = {
    "bytes": SOURCE.integers(0, 256, (23, 5, 4)).astype(np.uint8),
    "colours": SOURCE.integers(0, 256, (23, 5, 4, 3)).astype(np.uint8),
    "floats": SOURCE.standard_normal((23, 5, 4)).astype(np.float32),
    "float64": SOURCE.standard_normal((23, 5, 4, 1)),
    "strided": SOURCE.integers(0, 256, (4, 5, 23)).astype(np.uint8).T,
    "no pixels": np.zeros((23, 0, 4), np.uint8),
}
AT_ONCE = {
    "none": None,
    "tensor": ToTensor(),
    "normalized": Compose([ToTensor(), Lambda(lambda image: image.float()), Normalize(0.25, 0.5)]),
    "in place": Compose([ToTensor(), Normalize((0.1307,), (0.3081,), inplace=True)]),
    "twice": Compose([Compose([ToTensor(), Normalize(0.5, 0.1)]), Normalize(-1.0, 3.0)]),
    "nothing to do": Compose([]),
    "per channel": Compose([ToTensor(), Normalize((0.1, 0.2, 0.3), (0.5, 0.25, 2.0))]),
    "of any kind": Lambda(lambda image: image[::-1].copy()),
    "a function": lambda image: mg.tensor(float(image.sum())),
}


class OneByOne:
    """The same items, and no way to take several at once."""

    def __init__(self, dataset):
        self.dataset = dataset

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, index):
        return self.dataset[index]


def outcome(loader):
    """The batches, or what was raised instead."""
    try:
        return [list(batch) for batch in loader], None
    except Exception as error:
        return None, (type(error), str(error))


def same(one, other):
    assert type(one) is type(other)
    if isinstance(one, mg.Tensor):
        assert (one.dtype, one.shape, one.is_contiguous()) == (other.dtype, other.shape, other.is_contiguous())
        assert np.array_equal(one.numpy(), other.numpy())
        assert one._array.flags.writeable
    elif isinstance(one, list):
        for part, expected in zip(one, other, strict=True):
            same(part, expected)
    else:
        assert one == other


def check(dataset, **options):
    """The loader gives for the data set what it gives for its items; returns the batches."""
    (found, error), (right, refused) = (
        outcome(DataLoader(one, generator=np.random.default_rng(3), **options)) for one in (dataset, OneByOne(dataset))
    )
    assert error == refused
    assert (found is None) == (right is None)
    for one, other in zip(found or (), right or (), strict=True):
        same(one, other)
    return found


@pytest.mark.parametrize("transform", AT_ONCE)
@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("shuffle", [False, True])
def test_batches_are_those_of_single_items(data, transform, shuffle):
    dataset = ImageDataset(DATA[data], LABELS, copy.deepcopy(AT_ONCE[transform]))
    before = dataset.data.numpy().copy()
    check(dataset, batch_size=4, shuffle=shuffle)
    assert np.array_equal(dataset.data.numpy(), before)


@pytest.mark.parametrize("change", [lambda t: t + 100, float, str, lambda t: mg.tensor([t]), lambda t: (t, "a"), bool])
def test_labels_are_changed_one_by_one(change):
    check(ImageDataset(DATA["bytes"], LABELS, ToTensor(), change), batch_size=5)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float32, bool])
def test_labels_of_any_dtype(dtype):
    dataset = ImageDataset(DATA["bytes"], LABELS)
    dataset.targets = LABELS.astype(dtype)
    check(dataset, batch_size=5)


@pytest.mark.parametrize("labels", [LABELS[:20], np.concatenate([LABELS, LABELS]), LABELS.reshape(-1, 1)])
def test_labels_that_were_replaced_by_others(labels):
    dataset = ImageDataset(DATA["bytes"], LABELS)
    dataset.targets = labels
    check(dataset, batch_size=5)


@pytest.mark.parametrize("indices", [[3, -1, 3], [22, 23], [0, -24], [True, False], [1.0], [[0]], [2**70], ["a"], []])
def test_indices_of_all_kinds(indices):
    check(ImageDataset(DATA["bytes"], LABELS, ToTensor()), batch_sampler=[indices])


def test_subsets_of_subsets():
    dataset = ImageDataset(DATA["bytes"], LABELS, AT_ONCE["twice"])
    inner = Subset(dataset, [5, 4, 3, 20, 20])
    check(inner, batch_size=3)
    check(Subset(inner, (4, 0, 1)), batch_size=2, shuffle=True)
    check(Subset(inner, np.array([1, 2])), batch_size=2)


class Bright(ImageDataset):
    def __getitem__(self, index):
        image, label = super().__getitem__(index)
        return 255 - image, label


class Several(ImageDataset):
    def __getitems__(self, indices):
        return [(index, "several") for index in indices]


class Negative(ToTensor):
    def __call__(self, image):
        return -super().__call__(image)


class Shorter(Compose):
    def __call__(self, image):
        return super().__call__(image)[:, 1:]


class Plain(ImageDataset):
    """A subclass that leaves the access to items as it was."""


def test_what_a_subclass_changes_is_respected():
    assert int(check(Bright(255 - DATA["bytes"] * 0, LABELS), batch_size=4)[0][0].max()) == 0
    (indices, words), *_ = DataLoader(Several(DATA["bytes"], LABELS), 4)
    assert (indices.tolist(), words) == ([0, 1, 2, 3], ("several",) * 4)
    for transform in (Negative(), Compose([Negative()]), Shorter([ToTensor()])):
        check(ImageDataset(DATA["bytes"], LABELS, transform), batch_size=4)
    check(Plain(DATA["bytes"], LABELS, ToTensor()), batch_size=4)


def test_a_collate_function_of_ones_own_gets_the_items():
    dataset = ImageDataset(DATA["bytes"], LABELS, ToTensor())
    sizes = [len(items) for items in DataLoader(dataset, 10, collate_fn=list)]
    assert sizes == [10, 10, 3]


@pytest.mark.parametrize("transform", [None, "tensor", "in place", "twice"])
def test_no_item_is_looked_at(monkeypatch, transform):
    dataset = Plain(DATA["bytes"], LABELS, transform and AT_ONCE[transform])
    monkeypatch.setattr(ImageDataset, "__getitem__", lambda self, index: pytest.fail("one by one"))
    assert len(list(DataLoader(Subset(dataset, range(7)), 2, shuffle=True))) == 4


def test_a_transform_that_is_not_known_is_asked_item_by_item_and_nothing_twice(monkeypatch):
    seen = []
    monkeypatch.setattr(module, "default_collate", lambda items: pytest.fail("at once"))
    dataset = ImageDataset(DATA["bytes"], LABELS, Compose([ToTensor(), lambda image: seen.append(0) or image]))
    same(next(iter(DataLoader(dataset, 6)))[0], default_collate([ToTensor()(image) for image in DATA["bytes"][:6]]))
    assert len(seen) == 6
