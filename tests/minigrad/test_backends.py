"""Switches of other backends: set, read, without effect."""

import minigrad as mg
import minigrad.backends.cudnn as cudnn


def test_switches():
    assert mg.backends.cudnn is cudnn
    for name in ("enabled", "benchmark", "deterministic", "allow_tf32"):
        first = getattr(cudnn, name)
        try:
            setattr(cudnn, name, not first)
            assert getattr(mg.backends.cudnn, name) is not first
            assert mg.conv1d(mg.ones(1, 1, 3), mg.ones(1, 1, 2)).tolist() == [[[2, 2]]]
        finally:
            setattr(cudnn, name, first)
    assert (cudnn.is_available(), cudnn.version()) == (False, None)
    assert (mg.backends.mps.is_available(), mg.backends.mps.is_built()) == (False, False)
