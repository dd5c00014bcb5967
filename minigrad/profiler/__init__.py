"""Where time goes: operations, steps of the walk and layers, timed and counted; PyTorch's `torch.profiler`.

with mg.profiler.profile() as prof:
    F.cross_entropy(model(images), labels).backward()
print(prof)           # the operations, forward and backward
print(prof.layers())  # the same time, layer by layer
prof.export_chrome_trace("trace.json")
"""

from .averages import Average, Averages, Layer, Layers
from .events import Event
from .flops import count_flops, register_flop_formula
from .recorder import record_function
from .session import ProfilerAction, ProfilerActivity, profile, schedule

__all__ = [
    "Average",
    "Averages",
    "Event",
    "Layer",
    "Layers",
    "ProfilerAction",
    "ProfilerActivity",
    "count_flops",
    "profile",
    "record_function",
    "register_flop_formula",
    "schedule",
]
