"""`profile`: from when to when, and what of it is kept."""

import enum
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..callers import warn
from ..errors import ArgumentError, DTypeError
from ..observing import unwatch, watch
from .averages import Averages, Layers
from .events import Event
from .recorder import Options, Recorder, record_function
from .trace import chrome_trace, stacks

__all__ = ["ProfilerAction", "ProfilerActivity", "profile", "schedule"]


class ProfilerActivity(enum.Enum):
    """What can be profiled: the CPU. CUDA is a name for scripts, there is none here.

    >>> import minigrad as mg
    >>> mg.profiler.ProfilerActivity.CPU
    <ProfilerActivity.CPU: 0>
    """

    CPU = 0
    CUDA = 2


class ProfilerAction(enum.Enum):
    """What a schedule asks for in a step.

    >>> import minigrad as mg
    >>> mg.profiler.schedule(wait=1, warmup=0, active=1)(0)
    <ProfilerAction.NONE: 0>
    """

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


_RECORDING = {ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE}


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0, skip_first_wait: int = 0
) -> Callable[[int], ProfilerAction]:
    """Profile `active` steps after `wait` + `warmup` others, again and again or `repeat` times.

    The first `skip_first` steps do not count, and with `skip_first_wait` the first cycle does not wait. Warming up
    is waiting here, since starting to record costs nothing.

    Raises `ArgumentError` for negative numbers, or no active steps.

    >>> import minigrad as mg
    >>> plan = mg.profiler.schedule(wait=1, warmup=1, active=2, repeat=1)
    >>> [plan(step).name for step in range(5)]
    ['NONE', 'WARMUP', 'RECORD', 'RECORD_AND_SAVE', 'NONE']
    """
    given = {"wait": wait, "warmup": warmup, "active": active, "repeat": repeat, "skip_first": skip_first}
    for name, count in given.items():
        if count < (name == "active"):
            raise ArgumentError(f"schedule got {name}={count}; it counts steps, from {int(name == 'active')} on")
    cycle = wait + warmup + active

    def action(step: int) -> ProfilerAction:
        if step < 0:
            raise ArgumentError(f"a schedule was asked for step {step}; steps count from 0")
        step -= skip_first
        if step < 0:
            return ProfilerAction.NONE
        if skip_first_wait:
            step += wait
        if repeat and step // cycle >= repeat:
            return ProfilerAction.NONE
        step %= cycle
        if step < wait:
            return ProfilerAction.NONE
        if step < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD if step < cycle - 1 else ProfilerAction.RECORD_AND_SAVE

    return action


