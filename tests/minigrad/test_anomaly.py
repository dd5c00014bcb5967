"""Anomaly mode: the first NaN or infinity raises, forwards or backwards, and says what, where and why."""

import contextvars
import gc
import math
import pickle
import threading
import weakref

import numpy as np
import pytest

import minigrad as mg
import nn
import nn.functional as F
from minigrad import anomaly
from minigrad.autograd import detect_anomaly, observe, observers, set_detect_anomaly
from minigrad.errors import AnomalyError, GradError, MinigradError

INF, NAN = math.inf, math.nan


def leaf(*values):
    return mg.tensor(values, requires_grad=True)


@pytest.fixture
def watched():
    with detect_anomaly():
        yield


def message(action, **options):
    with detect_anomaly(**options), pytest.raises(AnomalyError) as caught:
        action()
    return str(caught.value)


# ------------------------------------------------------------------------ forwards


FORWARDS = {
    "log": (lambda: mg.log(mg.tensor([[1.0, 2.0], [3.0, 0.0]])), r"log made an infinity in its result of shape \(2, 2\)"
            r": 1 of 4 elements, the first at index \(1, 1\).*x of shape \(2, 2\), which was finite.*log of 0\. Clamp"),
    "negative log": (lambda: mg.log(mg.tensor([-2.0])), "log made NaN.*its only element.*log of −2: below 0"),
    "log1p": (lambda: mg.log1p(mg.tensor([-1.0])), "log1p of −1. Clamp the argument away"),
    "log of softmax": (lambda: mg.log(mg.softmax(leaf(0.0, 1000.0), 0)), "a softmax has underflowed. Use log_softmax"),
    "through a view": (lambda: mg.log(mg.softmax(leaf(0.0, 1000.0), 0).reshape(2, 1)), "softmax has underflowed"),
    "exp": (lambda: mg.exp(mg.tensor([1000.0])), r"exp of 1000 is beyond float32, whose largest number is 3.4e\+38"),
    "sqrt": (lambda: mg.sqrt(mg.tensor([4.0, -4.0])), r"sqrt made NaN.*index \(1,\).*sqrt of −4: a negative"),
    "rsqrt": (lambda: mg.rsqrt(mg.zeros(1)), "rsqrt of 0, which is 1/0"),
    "1/0": (lambda: mg.ones(2) / mg.tensor([1.0, 0.0]), r"div made an infinity.*a of shape \(2,\) and b of "
            r"shape \(2,\), which were finite.*division by zero, 1/0\. Add"),
    "0/0": (lambda: mg.zeros(1) / 0, "div made NaN.*0/0.*mean of no elements"),
    "small divisor": (lambda: mg.tensor([1e30]) / 1e-20, "1e[+]30/1e−20 is beyond float32.*: the divisor is nearly 0"),
    "reciprocal": (lambda: mg.reciprocal(mg.zeros(1)), "division by zero, 1/0"),
    "0 ** -1": (lambda: mg.zeros(1) ** -1.0, "0 to the power −1, which is 1/0"),
    "(-2) ** 0.5": (lambda: mg.tensor([-2.0]) ** 0.5, "−2 to the power 0.5: a negative number"),
    "large power": (lambda: mg.tensor([10.0]) ** 40, "10 to the power 40 is beyond float32"),
    "empty mean": (lambda: mg.zeros(0).mean(), "add met NaN.*a constant of shape .*mean of no elements"),
    "deviation of one": (lambda: mg.ones(1).var(), "0/0.*deviation of one"),
    "masked row": (lambda: mg.softmax(mg.full((2, 2), -INF), 1), "softmax made NaN.*was infinite in places.*all −∞"),
    "infinite logit": (lambda: F.log_softmax(mg.tensor([INF, 0.0]), 0), "log_softmax of a value that is ∞"),
    "logsumexp of nothing": (lambda: mg.logsumexp(mg.zeros(0), 0), "logsumexp of no elements"),
    "asin": (lambda: mg.asin(mg.tensor([2.0])), r"asin of 2, which lies outside \[−1, 1\]"),
    "digamma": (lambda: mg.digamma(mg.zeros(1)), "a pole at 0"),
    "xlogy": (lambda: mg.xlogy(mg.ones(1), 0.0), "the logarithm of 0"),
    "cast": (lambda: mg.tensor([1e6]).half(), "1e.?06 is beyond float16.*Keep float32"),
    "standardize": (lambda: mg.standardize(mg.ones(3), 0), "all equal: their variance is 0"),
    "product": (lambda: mg.tensor([1e30]) * 1e30, r"mul made an infinity.*beyond float32.*there a = 1e\+30 and b = 1e"),
    "sum": (lambda: mg.full((2,), 3e38).sum(), r"sum made an infinity.*beyond float32, whose largest.*learning rate"),
    "matmul": (lambda: mg.full((1, 1), 1e30) @ mg.full((1, 1), 1e30), "matmul made an infinity"),
    "0·∞": (lambda: mg.tensor([0.0, INF]) * 0, r"mul made NaN.*index \(1,\).*hold infinities, and ∞ − ∞, 0·∞"),
    "∞ − ∞": (lambda: mg.tensor([INF]) - mg.tensor([INF]), "sub made NaN.*infinite in places"),
    "in place": (lambda: mg.zeros(2).log_(), "log of 0"),
    "no_grad": (lambda: mg.no_grad()(mg.log)(leaf(0.0)), "log of 0"),
}  # fmt: skip


