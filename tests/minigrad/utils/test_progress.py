"""Progress on terminals, beside them, with tqdm and without; whatever happens, the loop goes on."""

import gc
import io
import itertools
import sys
import threading
import time

import pytest

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError
from minigrad.utils.data import DataLoader, TensorDataset
from minigrad.utils.progress import Progress, progress


class Terminal(io.StringIO):
    """A stream that says that somebody looks on."""

    def isatty(self):
        return True


@pytest.fixture
def terminal():
    return Terminal()


@pytest.fixture
def no_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass by hand."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_the_items_come_through(terminal):
    assert list(progress(range(5), file=terminal)) == [0, 1, 2, 3, 4]
    assert list(progress(iter("abc"))) == ["a", "b", "c"]
    assert list(progress([], file=terminal)) == []


def test_a_loader_and_a_dataset_come_through():
    data = TensorDataset(mg.arange(5))
    assert sum(len(batch) for (batch,) in progress(DataLoader(data, 2))) == 5
    assert len(progress(DataLoader(data, 2))) == 3
    assert len(list(progress(data))) == 5


def test_nothing_is_shown_beside_a_terminal(capsys):
    bar = progress(range(3), "quiet")
    assert not any(bar.shown for _ in bar)
    assert capsys.readouterr() == ("", "")


def test_tqdm_draws_a_bar_on_a_terminal(terminal):
    for number in (bar := progress(range(4), "epoch 1", file=terminal)):
        assert bar.shown
        bar.set_postfix(loss=0.123456, batch=number)
    text = terminal.getvalue()
    assert "epoch 1" in text
    assert "4/4" in text
    assert "loss 0.1235, batch 3" in text
    assert text.endswith("\n")
    assert not bar.shown


def test_tqdm_starts_no_thread(terminal):
    before = threading.active_count()
    for _ in progress(range(2), file=terminal):
        assert threading.active_count() == before


def test_what_is_not_left_is_wiped_away(terminal):
    list(progress(range(2), "gone", file=terminal, leave=False))
    assert terminal.getvalue().rpartition("\r")[0].rpartition("\r")[2].strip() == ""


@pytest.mark.usefixtures("no_tqdm")
def test_without_tqdm_lines_are_printed_now_and_then(terminal, clock):
    for number in (bar := progress(range(100), "epoch 1", file=terminal)):
        bar.set_postfix(loss=mg.tensor(0.5))
        clock[0] = number * 0.5
    lines = terminal.getvalue().splitlines()
    assert lines[0] == "epoch 1: 21/100 (21 %), 10 s, 38 s left, loss 0.5"
    assert lines[-1] == "epoch 1: 100/100 (100 %), 50 s, loss 0.5"
    assert len(lines) == 5


@pytest.mark.usefixtures("no_tqdm", "clock")
def test_a_quick_loop_prints_no_line(terminal):
    list(progress(range(100_000), file=terminal))
    assert terminal.getvalue() == ""


@pytest.mark.usefixtures("no_tqdm")
def test_lines_of_a_loop_of_unknown_length(terminal, clock):
    for number in progress((one for one in range(25)), file=terminal, leave=False):
        clock[0] = float(number)
    assert terminal.getvalue().splitlines() == ["11, 10 s", "21, 20 s"]


def test_lines_are_printed_beside_a_terminal_if_asked_for(clock):
    file = io.StringIO()
    for number in progress(range(21), "test", file=file, disable=False, interval=20):
        clock[0] = float(number)
    assert file.getvalue().splitlines() == ["test: 21/21 (100 %), 20 s"]


def test_a_terminal_can_be_left_alone(terminal):
    list(progress(range(3), file=terminal, disable=True))
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("tqdm", [True, False])
def test_a_loop_that_is_left_early_ends_the_display(tqdm, terminal, monkeypatch):
    if not tqdm:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    bar = progress(itertools.count(), file=terminal)
    for number in bar:
        if number == 3:
            break
    assert not bar.shown

    def fails():
        for _ in bar:
            _ = 1 // 0

    with pytest.raises(ZeroDivisionError):
        fails()
    gc.collect()  # where an error's traceback held the loop
    assert not bar.shown


def test_errors_of_the_iterable_go_through(terminal):
    def broken():
        yield 1
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        list(progress(broken(), file=terminal))


class Broken(Terminal):
    """A stream that fails from the given write on."""

    def __init__(self, after):
        super().__init__()
        self.left = after

    def write(self, text):
        self.left -= 1
        if self.left < 0:
            raise BrokenPipeError("nobody reads")
        return super().write(text)


@pytest.mark.parametrize("after", [0, 1, 2, 3])
@pytest.mark.parametrize("tqdm", [True, False])
def test_a_stream_that_breaks_never_stops_the_loop(after, tqdm, monkeypatch):
    if not tqdm:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    seen = []
    for number in (bar := progress(range(5), file=Broken(after), interval=0)):
        bar.set_postfix(a=1)
        seen.append(number)
    assert seen == [0, 1, 2, 3, 4]


def test_a_stream_that_is_closed_or_missing(monkeypatch):
    closed = Terminal()
    bar = progress(range(3), file=closed)
    for number in bar:
        if number == 0:
            closed.close()
    assert not bar.shown
    monkeypatch.setattr(sys, "stderr", None)
    assert list(progress(range(3), disable=False)) == [0, 1, 2]


def test_figures_that_cannot_be_shown_do_not_stop_the_loop(terminal):
    class Strange:
        def __str__(self):
            raise RuntimeError("no")

    for _ in (bar := progress(range(2), file=terminal)):
        bar.set_postfix(one=mg.ones(3), two=None)
        bar.set_postfix(strange=Strange())


def test_it_can_be_gone_through_again(terminal):
    bar = progress([1, 2], file=terminal)
    assert list(bar) == list(bar) == [1, 2]


def test_steps_told_by_hand(terminal):
    with progress(total=10, desc="steps", file=terminal) as bar:
        bar.update(4)
        bar.update()
        assert bar.shown
    assert "5/10" in terminal.getvalue()
    assert not bar.shown
    bar.update()  # after its end


def test_lengths():
    assert len(progress(total=3)) == 3
    assert len(progress(iter([1]), total=7)) == 7
    assert progress(iter([1]))
    with pytest.raises(DTypeError, match="has no length"):
        len(progress(iter([1])))


WRONG = [
    (lambda: progress(3), DTypeError, "progress got a int, which cannot be gone through"),
    (lambda: progress([], 5), DTypeError, "desc=5; it is a word"),
    (lambda: progress([], total=-1), ArgumentError, "total=-1"),
    (lambda: progress([], total=1.5), DTypeError, "total=1.5; it is an integer"),
    (lambda: progress([], interval=-1), ArgumentError, "neither is negative"),
    (lambda: list(progress(total=3)), DTypeError, "nothing to go through"),
]


@pytest.mark.parametrize(("call", "kind", "text"), WRONG)
def test_what_is_wrong_is_told(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


def test_its_class_is_public():
    assert isinstance(progress([]), Progress)


def test_a_figure_may_be_called_self():
    stream = io.StringIO()
    for _ in (bar := progress(range(2), file=stream, disable=False, interval=0)):
        bar.set_postfix(self=0.5)
    assert "self 0.5" in stream.getvalue()
