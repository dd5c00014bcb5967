"""What all transforms of images share: layouts, random numbers, and whole batches in the loader."""

import hashlib
import inspect
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import transforms
from minigrad.datasets import ImageDataset
from minigrad.errors import DTypeError, GradError, ShapeError
from minigrad.transforms import (
    CenterCrop,
    Compose,
    ElasticTransform,
    GaussianNoise,
    Lambda,
    Normalize,
    Pad,
    RandomAffine,
    RandomApply,
    RandomCrop,
    RandomDistortion,
    RandomErasing,
    RandomHorizontalFlip,
    RandomRotation,
    RandomVerticalFlip,
    Resize,
    ToTensor,
)
from minigrad.utils.data import DataLoader, default_collate
from tests.strategies import given, seeds, settings, st

FIXED = [lambda: Pad(1), lambda: CenterCrop(5), lambda: Resize((5, 6))]
RANDOM = [
    lambda **g: RandomCrop(6, 1, **g),
    lambda **g: RandomHorizontalFlip(**g),
    lambda **g: RandomVerticalFlip(**g),
    lambda **g: RandomAffine(20, (0.1, 0.1), (0.8, 1.2), 5, "bilinear", **g),
    lambda **g: RandomRotation(20, **g),
    lambda **g: ElasticTransform(**g),
    lambda **g: RandomDistortion(**g),
    lambda **g: RandomErasing(**g),
    lambda **g: RandomErasing(value="random", **g),
    lambda **g: GaussianNoise(**g),
    lambda **g: RandomApply([RandomRotation(20, **g), GaussianNoise(**g)], **g),
]
KEEPING = [make for place, make in enumerate(RANDOM) if place != 0]


def seeded(seed: int = 0) -> Any:
    return mg.Generator().manual_seed(seed)


def random(*shape: int, dtype: Any = np.float32) -> Any:
    return np.random.default_rng(1).random(shape).astype(dtype)


@pytest.mark.parametrize("make", RANDOM)
def test_a_batch_is_its_images_one_by_one(make: Any) -> None:
    images = mg.from_numpy(random(9, 3, 8, 7))
    whole = make(generator=seeded(3))(images).numpy()
    transform = make(generator=seeded(3))
    assert whole.tobytes() == b"".join(transform(image).numpy().tobytes() for image in images)
    assert len({image.tobytes() for image in whole}) > 1


