"""Random numbers: same seed, same bits; one generator per thread; NumPy's global state untouched."""

import copy
import pickle
import re
import threading

import numpy as np
import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import ArgumentError, DTypeError, MinigradError
from minigrad.random import Generator, chosen_generator, default_generator, stand_ins
from minigrad.utils.data import RandomSampler, random_split

WITH_GENERATOR = {
    "rand": lambda g: mg.rand(5, generator=g),
    "randn": lambda g: mg.randn(5, generator=g),
    "rand_like": lambda g: mg.rand_like(mg.ones(5), generator=g),
    "randn_like": lambda g: mg.randn_like(mg.ones(5, dtype=mg.float64), generator=g),
    "randint": lambda g: mg.randint(0, 1000, (5,), generator=g),
    "randperm": lambda g: mg.randperm(50, generator=g),
    "normal": lambda g: mg.normal(0.0, 1.0, (5,), generator=g),
    "normal of tensors": lambda g: mg.normal(mg.zeros(5), mg.ones(5), generator=g),
    "bernoulli": lambda g: mg.bernoulli(mg.full((64,), 0.5), generator=g),
    "uniform_": lambda g: mg.zeros(5).uniform_(generator=g),
    "normal_": lambda g: mg.zeros(5).normal_(generator=g),
    "bernoulli_": lambda g: mg.zeros(64).bernoulli_(generator=g),
    "dropout": lambda g: F.dropout(mg.ones(64), generator=g),
    "init.uniform_": lambda g: nn.init.uniform_(mg.zeros(5), generator=g),
    "init.normal_": lambda g: nn.init.normal_(mg.zeros(5), generator=g),
    "init.trunc_normal_": lambda g: nn.init.trunc_normal_(mg.zeros(5), generator=g),
    "init.xavier_uniform_": lambda g: nn.init.xavier_uniform_(mg.zeros(3, 3), generator=g),
    "init.xavier_normal_": lambda g: nn.init.xavier_normal_(mg.zeros(3, 3), generator=g),
    "init.kaiming_uniform_": lambda g: nn.init.kaiming_uniform_(mg.zeros(3, 3), generator=g),
    "init.kaiming_normal_": lambda g: nn.init.kaiming_normal_(mg.zeros(3, 3), generator=g),
    "init.orthogonal_": lambda g: nn.init.orthogonal_(mg.zeros(3, 3), generator=g),
    "RandomSampler": lambda g: mg.tensor(list(RandomSampler(range(50), generator=g))),
    "random_split": lambda g: mg.tensor(list(random_split(range(50), [20, 30], generator=g)[0])),
}


@pytest.mark.parametrize("name", WITH_GENERATOR)
def test_same_seed_same_bits_with_a_generator_or_the_threads_own(name):
    draw = WITH_GENERATOR[name]
    first = draw(Generator().manual_seed(3)).tolist()
    assert draw(Generator().manual_seed(3)).tolist() == first
    assert draw(Generator().manual_seed(4)).tolist() != first
    assert draw(np.random.Generator(np.random.PCG64(3))).tolist() == first, "NumPy's own generators are taken as well"
    before = default_generator().get_state()
    draw(Generator().manual_seed(3))
    assert default_generator().get_state() == before, "the thread's generator has nothing to do with it"
    mg.manual_seed(3)
    assert draw(None).tolist() == first
    assert draw(None).tolist() != first


@pytest.mark.parametrize("name", sorted(set(WITH_GENERATOR) - {"RandomSampler", "random_split"}))
@pytest.mark.parametrize("wrong", [7, np.random, np.random.RandomState(0), "cpu"], ids=lambda one: type(one).__name__)
def test_what_is_no_generator(name, wrong):
    with pytest.raises(DTypeError, match=rf"generator=.*{type(wrong).__name__}.*Generator\(\)"):
        WITH_GENERATOR[name](wrong)


def test_layers_draw_from_the_threads_generator():
    def parameters():
        mg.manual_seed(5)
        layers = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Linear(4, 2), nn.ConvTranspose1d(2, 2, 3))
        return [p.tolist() for p in layers.parameters()]

    assert parameters() == parameters()


def test_numpy_neither_reads_nor_moves():
    state = np.random.get_state()
    mg.manual_seed(1)
    first = mg.rand(3).tolist()
    np.random.set_state(("MT19937", np.arange(624, dtype=np.uint32), 5))
    try:
        mg.manual_seed(1)
        assert mg.rand(3).tolist() == first
        assert np.random.get_state()[2] == 5
    finally:
        np.random.set_state(state)


