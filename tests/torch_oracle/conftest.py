"""One thread for PyTorch, and a fixed seed before each test."""

import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def seeded_torch():
    """Seed PyTorch before the test; its default dtype must stand where it stood."""
    torch.manual_seed(0)
    yield
    assert torch.get_default_dtype() == torch.float32