@pytest.mark.parametrize("case", FORWARDS)
def test_the_operation_that_makes_it_is_named_with_a_likely_cause(case):
    action, words = FORWARDS[case]
    with detect_anomaly(), pytest.raises(AnomalyError, match=words):
        action()
    action()  # and raises nothing outside


def test_the_users_line_is_in_the_message(watched):
    with pytest.raises(AnomalyError) as caught:
        mg.log(mg.zeros(2))  # this line
    assert f"At {__file__}:" in str(caught.value)
    assert "in test_the_users_line_is_in_the_message: mg.log(mg.zeros(2))  # this line" in str(caught.value)


LEGITIMATE = {
    "a mask of −∞": lambda: mg.softmax(
        mg.masked_fill(leaf(1.0, 2.0), mg.tensor([True, False]), -INF), 0).sum().backward(),
    "attention": lambda: F.scaled_dot_product_attention(*[mg.randn(2, 3, 4, requires_grad=True)] * 3,
                                                        is_causal=True).sum().backward(),
    "attention to nothing": lambda: F.scaled_dot_product_attention(
        *[mg.randn(2, 3, 4, requires_grad=True)] * 3, attn_mask=mg.zeros(3, 3).bool()).sum().backward(),
    "max pooling with padding": lambda: F.max_pool2d(mg.randn(1, 1, 4, 4, requires_grad=True), 2,
                                                     padding=1).sum().backward(),
    "padding of −∞": lambda: mg.amax(F.pad(leaf(1.0, 2.0), (1, 1), value=-INF)).backward(),
    "a bound of ∞": lambda: mg.clamp(leaf(1.0), max=INF).sum().backward(),
    "where": lambda: mg.where(mg.tensor([True, False]), leaf(1.0, 2.0), INF)[0].backward(),
    "exp of −∞": lambda: mg.exp(mg.tensor([-INF])),
    "1/∞": lambda: 1 / mg.tensor([INF]),
    "ln of ∞": lambda: mg.log(mg.tensor([INF])),
    "logsumexp of −∞": lambda: mg.logsumexp(mg.tensor([-INF, -INF]), 0),
    "amax": lambda: mg.amax(mg.tensor([-INF, 1.0])),
    "NaN that is asked for": lambda: mg.isnan(mg.tensor([NAN])),
    "NaN that is replaced": lambda: mg.nan_to_num(mg.tensor([NAN, 1.0]).reshape(1, 2)),
    "NaN that is left out": lambda: mg.nanmean(mg.tensor([NAN, 1.0])),
    "NaN that is cut off": lambda: mg.tensor([NAN, 1.0])[1] * 2,
    "NaN that is masked": lambda: mg.where(mg.isnan(x := mg.tensor([NAN, 1.0])), 0, x).sum(),
    "kl_div with a 0": lambda: F.kl_div(mg.log_softmax(leaf(1.0, 2.0), 0), mg.tensor([0.0, 1.0]),
                                        reduction="sum").backward(),
    "bce at 0 and 1": lambda: F.binary_cross_entropy(leaf(0.0, 1.0), mg.tensor([1.0, 1.0])).backward(),
    "bce of large logits": lambda: F.binary_cross_entropy_with_logits(leaf(1e4), mg.tensor([0.0])).backward(),
    "cross entropy of large logits": lambda: F.cross_entropy(leaf(1e4, -1e4), mg.tensor(1)).backward(),
    "the norm at 0": lambda: mg.norm(leaf(0.0, 0.0)).backward(),
    "a power of 0": lambda: (leaf(0.0) ** 0).sum().backward(),
    "the angle at 0": lambda: mg.atan2(leaf(0.0), leaf(0.0)).sum().backward(),
    "normalisation of equal values": lambda: F.layer_norm(mg.ones(2, 3, requires_grad=True), (3,)).sum().backward(),
    "distances of equal rows": lambda: mg.cdist(leaf(1.0, 2.0).reshape(1, 2), mg.tensor([[1.0, 2.0]])).sum().backward(),
    "ctc": lambda: F.ctc_loss(mg.log_softmax(mg.randn(4, 1, 3, requires_grad=True), 2), mg.tensor([[1, 2]]), [4],
                              [2]).backward(),
    "integers": lambda: mg.arange(3) * 2,
    "no elements": lambda: mg.zeros(0) * 2,
}  # fmt: skip


