"""Losses that are given probabilities for logits or logarithms warn where the tape knows; others are silent."""

import warnings

import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad.errors import DoubledSoftmaxWarning, LogOfSoftmaxWarning, MissingLogWarning

LABELS = mg.tensor([0, 2])
ANSWERS = mg.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
SPATIAL = mg.zeros(2, 4, 4, dtype=mg.int64)


def logits(*shape):
    return mg.randn(*(shape or (2, 3)), requires_grad=True)


WRONG = {
    "softmax": (lambda: F.cross_entropy(F.softmax(logits(), 1), LABELS), DoubledSoftmaxWarning,
                r"cross_entropy got the result of softmax.*applies log_softmax itself.*near 0"),
    "a layer": (lambda: nn.CrossEntropyLoss()(nn.Sequential(nn.Linear(4, 3), nn.Softmax(1))(mg.randn(2, 4)), LABELS),
                DoubledSoftmaxWarning, "cross_entropy got the result of softmax"),
    "log_softmax": (lambda: F.cross_entropy(F.log_softmax(logits(), 1), LABELS), DoubledSoftmaxWarning,
                    "result of log_softmax.*changes nothing.*nll_loss"),
    "log of softmax": (lambda: F.cross_entropy(F.softmax(logits(), 1).log(), LABELS), DoubledSoftmaxWarning,
                       "the logarithm of a softmax"),
    "reshaped": (lambda: F.cross_entropy(F.softmax(logits(1, 2, 3), 2).reshape(2, 3), LABELS), DoubledSoftmaxWarning,
                 "softmax"),
    "permuted": (lambda: F.cross_entropy(F.softmax(logits(2, 4, 4, 3), 3).permute(0, 3, 1, 2), SPATIAL),
                 DoubledSoftmaxWarning, "softmax"),
    "without effect": (lambda: F.cross_entropy(F.dropout(F.softmax(logits(), 1), training=False), LABELS),
                       DoubledSoftmaxWarning, "softmax"),
    "in another dtype": (lambda: F.cross_entropy(F.softmax(logits(), 1).double(), LABELS), DoubledSoftmaxWarning,
                         "softmax"),
    "clamped": (lambda: F.cross_entropy(F.softmax(logits(), 1).clamp(1e-7, 1), LABELS), DoubledSoftmaxWarning,
                "softmax"),
    "one sample": (lambda: F.cross_entropy(F.softmax(logits(3), 0), LABELS[0]), DoubledSoftmaxWarning, "softmax"),
    "sigmoid": (lambda: F.binary_cross_entropy_with_logits(mg.sigmoid(logits()), ANSWERS), DoubledSoftmaxWarning,
                "binary_cross_entropy_with_logits got the result of sigmoid.*applies the sigmoid itself"),
    "a sigmoid layer": (lambda: nn.BCEWithLogitsLoss()(nn.Sigmoid()(logits()).squeeze(), ANSWERS),
                        DoubledSoftmaxWarning, "sigmoid"),
    "softmax to logits": (lambda: F.binary_cross_entropy_with_logits(F.softmax(logits(), 1), ANSWERS),
                          DoubledSoftmaxWarning, "result of softmax"),
    "multilabel": (lambda: F.multilabel_soft_margin_loss(mg.sigmoid(logits()), ANSWERS), DoubledSoftmaxWarning,
                   "multilabel_soft_margin_loss got the result of sigmoid"),
    "no logarithm": (lambda: F.nll_loss(F.softmax(logits(), 1), LABELS), MissingLogWarning,
                     r"nll_loss got the result of softmax.*no likelihood.*log_softmax, or cross_entropy"),
    "a layer without": (lambda: nn.NLLLoss()(nn.Softmax(1)(logits()), LABELS), MissingLogWarning, "no likelihood"),
    "divergence": (lambda: F.kl_div(F.softmax(logits(), 1), ANSWERS, reduction="sum"), MissingLogWarning,
                   r"kl_div got the result of softmax.*Use log_softmax$"),
    "two steps": (lambda: F.nll_loss(mg.log(F.softmax(logits(), 1)), LABELS), LogOfSoftmaxWarning,
                  "underflows to 0 the loss is infinite.*Use log_softmax"),
    "two steps clamped": (lambda: F.nll_loss(mg.log(F.softmax(logits(), 1).clamp(min=1e-9)), LABELS),
                          LogOfSoftmaxWarning, "logarithm of a softmax"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_the_tape_knows_to_be_wrong(case):
    action, category, words = WRONG[case]
    with pytest.warns(category, match=words) as caught:
        action().backward()
    assert [one.filename for one in caught] == [__file__]


RIGHT = {
    "logits": lambda: F.cross_entropy(logits(), LABELS),
    "probable targets": lambda: F.cross_entropy(logits(), F.softmax(logits(), 1)),
    "log_softmax to nll_loss": lambda: F.nll_loss(F.log_softmax(logits(), 1), LABELS),
    "softmax to bce": lambda: F.binary_cross_entropy(F.softmax(logits(), 1), ANSWERS),
    "sigmoid to bce": lambda: F.binary_cross_entropy(mg.sigmoid(logits()), ANSWERS),
    "logits to bce": lambda: F.binary_cross_entropy_with_logits(logits(), ANSWERS),
    "log_softmax to kl_div": lambda: F.kl_div(F.log_softmax(logits(), 1), ANSWERS, reduction="batchmean"),
    "softmax as target of kl_div": lambda: F.kl_div(F.log_softmax(logits(), 1), logits().softmax(1), reduction="sum"),
    "attention before": lambda: F.cross_entropy(F.softmax(logits(2, 5), 1) @ logits(5, 3), LABELS),
    "a gate before": lambda: F.cross_entropy(mg.sigmoid(logits()) * logits(), LABELS),
    "scaled on purpose": lambda: F.cross_entropy(F.softmax(logits(), 1) / 0.07, LABELS),
    "softmax over positions": lambda: F.cross_entropy(F.softmax(logits(2, 3, 4, 4), 3), SPATIAL),
    "sigmoid scores": lambda: F.cross_entropy(mg.sigmoid(logits()), LABELS),
    "log of something else": lambda: F.nll_loss(mg.log(mg.exp(logits())), LABELS),
}


@pytest.mark.parametrize("case", RIGHT)
def test_right_programs_are_silent(case):
    RIGHT[case]().backward()  # warnings are errors here


def test_what_is_not_recorded_is_not_known():
    with mg.no_grad():
        F.cross_entropy(F.softmax(logits(), 1), LABELS)
    F.cross_entropy(F.softmax(mg.randn(2, 3), 1), LABELS)
    F.cross_entropy(F.softmax(logits(), 1).detach(), LABELS)


def test_once_for_each_line_and_never_when_switched_off():
    globals().pop("__warningregistry__", None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            F.cross_entropy(F.softmax(logits(), 1), LABELS)
        assert len(caught) == 1
        warnings.filterwarnings("ignore", category=DoubledSoftmaxWarning)
        F.cross_entropy(F.softmax(logits(), 1), LABELS)
    assert len(caught) == 1


def test_behind_a_backward_hook_it_is_still_seen():
    layer = nn.Softmax(1)
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: None)
    with pytest.warns(DoubledSoftmaxWarning):
        F.cross_entropy(layer(logits()), LABELS)


def test_no_operation_is_recorded_for_the_question():
    class Names(mg.autograd.Observer):
        def __init__(self):
            self.names = []

        def applied(self, primitive, inputs, outputs):
            self.names.append(primitive.name)

    lists = []
    probabilities = F.softmax(logits(), 1)
    for given in (probabilities, probabilities.detach().requires_grad_()):
        with mg.autograd.observe(Names()) as names, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            F.cross_entropy(given, LABELS)
        lists.append(names.names)
    assert lists[0] == lists[1]
