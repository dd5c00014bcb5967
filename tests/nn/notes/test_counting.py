"""Receptive fields and numbers of parameters."""

import pytest

import nn
from minigrad.errors import DTypeError
from nn.notes import count_parameters, receptive_field


def test_layers_in_the_order_in_which_they_run():
    model = nn.Sequential(nn.Conv2d(1, 2, (3, 1)), nn.Sequential(nn.ReLU(), nn.MaxPool2d(2)), nn.Conv2d(2, 1, 3))
    assert receptive_field(model, (1, 12, 12)) == {"0": (3, 1), "1.0": (3, 1), "1.1": (4, 2), "2": (8, 6)}


def test_what_depends_on_everything_has_the_size_of_the_input():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(2 * 4 * 5, 3))
    assert receptive_field(model, (1, 6, 7)) == {"0": (3, 3), "1": (3, 3), "2": (6, 7)}


def test_the_notes_own_layers():
    notes = nn.notes
    model = nn.Sequential(
        notes.Conv2d(1, 2, 3, skip=1), notes.Softplus(2), notes.SubtractiveNorm(1, 3), notes.BrightnessNorm(1, 1, 1),
        notes.Gain(2), notes.Subsample2d(), notes.LocallyConnected2d(2, 1, 2, 7), notes.L2Pool2d(2),
        notes.LpMeanPool2d(2, 1), notes.FullyConnectedMaps(1, 3, 2),
    )  # fmt: skip
    assert [field[0] for field in receptive_field(model, (1, 29, 29)).values()] == [
        3, 3, 7, 7, 7, 7, 11, 15, 15, 29]  # fmt: skip


def test_parameters_once_and_only_those_that_are_learnt():
    layer = nn.Linear(3, 2)
    assert count_parameters(nn.Sequential(layer, nn.ReLU(), layer)) == 8
    layer.bias.requires_grad_(False)
    assert count_parameters(layer) == 6
    with pytest.raises(DTypeError, match=r"got a Parameter; it takes a model, an nn\.Module"):
        count_parameters(layer.weight)