def test_ranges_and_moments():
    mg.manual_seed(0)
    uniform, normal = mg.rand(20_000, dtype=mg.float64).numpy(), mg.randn(20_000, dtype=mg.float64).numpy()
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert uniform.mean() == pytest.approx(0.5, abs=0.01)
    assert uniform.var() == pytest.approx(1 / 12, abs=0.005)
    assert normal.mean() == pytest.approx(0, abs=0.03)
    assert normal.std() == pytest.approx(1, abs=0.03)
    assert np.unique(mg.randint(-2, 3, (1000,)).numpy()).tolist() == [-2, -1, 0, 1, 2]
    assert sorted(mg.randperm(100).tolist()) == list(range(100))
    assert mg.bernoulli(mg.tensor([0.0, 1.0])).tolist() == [0.0, 1.0]
    assert mg.zeros(20_000).bernoulli_(0.25).mean().item() == pytest.approx(0.25, abs=0.02)
    assert mg.normal(5.0, 0.1, (20_000,)).mean().item() == pytest.approx(5, abs=0.01)


@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64])
def test_upper_bound_is_excluded_in_every_dtype(dtype):
    mg.manual_seed(0)
    assert mg.rand(50_000, dtype=dtype).max().item() < 1
    drawn = mg.empty(50_000, dtype=dtype).uniform_(1, 2)
    assert (drawn.min().item() >= 1, drawn.max().item() < 2) == (True, True)


@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64])
def test_dtype_of_draws(dtype):
    for made in (
        mg.rand(2, dtype=dtype),
        mg.randn(2, dtype=dtype),
        mg.rand_like(mg.ones(2, dtype=dtype)),
        mg.normal(0, 1, (2,), dtype=dtype),
    ):
        assert made.dtype == dtype
    assert mg.randint(0, 5, (2,)).dtype == mg.randperm(3).dtype == mg.int64
    assert mg.randint(0, 5, (2,), dtype=dtype).dtype == dtype


def test_integers_by_pytorchs_orders_of_arguments():
    for drawn in (
        mg.randint(5, (100,)),
        mg.randint(0, 5, (100,)),
        mg.randint(high=5, size=(100,)),
        mg.randint(5, size=[100]),
    ):
        assert np.unique(drawn.numpy()).tolist() == [0, 1, 2, 3, 4]
    for arguments in ((5,), (0, 5)):
        with pytest.raises(MinigradError, match="size"):
            mg.randint(*arguments)


def test_bernoulli_with_one_probability():
    assert mg.bernoulli(mg.zeros(3), 1.0).tolist() == [1.0] * 3
    assert mg.bernoulli(mg.zeros(20_000), 0.25).mean().item() == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("fill", ["uniform_", "normal_"])
