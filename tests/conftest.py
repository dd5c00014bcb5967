"""What holds for every test: hypothesis profiles, a fixed seed, and no state left behind."""

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


def numpy_global_state():
    """NumPy's global random state and its error state, as something that compares by value."""
    name, keys, position, *gauss = np.random.get_state()
    return name, keys.tobytes(), position, tuple(gauss), tuple(sorted(np.geterr().items()))


@pytest.fixture(autouse=True)
def seeded_and_clean():
    """Seed minigrad before the test; after it, every switch must stand where it stood."""
    import minigrad as mg

    mg.manual_seed(0)
    before = numpy_global_state()
    yield
    assert mg.is_grad_enabled(), "the test left recording switched off"
    assert mg.tensor(1.0).dtype == np.float32, "the test changed the default dtype"
    assert numpy_global_state() == before, "the test changed NumPy's global random state or its error state"