@pytest.mark.parametrize("case", LEGITIMATE)
def test_infinities_that_are_meant_and_nan_that_is_handled_raise_nothing(watched, case):
    LEGITIMATE[case]()


@pytest.mark.parametrize("given", [lambda: mg.tensor([1.0, NAN]), lambda: leaf(1.0, NAN)], ids=["constant", "leaf"])
def test_nan_from_outside_is_named_where_it_enters_the_computation(given):
    x = given()
    kind = "leaf" if x.requires_grad else "constant"
    text = message(lambda: mg.ones(2) * x)
    assert f"mul met NaN: its operand b, a {kind} of shape (2,), holds it already (1 of 2 elements" in text
    assert "the first at index (1,)" in text
    assert "Look at your data" in text


def test_nan_of_a_computed_tensor_says_what_is_known_of_it():
    with detect_anomaly(check_nan=False):
        y = leaf(0.0, 1.0) * NAN
    text = message(lambda: y + 1)
    assert "a, the result of mul of shape (2,), holds it already (2 of 2 elements, the first at index (0,))" in text
    assert f"Recorded at {__file__}" in text
    z = leaf(0.0, 1.0) * NAN
    assert "not known, since anomaly mode was off then" in message(lambda: z + 1)


def test_it_is_an_error_of_ours_that_can_be_pickled():
    assert issubclass(AnomalyError, MinigradError)
    assert issubclass(AnomalyError, RuntimeError)
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        mg.log(mg.zeros(1))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_the_layer_is_named_once_forwards():
    class Head(nn.Module):
        def forward(self, x):
            return mg.log(x)

    model = nn.Sequential(nn.ReLU(), nn.Sequential(Head()))
    text = message(lambda: model(-mg.ones(2)))
    assert text.endswith("return mg.log(x) [in 1.0: Head()]")
    assert text.count("1.0: Head") == 1


# ----------------------------------------------------------------------- backwards


BACKWARDS = {
    "sqrt": (lambda: mg.sqrt(leaf(1.0, 0.0)).sum(), r"backward of sqrt made an infinity in the gradient for x, of "
             r"shape \(2,\): 1 of 2 elements, the first at index \(1,\)\. The cotangent that arrived, of shape "
             r"\(2,\), was finite.*slope of sqrt at 0 is infinite\. Use sqrt\(x \+ 1e-12\), or mg.norm"),
    "length": (lambda: (leaf(0.0, 0.0) ** 2).sum().sqrt(), "the slope of sqrt at 0 is infinite"),
    "pow": (lambda: leaf(0.0) ** 0.5, "slope of pow at 0 is infinite. Clamp the base"),
    "asin": (lambda: mg.asin(leaf(1.0)), "slope of asin at 1 is infinite. Clamp"),
    "cut off": (lambda: mg.where(mg.tensor([False]), mg.sqrt(leaf(0.0)), 0.0), "sqrt made NaN.*slope of sqrt at 0 is "
                r"infinite, and the cotangent there is 0.*where\(mask, x, 1\)"),
    "small divisor": (lambda: leaf(1e-5) / leaf(1e-25), r"backward of div made an infinity in the gradient for b"),
    "overflow": (lambda: leaf(1e-20) * 1e30 * 1e20, "backward of mul made an infinity.*the gradient is beyond float32"),
}  # fmt: skip


@pytest.mark.parametrize("case", BACKWARDS)
def test_the_backward_that_makes_it_is_named(case):
    make, words = BACKWARDS[case]
    with detect_anomaly(), pytest.raises(AnomalyError, match=words):
        make().sum().backward()


def test_the_line_and_the_layer_of_the_forward_are_named():
    class Root(nn.Module):
        def forward(self, x):
            return mg.sqrt(x)  # the forward line

    model = nn.Sequential(nn.ReLU(), nn.Sequential(Root()))
    with detect_anomaly():
        loss = model(leaf(-1.0)).sum()
        with pytest.raises(AnomalyError) as caught:
            loss.backward()
    assert str(caught.value).endswith("Root.forward: return mg.sqrt(x)  # the forward line (in the layer 1.0)")


