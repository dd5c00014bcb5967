"""What constructors of layers check, and what modules refuse that is handed to their methods."""

import copy
import pickle
from fractions import Fraction

import numpy as np
import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import ArgumentError, DTypeError, MinigradError

REFUSED = [
    (lambda: nn.Linear(4, 3, bias="no"), r"^Linear got bias='no'; it is True or False$"),
    (lambda: nn.Linear(4, 3, bias=np.ones(2)), r"^Linear got bias=.*it is True or False$"),
    (lambda: nn.Linear(4, 3.5), "3.5"),
    (lambda: nn.BatchNorm2d(8, affine=[]), r"^BatchNorm2d got affine=\[\]; it is True or False$"),
    (lambda: nn.BatchNorm2d(8, momentum="a"), r"^BatchNorm2d got momentum='a'; it is a number, or None$"),
    (lambda: nn.BatchNorm2d(8, eps=1j), r"^BatchNorm2d got eps=1j; it is a number$"),
    (lambda: nn.LazyInstanceNorm1d(affine=np.array([])), r"^LazyInstanceNorm1d got affine=.*True or False$"),
    (lambda: nn.L1Loss(reduction=3), r"^L1Loss got reduction=3; it is a word$"),
    (lambda: nn.LazyLinear([3]), r"^LazyLinear got out_features=\[3\]; it is an integer$"),
    (lambda: nn.Dropout(0.5, "a"), r"^Dropout got inplace='a'; it is True or False$"),
    (lambda: nn.Dropout(Fraction(1, 2)), "Dropout got p="),
    (lambda: nn.GroupNorm(True, 4), r"^GroupNorm got num_groups=True; it is an integer$"),
    (lambda: nn.Upsample(2, align_corners="a"), r"^Upsample got align_corners='a'; it is True or False, or None$"),
    (lambda: nn.models.BasicBlock(4, 4, downsample=3), "downsample.*give an nn.Module"),
    (lambda: nn.models.ResNet("a", (1, 1, 1, 1)), r"^ResNet cannot work with block='a'.*help\(nn.models.ResNet\)"),
    (lambda: nn.Residual(None), "Residual got None where a block belongs"),
    (lambda: nn.Concat(nn.Identity(), None)(mg.ones(1, 2)), "branch 1 of Concat is None"),
    (lambda: nn.Sequential(nn.ReLU())["a":], "slices are made of integers"),
    (lambda: nn.ModuleList([nn.ReLU()]).insert(0.5, nn.ReLU()), "insert got index=0.5; it is an integer"),
    (lambda: nn.ParameterList([mg.ones(1)])[:"a"], "slices are made of integers"),
    (lambda: nn.ParameterDict().fromkeys(3), "fromkeys got keys=3; it is a list of names"),
    (lambda: nn.ParameterDict({"a": mg.ones(1)}).fromkeys([[]]), "names are strings|as a name"),
    (lambda: nn.Linear(2, 2).get_submodule(3), "get_submodule got target=3"),
    (lambda: nn.Linear(2, 2).get_parameter(None), "get_parameter got target=None"),
    (lambda: list(nn.Linear(2, 2).named_buffers(prefix=3)), "named_buffers got prefix=3"),
    (lambda: list(nn.Linear(2, 2).named_parameters(recurse="a")), "named_parameters got recurse='a'"),
    (lambda: list(nn.Linear(2, 2).named_modules(memo=[1])), r"named_modules got memo=\[1\]"),
    (lambda: nn.Linear(2, 2).state_dict(prefix=b"a"), "state_dict got prefix=b'a'"),
    (lambda: nn.Linear(2, 2).load_state_dict({}, strict="no"), "load_state_dict got strict='no'"),
    (lambda: nn.Linear(2, 2).apply("a"), "apply got fn='a'; it is a function of a module"),
    (lambda: nn.Linear(2, 2).zero_grad("a"), "zero_grad got set_to_none='a'"),
    (lambda: nn.Linear(2, 2).register_forward_hook(print, prepend=np.ones(2)), "a hook got prepend="),
    (lambda: nn.utils.clip_grad_norm_(nn.Linear(2, 2), 1.0), r"got a Linear.*give model.parameters\(\)"),
    (lambda: nn.utils.clip_grad_value_([mg.ones(1)], "a"), "clip_grad_value_ got clip_value='a'"),
    (lambda: nn.utils.vector_to_parameters(mg.ones(2), [None]), "vector_to_parameters got a NoneType"),
    (lambda: nn.utils.fuse_conv_bn_eval(3, nn.BatchNorm2d(2)), r"fuse_conv_bn_eval cannot work with conv=3"),
    (lambda: nn.init.sparse_(mg.empty(2, 2), None), "sparse_ got sparsity=None; it is a number"),
    (lambda: nn.init.dirac_(mg.empty(2, 2, 1), 1.0), "dirac_ got groups=1.0; it is an integer"),
    (lambda: nn.UninitializedParameter().materialize("a"), "a"),
    (lambda: nn.summary(nn.Linear(2, 2), (2,), depth="a"), "summary got depth='a'; it is an integer"),
    (lambda: F.one_hot(mg.tensor([1]), b"a"), "one_hot got num_classes=b'a'; it is an integer"),
    (lambda: mg.sort(mg.ones(2), descending="no"), "sort got descending='no'; it is True or False"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "text"), REFUSED, ids=[text for _, text in REFUSED])
