"""Same seed, same bits: from one process to the next, whatever Python's own hashing does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

TRAINING = """
import hashlib, sys
import minigrad as mg, nn, nn.functional as F
from minigrad.utils.data import DataLoader, TensorDataset

mg.manual_seed(0)
images, labels = mg.rand(24, 1, 28, 28), mg.randint(0, 10, (24,))
model = nn.Sequential(nn.models.LeNet5(input_size=28), nn.Dropout(0.3), nn.BatchNorm1d(10))
optimizer = mg.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for batch, target in DataLoader(TensorDataset(images, labels), batch_size=8, shuffle=True):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(batch), target, label_smoothing=0.1)
    loss.backward()
    optimizer.step()
digest = hashlib.sha256()
for name, value in model.state_dict().items():
    digest.update(name.encode() + value.numpy().tobytes())
print(digest.hexdigest(), mg.rand(1).item())
"""


def run(**environment):
    return subprocess.run(
        [sys.executable, "-c", TRAINING],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout


@pytest.mark.parametrize("threads", ["1", "2"])
def test_two_processes_train_to_the_same_bits(threads):
    settings = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
    first = run(PYTHONHASHSEED="1", **settings)
    assert len(first) > 64
    assert run(PYTHONHASHSEED="2", **settings) == first