def test_a_forward_outside_has_no_line_and_the_message_says_how_to_get_it():
    loss = mg.sqrt(leaf(0.0)).sum()
    text = message(loss.backward)
    assert text.endswith("not known, since anomaly mode was off then: put the forward pass inside it too")
    with detect_anomaly():
        loss = mg.sqrt(leaf(0.0)).sum()
    assert "Recorded at" in message(loss.backward)  # in another block


def test_a_cotangent_that_is_bad_already_is_said_to_be():
    x = leaf(1.0, 2.0)
    text = message(lambda: (x * 1).backward(mg.tensor([1.0, NAN])))
    assert "backward of mul met NaN in the gradient for a, of shape (2,): 1 of 2 elements" in text
    assert "held NaN already, which a hook or the call of backward gave it" in text

    def hooked():
        y = x * 3
        y.register_hook(lambda g: g * INF)
        mg.where(mg.tensor([True, False]), y, 0).sum().backward()

    assert "mul made NaN" in message(hooked)  # the hook's own 0·∞
    with detect_anomaly():
        (x * 2).backward(mg.tensor([INF, 1.0]))  # an infinity that was asked for
    assert x.grad.tolist() == [INF, 2.0]


def test_a_leaf_that_was_nan_in_a_forward_outside():
    x = leaf(NAN)
    loss = (x * x).sum()
    assert "an operand of the forward pass was NaN already" in message(loss.backward)


def test_gradients_that_overflow_as_they_are_added_up():
    def spread():
        x = leaf(0.0) * 1.0
        (x * 2e38 + x * 2e38).sum().backward()

    text = message(spread)
    assert text.startswith("add made an infinity")
    assert "gradients of a value that was used more than once were added up" in text


def test_every_grad_is_as_it_was():
    x, y = leaf(0.0), leaf(1.0)
    y.grad = mg.tensor([5.0])
    with detect_anomaly():
        loss = (mg.sqrt(x) + y).sum()
        with pytest.raises(AnomalyError):
            loss.backward()
        with pytest.raises(AnomalyError):
            mg.autograd.grad((mg.sqrt(x) + y).sum(), [x, y])
    assert (x.grad, y.grad.item()) == (None, 5.0)


def test_the_second_derivative_knows_the_line_of_the_first_forward():
    with detect_anomaly():
        x = leaf(0.0)
        y = x**1.5  # the power
        (g,) = mg.autograd.grad(y.sum(), x, create_graph=True)
        with pytest.raises(AnomalyError, match="slope of pow at 0") as caught:
            g.sum().backward()
    assert "Recorded in the backward of pow, itself at" in str(caught.value)
    assert "y = x**1.5  # the power" in str(caught.value)


def test_what_a_vjp_does_on_its_way_is_its_own_affair(watched):
    x = leaf(0.0, 2.0)
    (x ** mg.tensor([0.0, 3.0])).sum().backward()  # looks at 1/x to see whether there is one
    assert x.grad.tolist() == [0.0, 12.0]


# ------------------------------------------------------------- what can be asked for


def test_without_check_nan_nothing_raises():
    with detect_anomaly(check_nan=False):
        mg.sqrt(mg.log(leaf(0.0))).sum().backward()


def test_infinities_can_be_let_through():
    x = leaf(0.0)
    with detect_anomaly(check_inf=False):
        mg.sqrt(x).sum().backward()
        assert x.grad.item() == INF
        with pytest.raises(AnomalyError, match="log made NaN"):
            mg.log(leaf(-1.0))
    with detect_anomaly(check_nan=False, check_inf=True):
        assert math.isnan(mg.log(leaf(-1.0)).item())
        with pytest.raises(AnomalyError, match="log made an infinity"):
            mg.log(mg.tensor([-1.0, 0.0]))


def test_the_switches():
    assert (mg.is_anomaly_enabled(), mg.is_anomaly_check_nan_enabled()) == (False, True)
    with detect_anomaly() as nothing:
        assert nothing is None
        assert (mg.is_anomaly_enabled(), mg.is_anomaly_check_nan_enabled()) == (True, True)
        with detect_anomaly(check_nan=False):
            assert (mg.is_anomaly_enabled(), mg.is_anomaly_check_nan_enabled()) == (True, False)
            assert len(observers()) == 1
        assert mg.is_anomaly_check_nan_enabled() is True
        with set_detect_anomaly(False):
            assert mg.is_anomaly_enabled() is False
        assert mg.is_anomaly_enabled() is True
        set_detect_anomaly(False)
    assert mg.is_anomaly_enabled() is False
    set_detect_anomaly(True)
    with pytest.raises(AnomalyError):
        mg.log(mg.zeros(1))
    set_detect_anomaly(False)
    assert observers() == ()