@pytest.mark.parametrize("make", RANDOM)
def test_many_images_are_what_few_are(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    images = mg.from_numpy(random(20, 2, 8, 7))
    whole = make(generator=seeded(3))(images).numpy()
    monkeypatch.setattr(transforms.images, "_PIXELS", 3 * 112)
    assert make(generator=seeded(3))(images).numpy().tobytes() == whole.tobytes()


@pytest.mark.parametrize("make", RANDOM)
@pytest.mark.parametrize("channels", [None, 1, 3])
def test_arrays_have_their_channels_last(make: Any, channels: int | None) -> None:
    images = random(5, 8, 7) if channels is None else random(5, 8, 7, channels)
    found = np.stack([make(generator=seeded(index))(image) for index, image in enumerate(images)])
    first = images[:, None] if channels is None else images.transpose(0, 3, 1, 2)
    tensors = [make(generator=seeded(index))(mg.from_numpy(image.copy())).numpy() for index, image in enumerate(first)]
    expected = np.stack(tensors)
    assert np.array_equal(found, expected[:, 0] if channels is None else expected.transpose(0, 2, 3, 1))
    if channels is not None:
        batch, batched = (make(generator=seeded(9))(form) for form in (images, mg.from_numpy(first.copy())))
        assert isinstance(batch, np.ndarray)
        assert batch.flags.c_contiguous
        assert np.array_equal(batch, batched.numpy().transpose(0, 2, 3, 1))


@pytest.mark.parametrize("make", RANDOM)
def test_a_plane_is_an_image_of_one_channel(make: Any) -> None:
    plane = random(8, 7)
    found = make(generator=seeded())(mg.from_numpy(plane))
    assert found.ndim == 2
    assert np.array_equal(found.numpy(), make(generator=seeded())(mg.from_numpy(plane[None])).numpy()[0])


@pytest.mark.parametrize("make", RANDOM)
def test_numbers_come_from_the_generator_or_the_threads_own(make: Any) -> None:
    image = mg.from_numpy(random(6, 3, 8, 8))
    before = mg.get_rng_state().tolist()
    own = make(generator=seeded(2))(image).numpy()
    assert mg.get_rng_state().tolist() == before
    mg.manual_seed(2)
    assert make()(image).numpy().tobytes() == own.tobytes()
    assert make(generator=np.random.Generator(np.random.PCG64(5)))(image).shape == own.shape
    mg.manual_seed(3)
    assert make()(image).numpy().tobytes() != own.tobytes()


@pytest.mark.parametrize("make", [*FIXED, *RANDOM])
def test_batches_without_images(make: Any) -> None:
    found = make()(mg.zeros(0, 3, 8, 7))
    assert found.shape[:2] == (0, 3)


@pytest.mark.parametrize("make", [*FIXED, *RANDOM])
def test_what_is_no_image_is_refused(make: Any) -> None:
    transform = make()
    for wrong in ([[1.0]], None, 3, "image", np.zeros((3, 4), complex), np.array(["a"])):
        with pytest.raises(DTypeError, match=f"{type(transform).__name__} got a .*tensors or NumPy arrays"):
            transform(wrong)
    for shape in [(), (4,), (2, 2, 2, 4, 4)]:
        with pytest.raises(ShapeError, match=r"\(N, C, H, W\)"):
            transform(mg.zeros(*shape))
    with pytest.raises(ShapeError, match=r"Channels first in an array\?.*from_numpy"):
        transform(np.zeros((1, 28, 28)))
    with pytest.raises(GradError, match="detach"):
        transform(mg.ones(1, 8, 8, requires_grad=True))


@settings(max_examples=40)
@given(st.lists(st.sampled_from(range(len(KEEPING))), min_size=1, max_size=4), st.integers(0, 7), seeds, st.booleans())
def test_the_loader_reads_batches_of_what_items_are(chosen: list[int], batch: int, seed: int, colour: bool) -> None:
    data = np.random.default_rng(0).integers(256, size=(10, 8, 7, 3) if colour else (10, 8, 7), dtype=np.uint8)
    own = seeded()
    steps = [KEEPING[place](**({"generator": own} if number % 2 else {})) for number, place in enumerate(chosen)]
    dataset = ImageDataset(
        data, np.arange(10), Compose([RandomCrop(7, 2), ToTensor(), Compose(steps), Normalize(0.5, 0.25), Resize(5)])
    )
    found = []
    for collate in (None, lambda items: default_collate(items)):
        mg.manual_seed(seed)
        own.manual_seed(seed)
        loader = DataLoader(dataset, batch + 1, shuffle=True, collate_fn=collate)
        found.append([(images.numpy().tobytes(), labels.tolist()) for images, labels in loader])
    assert found[0] == found[1]


def test_no_item_is_read_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageDataset, "__getitem__", lambda self, index: pytest.fail("one by one"))
    data = np.zeros((10, 8, 8, 3), np.uint8)
    for make in RANDOM:
        for steps in ([ToTensor(), make()], [ToTensor(), Compose([make()])]):
            assert len(list(DataLoader(ImageDataset(data, np.arange(10), Compose(steps)), 4))) == 3
    assert len(list(DataLoader(ImageDataset(data, np.arange(10), RandomHorizontalFlip()), 4))) == 3


def test_a_subclass_and_a_function_are_asked_item_by_item() -> None:
    class Mine(RandomHorizontalFlip):
        def __call__(self, image: Any) -> Any:
            return image + 1

    data = np.zeros((4, 8, 8), np.uint8)
    for steps in ([Mine()], [RandomApply([Mine()], 1.0)], [RandomApply([Lambda(lambda image: image + 1)], 1.0)]):
        for transform in (steps[0], Compose([ToTensor(), *steps])):
            (batch, _), *_ = DataLoader(ImageDataset(data, np.arange(4), transform), 4)
            assert batch.numpy().min() == batch.numpy().max() == 1


