"""What holds for every test: hypothesis profiles, a fixed seed, and no state left behind."""

import gc
import os

import numpy as np
import pytest

try:
    import hypothesis
except ImportError:  # the property tests skip themselves
    hypothesis = None

# PyTorch is never needed by a plain run, and campaigns take hours: both are asked for by name.
collect_ignore = [
    folder
    for folder, switch in [("torch_oracle", "MINIGRAD_ORACLE"), ("campaigns", "MINIGRAD_CAMPAIGNS")]
    if os.environ.get(switch) != "1"
]


class MinigradRandom:
    """minigrad's default generator under the names that hypothesis asks for, so that it seeds every example."""

    def seed(self, seed):
        import minigrad as mg

        mg.manual_seed(seed)

    def getstate(self):
        from minigrad.random import default_generator

        return default_generator().get_state()

    def setstate(self, state):
        from minigrad.random import default_generator

        default_generator().set_state(state)


MINIGRAD_RANDOM = MinigradRandom()  # hypothesis keeps a weak reference only

if hypothesis is not None:
    hypothesis.settings.register_profile("dev", deadline=None, max_examples=50)
    hypothesis.settings.register_profile(
        "ci", deadline=None, max_examples=50, derandomize=True, database=None, print_blob=True
    )
    profile = os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev")
    hypothesis.settings.load_profile(profile)
    hypothesis.register_random(MINIGRAD_RANDOM)


def pytest_collection_finish():
    """Thirty thousand collected tests are not for the garbage collector to go through again and again."""
    gc.collect()
    gc.freeze()


def numpy_random_state():
    """NumPy's global random state, as something that compares by value."""
    return [part.tobytes() if isinstance(part, np.ndarray) else part for part in np.random.get_state()]


@pytest.fixture(autouse=True)
def seeded_and_clean():
    """Seed minigrad before the test; after it, every switch must stand where it stood, and is put back there."""
    import minigrad as mg

    mg.manual_seed(0)
    random_state, random_bytes, error_state = np.random.get_state(), numpy_random_state(), np.geterr()
    yield
    leaks = []
    if not mg.is_grad_enabled():
        leaks.append("recording is switched off")
        mg.set_grad_enabled(True)
    if mg.get_default_dtype() != np.float32:
        leaks.append(f"the default dtype is {mg.get_default_dtype()}")
        mg.set_default_dtype(np.float32)
    if np.geterr() != error_state:
        leaks.append(f"NumPy's error state is {np.geterr()}")
        np.seterr(**error_state)
    if numpy_random_state() != random_bytes:
        leaks.append("NumPy's global random state has moved")
        np.random.set_state(random_state)
    assert not leaks, f"the test leaves behind: {'; '.join(leaks)}"