def test_one_object_can_be_entered_twice():
    block = detect_anomaly()
    with block, block:
        pass
    assert observers() == ()


def test_other_observers_stay():
    other = mg.autograd.Observer()
    with observe(other):
        with detect_anomaly():
            assert observers()[0] is other
        assert observers() == (other,)


def test_errors_leave_the_mode_as_it_was():
    with pytest.raises(AnomalyError), detect_anomaly():
        mg.log(mg.zeros(1))
    assert observers() == ()
    with detect_anomaly():
        for _ in range(2):
            with pytest.raises(AnomalyError, match="log of 0"):
                nn.Sequential(nn.Identity())(mg.log(mg.zeros(1)))
            with pytest.raises(AnomalyError, match="backward of sqrt"):
                mg.sqrt(leaf(0.0)).sum().backward()
        assert mg.log(mg.ones(1)).item() == 0


def test_inside_a_module_the_path_goes_on():
    class Inner(nn.Module):
        def forward(self, x):
            with detect_anomaly(check_inf=True):
                return mg.sqrt(x)

    model = nn.Sequential(nn.Sequential(Inner()))
    with detect_anomaly():
        loss = model(leaf(0.0)).sum()
        with pytest.raises(AnomalyError, match=r"\(in the layer 0.0\)$"):
            loss.backward()


def test_another_thread_is_not_watched_unless_its_context_was_copied():
    found = []

    def work():
        try:
            found.append(mg.log(mg.zeros(1)).item())
        except AnomalyError:
            found.append("raised")

    with detect_anomaly():
        context = contextvars.copy_context()
        for run in (work, lambda: context.run(work)):
            thread = threading.Thread(target=run)
            thread.start()
            thread.join()
    assert found == [-INF, "raised"]


def test_nothing_is_kept_alive():
    with detect_anomaly():
        gc.collect()
        y = mg.sqrt(leaf(1.0))
        node = weakref.ref(y.grad_fn)
        known = len(anomaly._origins)
        del y
        assert node() is None
        assert len(anomaly._origins) == known - 1


# ------------------------------------------------- the other errors of a backward pass


def test_ordinary_errors_of_the_walk_say_where_the_node_was_recorded():
    x = leaf(1.0)
    with detect_anomaly(check_nan=False):
        y = x * 2
        loss = (y * y).sum()  # squared
        with mg.no_grad():
            y.add_(1)
        with pytest.raises(GradError, match=r"changed in place.*Recorded at .*# squared"):
            loss.backward()
        loss = (x * x).sum()  # walked twice
        loss.backward()
        with pytest.raises(GradError, match=r"freed by an earlier.*Recorded at .*# walked twice"):
            loss.backward()


def test_an_error_of_a_hook_of_the_walk_carries_a_note():
    class Mine(Exception):
        pass

    def refuse(*gradients):
        raise Mine("no")

    with detect_anomaly():
        y = leaf(1.0) * 2  # hooked here
        y.grad_fn.register_hook(refuse)
        with pytest.raises(Mine) as caught:
            y.sum().backward()
    assert caught.value.args == ("no",)
    (note,) = caught.value.__notes__
    assert note.startswith("In the backward of mul. Recorded at")
    assert note.endswith("# hooked here")


def test_without_anomaly_mode_errors_are_as_ever():
    loss = (leaf(1.0) * 2).sum()
    loss.backward()
    with pytest.raises(GradError) as caught:
        loss.backward()
    assert "Recorded" not in str(caught.value)


def test_results_are_those_without():
    x = mg.randn(4, 1, 8, 8)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Tanh(), nn.Flatten(), nn.Linear(72, 3))
    labels = mg.tensor([0, 1, 2, 0])
    gradients = []
    for block in (detect_anomaly(), mg.enable_grad()):
        with block:
            F.cross_entropy(model(x), labels).backward()
        gradients.append([p.grad.tolist() for p in model.parameters()])
        model.zero_grad()
    assert gradients[0] == gradients[1]
    assert np.isfinite(gradients[0][0]).all()


def test_a_function_of_the_users_that_divides_by_zero_is_told_so():
    class Quotient(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g / (x - x)

    x = mg.ones(2, requires_grad=True)
    with (
        mg.autograd.detect_anomaly(),
        pytest.raises(mg.errors.AnomalyError, match=r"of Quotient made an infinity .* its formula divides by 0"),
    ):
        Quotient.apply(x).sum().backward()