def test_apply_decides_for_each_image() -> None:
    images = mg.from_numpy(random(500, 1, 4, 4))
    found = RandomApply([RandomVerticalFlip(1.0)], 0.3, generator=seeded())(images).numpy()
    flipped = (found == images.numpy()[:, :, ::-1]).all((1, 2, 3))
    assert np.array_equal(found[~flipped], images.numpy()[~flipped])
    assert 100 < flipped.sum() < 200
    assert np.array_equal(RandomApply([Pad(1)], 1.0)(images).numpy(), Pad(1)(images).numpy())
    assert np.array_equal(RandomApply([Pad(1)], 0.0)(images).numpy(), images.numpy())
    with pytest.raises(ShapeError, match="in a batch all keep their shape"):
        RandomApply([Pad(1)], 0.5)(images)
    doubled = RandomApply([lambda image: image * 2], 0.3, generator=seeded())
    ratio = doubled(images).numpy() / images.numpy()
    assert set(ratio.reshape(500, -1).min(1)) == set(ratio.reshape(500, -1).max(1)) == {1, 2}
    assert doubled(images.numpy()[:, 0, :, :, None]).shape == (500, 4, 4, 1)


def test_apply_shows_what_it_applies() -> None:
    assert repr(RandomApply([Pad(1)], 0.2)) == (
        "RandomApply(\n    p=0.2\n    Pad(padding=1, fill=0, padding_mode=constant)\n)"
    )


def test_signatures_are_torchvisions_and_a_generator() -> None:
    expected = {
        "Pad": "padding, fill=0, padding_mode='constant'",
        "CenterCrop": "size",
        "RandomCrop": "size, padding=None, pad_if_needed=False, fill=0, padding_mode='constant'",
        "RandomHorizontalFlip": "p=0.5",
        "RandomVerticalFlip": "p=0.5",
        "RandomErasing": "p=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3), value=0.0, inplace=False",
        "Resize": "size, interpolation=BILINEAR, max_size=None, antialias=True",
        "GaussianNoise": "mean=0.0, sigma=0.1, clip=True",
        "RandomAffine": "degrees, translate=None, scale=None, shear=None, interpolation=NEAREST, fill=0, center=None",
        "RandomRotation": "degrees, interpolation=NEAREST, expand=False, center=None, fill=0",
        "ElasticTransform": "alpha=50.0, sigma=5.0, interpolation=BILINEAR, fill=0",
        "RandomApply": "transforms, p=0.5",
    }
    for name, signature in expected.items():
        parameters = list(inspect.signature(getattr(transforms, name)).parameters.values())
        own = [one for one in parameters if one.kind is one.KEYWORD_ONLY]
        assert [one.name for one in own] in ([], ["generator"])
        shown = ", ".join(
            one.name
            if one.default is one.empty
            else f"{one.name}={getattr(one.default, 'name', None) or repr(one.default)}"
            for one in parameters
            if one not in own
        )
        assert shown == signature


def distorted() -> str:
    mg.manual_seed(1)
    images = mg.rand(50, 1, 28, 28)
    return hashlib.sha256(Compose([RandomDistortion(), GaussianNoise(), RandomErasing()])(images).numpy()).hexdigest()


def test_a_run_is_repeated_by_another_process() -> None:
    program = f"""
import hashlib
import minigrad as mg
from minigrad.transforms import *
{inspect.getsource(distorted)}
print(distorted())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == distorted()


@pytest.mark.parametrize("empty", [np.zeros((0, 8, 8, 1)), mg.zeros(0, 1, 8, 8)])
def test_an_empty_batch_goes_through_any_function(empty: Any) -> None:
    assert RandomApply([Lambda(lambda image: image + 1)])(empty).shape == empty.shape