def test_integers_cannot_be_filled_with_fractions(fill):
    t = mg.ones(3, dtype=mg.int64)
    with pytest.raises(DTypeError, match="int64"):
        getattr(t, fill)()
    assert t.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mg.randint(5, 5, (2,)), "from 5 to 5"),
        (lambda: mg.randint(3, 1, (2,)), "from 3 to 1"),
        (lambda: mg.normal(0, -1, (2,)), "deviation of -1"),
        (lambda: mg.normal(mg.zeros(2), mg.tensor([1.0, -1.0])), "deviation of -1"),
        (lambda: mg.zeros(2).normal_(0, -1), "deviation of -1"),
        (lambda: mg.zeros(2).uniform_(2, 1), "2.* 1"),
        (lambda: mg.bernoulli(mg.tensor([1.5])), r"1\.5"),
        (lambda: mg.bernoulli(mg.tensor([-0.5])), r"-0\.5"),
        (lambda: mg.zeros(2).bernoulli_(1.5), r"1\.5"),
    ],
)
def test_arguments_outside_their_range(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()


# ------------------------------------------------------------------------- the generator


def test_seeds():
    generator = Generator()
    assert generator.manual_seed(7) is generator
    assert generator.initial_seed() == 7
    assert generator.seed() == generator.initial_seed()
    assert Generator().initial_seed() != Generator().initial_seed()
    assert mg.manual_seed(7) is default_generator()
    assert mg.initial_seed() == 7
    assert mg.seed() == mg.initial_seed()
    assert Generator().manual_seed(-1).random() == Generator().manual_seed(2**64 - 1).random()


@pytest.mark.parametrize("seed", ["a", None, 1.5, [1]], ids=repr)
def test_seeds_are_integers(seed):
    before = default_generator().get_state()
    with pytest.raises(DTypeError, match=rf"{re.escape(repr(seed))}.*integer"):
        mg.manual_seed(seed)
    assert default_generator().get_state() == before
    assert Generator().manual_seed(np.int64(7)).random() == Generator().manual_seed(7).random()


@pytest.mark.parametrize(
    ("bounds", "error"), [((0, 2**70), ArgumentError), ((0.5, 3), DTypeError), (("a", "b"), DTypeError)]
)
def test_bounds_that_cannot_be(bounds, error):
    with pytest.raises(error):
        mg.randint(*bounds, (2,))


@pytest.mark.parametrize("twin", [copy.deepcopy, copy.copy, lambda g: pickle.loads(pickle.dumps(g))])
def test_copies_go_on_alike_and_alone(twin):
    generator = Generator().manual_seed(7)
    generator.random()
    other = twin(generator)
    assert type(other) is Generator
    assert other.initial_seed() == 7
    assert other.random(5).tolist() == generator.random(5).tolist()
    generator.random()
    assert other.get_state() != generator.get_state()


def test_a_generator_has_children():
    first, second = Generator().manual_seed(7).spawn(2)
    assert type(first) is Generator
    assert first.random(3).tolist() != second.random(3).tolist()
    again, _ = Generator().manual_seed(7).spawn(2)
    assert Generator().manual_seed(7).random() != again.random()


def test_states_come_back():
    generator = Generator().manual_seed(7)
    state = generator.get_state()
    first = generator.random(5).tolist()
    generator.set_state(state)
    assert generator.random(5).tolist() == first


def test_other_devices_are_refused():
    assert Generator(device="cpu").random() < 1
    with pytest.raises(ArgumentError, match="cuda"):
        Generator(device="cuda")


def test_every_thread_has_a_generator_of_its_own():
    mg.manual_seed(1)
    before = default_generator().get_state()
    found = {}

    def run(seed):
        mg.manual_seed(seed)
        found[seed] = mg.rand(3).tolist()

    threads = [threading.Thread(target=run, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert default_generator().get_state() == before
    assert mg.rand(3).tolist() == found[1]
    assert found[2] != found[1]


def test_threads_that_do_not_seed_differ():
    found = []
    for _ in range(2):
        thread = threading.Thread(target=lambda: found.append(mg.rand(3).tolist()))
        thread.start()
        thread.join()
    assert found[0] != found[1]


def test_states_as_bytes():
    mg.manual_seed(-5)
    default_generator().integers(0, 2**32, dtype=np.uint32)  # leaves half a number waiting
    state = mg.get_rng_state()
    assert (state.dtype, state.ndim) == (mg.uint8, 1)
    before = default_generator().get_state()
    assert before["has_uint32"] == 1
    mg.manual_seed(1)
    mg.set_rng_state(state)
    assert default_generator().get_state() == before
    assert mg.initial_seed() == -5


def test_a_forked_generator_comes_back_after_an_error():
    before = default_generator().get_state()

    def fail():
        with mg.random.fork_rng(devices=[]):
            mg.rand(3)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert default_generator().get_state() == before


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        ([1], DTypeError, "got a list"),
        (mg.zeros(3), DTypeError, "tensor of float32"),
        (mg.zeros(3, dtype=mg.uint8), ArgumentError, "got 3 bytes"),
    ],
)
def test_what_is_no_state(state, error, message):
    before = default_generator().get_state()
    with pytest.raises(error, match=message):
        mg.set_rng_state(state)
    assert default_generator().get_state() == before


def test_the_generator_has_the_same_name_everywhere():
    assert mg.Generator is mg.random.Generator is Generator
    assert "Generator" in dir(mg)
    assert isinstance(mg.default_generator(), Generator)
    assert issubclass(Generator, np.random.Generator)


def test_stand_ins_are_drawn_from_in_one_thread_and_for_one_block():
    own, mine, others = default_generator(), Generator(), []
    asked = []

    def stand_in(generator):
        asked.append(generator)
        return mine

    def elsewhere():
        others.append(default_generator())

    given = Generator()
    with stand_ins(own, stand_in):
        assert default_generator() is mine
        assert chosen_generator(given) is mine
        mg.rand(1, generator=given)
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        with stand_ins(given, lambda generator: own if generator is mine else generator):
            assert default_generator() is own
    assert asked == [own, given, given, given]
    assert others[0] is not mine
    assert default_generator() is own
    assert chosen_generator(given) is given