def test_refused_by_name(call, text):
    with pytest.raises(DTypeError, match=f"(?s){text}"):
        call()


@pytest.mark.parametrize("times", [10**9, 2**70])
def test_a_sequential_is_not_repeated_beyond_reason(times):
    with pytest.raises(ArgumentError, match=r"no model has so many layers|memory can hold"):
        nn.Sequential(nn.ReLU()) * times


def test_models_of_impossible_depth_are_refused():
    with pytest.raises(ArgumentError, match="number of poolings"):
        nn.models.UNet(depth=40)
    with pytest.raises(ArgumentError, match="6n"):
        nn.models.CifarResNet(6 * 10**9 + 2)


def test_what_counts_as_a_flag():
    for yes in (True, 1, np.bool_(True), np.array(True), mg.tensor(True), np.float32(2)):
        assert nn.Linear(2, 2, bias=yes).bias is not None
    for no in (False, 0, None, np.bool_(False), mg.tensor(0)):
        assert nn.Linear(2, 2, bias=no).bias is None


def test_numbers_of_numpy_are_kept_as_pythons():
    layer = nn.Conv2d(np.int8(3), np.int8(100), 3, groups=mg.tensor(1))
    assert (type(layer.in_channels), layer.out_channels, layer.groups) == (int, 100, 1)
    assert type(nn.BatchNorm2d(2, eps=np.float16(0.5)).eps) is float
    assert nn.models.CifarResNet(8, width=np.uint8(100)).classifier.in_features == 400


def test_a_wrong_call_is_told_with_the_name_of_the_layer():
    with pytest.raises(TypeError, match=r"^BatchNorm2d\(\) missing 1 required positional argument: 'num_features'$"):
        nn.BatchNorm2d()
    with pytest.raises(TypeError, match=r"^MaxPool2d\(\) got an unexpected keyword argument 'size'$"):
        nn.MaxPool2d(2, size=3)


def test_constructors_of_users_are_theirs():
    class Mine(nn.Module):
        def __init__(self, flag: bool) -> None:
            super().__init__()
            self.flag = flag["a"]

    class Wide(nn.Linear):
        def __init__(self, size: int) -> None:
            super().__init__(size, size, bias="no")

    with pytest.raises(TypeError, match="not subscriptable") as raised:
        Mine(3)
    assert not isinstance(raised.value, MinigradError)
    with pytest.raises(DTypeError, match="Wide got bias='no'"):
        Wide(3)


def test_conversion_leaves_the_tensor_of_a_user_alone():
    weight = mg.ones(3)
    loss = nn.BCELoss(weight=weight).double()
    assert loss.weight.dtype == mg.float64
    assert weight.dtype == mg.float32
    assert nn.BCELoss(weight=weight).float().weight is weight


def test_a_buffer_held_twice_stays_one():
    first, second = nn.Identity(), nn.Identity()
    for module in (first, second):
        module.register_buffer("table", mg.ones(2) if module is first else first.table)
    both = nn.Sequential(first, second).double()
    assert both[0].table is both[1].table
    assert both[0].table.dtype == mg.float64


def test_a_refused_spectral_norm_changes_nothing():
    layer = nn.Linear(2, 2)
    with pytest.raises(DTypeError, match="spectral_norm got eps="):
        nn.utils.spectral_norm(layer, eps="a")
    assert list(layer.state_dict()) == ["weight", "bias"]


def test_names_that_cannot_be_keys_are_not_there():
    named = nn.ModuleDict({"a": nn.ReLU()})
    assert [] not in named
    assert np.ones(2) not in nn.ParameterDict({"a": mg.ones(1)})
    with pytest.raises(KeyError, match="its names are"):
        del named["b"]


def test_guarded_functions_and_layers_can_be_pickled_and_copied():
    assert pickle.loads(pickle.dumps(F.mse_loss)) is F.mse_loss
    assert repr(pickle.loads(pickle.dumps(nn.Conv2d(1, 2, 3)))) == repr(copy.deepcopy(nn.Conv2d(1, 2, 3)))