class profile:  # noqa: N801 - PyTorch's name
    """Times everything that is computed in a `with` block, or between `start()` and `stop()`, in this thread or task.

    `schedule` says of each step, which `step()` ends, whether to record it, and `on_trace_ready(prof)` is called
    when a cycle is complete. `record_shapes`, `with_stack` (the user's lines) and `profile_memory` (what results
    hold) add to the events; `with_modules` makes the calls of modules rows of `key_averages`. `with_flops` is on by
    default, unlike in PyTorch.

    Nothing is changed by it: neither results nor random numbers.

    Raises `ArgumentError` where it is started or stopped twice, or asked for what was not recorded; `DTypeError`
    for arguments of another kind.

    >>> import minigrad as mg
    >>> a = mg.ones(4, 4, requires_grad=True)
    >>> with mg.profiler.profile() as prof: (a @ a).sum().backward()
    >>> [(row.key, row.direction, row.count, row.flops) for row in prof.key_averages() if row.flops > 16]
    [('matmul', 'forward', 1, 128), ('matmul', 'backward', 2, 256)]
    """

    def __init__(
        self,
        *,
        activities: Iterable[ProfilerActivity] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[["profile"], Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = True,
        with_modules: bool = False,
    ) -> None:
        for activity in activities or ():
            if not isinstance(activity, ProfilerActivity):
                raise DTypeError(f"profile got the activity {activity!r}; give [mg.profiler.ProfilerActivity.CPU]")
            if activity is ProfilerActivity.CUDA:
                warn("profile: there is no CUDA here; only the CPU is profiled")
        for name, function in {"schedule": schedule, "on_trace_ready": on_trace_ready}.items():
            if function is not None and not callable(function):
                raise DTypeError(f"profile got a {type(function).__name__} as {name}; give a function")
        self.schedule = schedule
        self.on_trace_ready = on_trace_ready
        self.with_modules = with_modules
        self.options = Options(record_shapes, profile_memory, with_stack, with_flops)
        self.step_num = 0
        self.current_action = ProfilerAction.NONE
        self._recorder: Recorder | None = None
        self._region: record_function | None = None
        self._started = False

    # ------------------------------------------------------- from when to when

    def start(self) -> None:
        """Begin with step 0; what was recorded before is dropped."""
        if self._started:
            raise ArgumentError("this profile runs already; stop() it first, or make another")
        self._started, self.step_num, self._recorder = True, 0, None
        self._enter_step()

    def stop(self) -> None:
        """End the last step."""
        if not self._started:
            raise ArgumentError("stop() of a profile that does not run; start() it first")
        self._started = False
        recorded = self.current_action in _RECORDING
        self._leave_step(recorded)

    def step(self) -> None:
        """End a step, and begin the next one; without a schedule all steps are recorded."""
        if not self._started:
            raise ArgumentError("step() of a profile that does not run; call it inside the `with` block")
        self._leave_step(self.current_action is ProfilerAction.RECORD_AND_SAVE)
        self.step_num += 1
        self._enter_step()

    def _enter_step(self) -> None:
        action = ProfilerAction.RECORD if self.schedule is None else self.schedule(self.step_num)
        if not isinstance(action, ProfilerAction):
            self._started = False
            raise DTypeError(f"the schedule of a profile returned {action!r}; it returns a ProfilerAction")
        self.current_action = action
        if action in _RECORDING:
            if self._recorder is None or not self._recorder.running:
                self._recorder = Recorder(self.options)
                watch(self._recorder)
            if self.schedule is not None:
                self._region = record_function(f"ProfilerStep#{self.step_num}")
                self._region.__enter__()

    def _leave_step(self, complete: bool) -> None:
        if self._region is not None:
            self._region.__exit__(None, None, None)
            self._region = None
        if complete and self._recorder is not None:
            self._recorder.stop()
            unwatch(self._recorder)
            if self.on_trace_ready is not None:
                self.on_trace_ready(self)

    def __enter__(self) -> "profile":
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    # ------------------------------------------------------------ what was seen

    @property
    def _seen(self) -> Recorder:
        if self._recorder is None:
            raise ArgumentError("nothing was recorded yet; run the computation inside the `with` block of the profile")
        return self._recorder

    def events(self) -> list[Event]:
        """What has ended so far, by the time of its start."""
        return sorted(self._seen.events, key=lambda event: (event.start, -event.end))

    @property
    def peak_memory(self) -> int:
        """The most bytes that results of operations held at one time; needs `profile_memory=True`."""
        if not self.options.memory:
            raise ArgumentError("peak_memory of a profile that did not record it; make it with profile_memory=True")
        return self._seen.alive.peak

    def key_averages(
        self, group_by_input_shape: bool = False, group_by_stack_n: int = 0, *, group_by_module: bool = False
    ) -> Averages:
        """A row for each operation, forward, backward and update apart; also by shapes, lines or layers."""
        if group_by_input_shape and not self.options.shapes:
            raise ArgumentError(
                "key_averages by shapes, which were not recorded; make the profile with record_shapes=True"
            )
        if group_by_stack_n and not self.options.stack:
            raise ArgumentError("key_averages by lines, which were not recorded; make the profile with with_stack=True")
        events = [event for event in self.events() if self.with_modules or event.kind != "module"]
        return Averages.of(events, group_by_input_shape, group_by_stack_n, group_by_module, self.options)

    def layers(self) -> Layers:
        """A row for each layer: its time forward and backward, without that of the modules in it."""
        return Layers.of(self.events())

    def export_chrome_trace(self, path: Any) -> None:
        """Write the events for Perfetto or chrome://tracing, compressed if the name ends with .gz."""
        chrome_trace(Path(path), self.events(), self._seen)

    def export_stacks(self, path: Any, metric: str = "self_cpu_time_total") -> None:
        """Write the time of each line of the program, in the format of flame graphs; needs `with_stack=True`."""
        if not self.options.stack:
            raise ArgumentError("export_stacks of lines that were not recorded; make the profile with with_stack=True")
        stacks(Path(path), self.events(), metric)

    def __str__(self) -> str:
        return "a profile that has recorded nothing" if self._recorder is None else str(self.key_averages())

    __repr__ = __str__
