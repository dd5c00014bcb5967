"""There is no CUDA: questions are answered, devices refused."""

import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError


def test_questions():
    assert (mg.cuda.is_available(), mg.cuda.is_initialized(), mg.cuda.device_count()) == (False, False, 0)
    before = mg.get_rng_state()
    mg.cuda.manual_seed(1)
    mg.cuda.manual_seed_all(1)
    mg.cuda.empty_cache()
    assert (mg.get_rng_state() == before).all(), "the CPU's generator is another"


@pytest.mark.parametrize("name", ["current_device", "synchronize", "get_device_name"])
def test_what_needs_a_device(name):
    with pytest.raises(ArgumentError, match=rf"cuda\.{name}\(\) needs .*is_available"):
        getattr(mg.cuda, name)()


@pytest.mark.parametrize("seed", ["a", None, [1]])
def test_seeds_are_integers(seed):
    with pytest.raises(DTypeError, match="a seed is an integer"):
        mg.cuda.manual_seed_all(seed)
