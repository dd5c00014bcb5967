"""Transforms: what they read between pixels, against PyTorch's grids; resizing; the elastic field."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import minigrad as mg
from minigrad.transforms import ElasticTransform, InterpolationMode, RandomRotation, Resize
from minigrad.transforms.resampling import resampled
from tests.torch_oracle.compare import normal


@pytest.mark.parametrize("mode", list(InterpolationMode))
@pytest.mark.parametrize("size", [(7, 7), (4, 9)])
def test_reading_at_places_is_grid_sample(mode, size):
    images = normal(3, 2, *size)
    places = np.random.default_rng(3).uniform(-3, 12, (2, 3, 5, 6))
    grid = [(2 * at + 1) / length - 1 for at, length in ((places[1], size[1]), (places[0], size[0]))]
    theirs = F.grid_sample(
        torch.from_numpy(images), torch.from_numpy(np.stack(grid, -1)), mode.value, "zeros", align_corners=False
    )
    ours = resampled(images, places[0].copy(), places[1].copy(), mode, np.zeros(2))
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-12)


@pytest.mark.parametrize("angle", [-100, 17, 30, 90])
def test_rotation_is_an_affine_grid(angle):
    images = normal(2, 3, 9, 9)
    ours = RandomRotation((angle, angle), "bilinear")(mg.from_numpy(images)).numpy()
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    # From output to input, counter-clockwise with y pointing down.
    theta = torch.tensor([[[cos, -sin, 0], [sin, cos, 0]]], dtype=torch.float64).expand(2, 2, 3)
    grid = F.affine_grid(theta, [2, 3, 9, 9], align_corners=False)
    theirs = F.grid_sample(torch.from_numpy(images), grid, "bilinear", "zeros", align_corners=False)
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-12)


@pytest.mark.parametrize("size", [(4, 5), (14, 9), (20, 3)])
@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_resizing_is_interpolation(size, antialias, dtype):
    images = (np.abs(normal(2, 3, 9, 11)) * 50).astype(dtype)
    ours = Resize(size, antialias=antialias)(mg.from_numpy(images)).numpy()
    theirs = F.interpolate(torch.from_numpy(images), size, mode="bilinear", antialias=antialias).numpy()
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
    ours = Resize(size, "nearest")(mg.from_numpy(images)).numpy()
    assert np.array_equal(ours, F.interpolate(torch.from_numpy(images), size, mode="nearest").numpy())


@pytest.mark.parametrize(("alpha", "sigma"), [(50.0, 2.0), (20.0, 1.0)])
def test_the_elastic_field_is_blurred_noise_on_a_grid(alpha, sigma):
    size = 12
    images = normal(2, 1, size, size)
    ours = ElasticTransform(alpha, sigma, generator=mg.Generator().manual_seed(1))(mg.from_numpy(images)).numpy()
    noise = mg.Generator().manual_seed(1).random((2, 2, size, size)) * 2 - 1
    reach = int(4 * sigma)
    window = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, dtype=torch.float64) / sigma) ** 2)
    window /= window.sum()
    kernel = (window[:, None] * window).expand(2, 1, -1, -1)
    field = F.conv2d(F.pad(torch.from_numpy(noise), (reach,) * 4, mode="reflect"), kernel, groups=2) * alpha / size
    identity = torch.eye(2, 3, dtype=torch.float64).expand(2, 2, 3)
    grid = F.affine_grid(identity, [2, 1, size, size], align_corners=False) + field.permute(0, 2, 3, 1)
    theirs = F.grid_sample(torch.from_numpy(images), grid, "bilinear", "zeros", align_corners=False)
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-10)
