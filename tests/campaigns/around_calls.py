"""Valid calls of metrics, of what goes round a training loop, and of figures."""

import itertools
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import drawing, metrics, optim, plot
from minigrad.utils.progress import progress
from minigrad.utils.stopping import EarlyStopping, KeepBest
from tests.campaigns.arguments import Made
from tests.samples import normal
from tests.torch_oracle.examples import X, Y, Z, call


def measured(kind: type) -> Any:
    """A function that makes a metric and takes in two batches."""

    def figure(first: Any, second: Any, *given: Any, **options: Any) -> Any:
        metric = kind(*given, **options)
        for _ in range(2):
            metric.update(first, second)
        return metric.compute()

    return figure


def averaged(kind: type) -> Any:
    """A function that makes an average and takes in a value."""

    def figure(value: Any, *given: Any, **options: Any) -> Any:
        metric = kind(*given, **options)
        metric.update(value)
        return metric.compute()

    return figure


def weighted_mean(value: Any, weight: Any) -> Any:
    """`MeanMetric` of one value, or of several."""
    metric = metrics.MeanMetric()
    metric.update(value, weight)
    return metric.compute()


def stopped(value: Any, patience: Any, min_delta: Any, mode: Any) -> Any:
    """`EarlyStopping` asked twice."""
    stopper = EarlyStopping(patience, min_delta, mode)
    return stopper(value), stopper(value)


def kept(model: Any, value: Any, mode: Any) -> None:
    """`KeepBest` called, and what it kept put back."""
    keep = KeepBest(model, mode)
    keep(value)
    keep.restore()


def gone_through(iterable: Any, desc: Any, total: Any, **options: Any) -> None:
    """The first items of `progress`, with a figure beside the bar."""
    bar = progress(iterable, desc, total, **options)
    for item in itertools.islice(bar, 3):
        bar.set_postfix(item=item)


def drawn_by(function: Any) -> Any:
    """A function that draws, and closes what was opened for it."""

    def draw(*given: Any, **options: Any) -> None:
        from matplotlib import pyplot

        before = pyplot.get_fignums()
        try:
            function(*given, **options)
        finally:
            for number in set(pyplot.get_fignums()) - set(before):
                pyplot.close(number)

    return draw


def an_axis() -> Any:
    """An axis of matplotlib, which pyplot does not know."""
    from matplotlib.figure import Figure

    return Figure().subplots()


def with_gradients() -> dict[str, mg.Tensor]:
    """Names and parameters that have gradients."""
    parameter = mg.ones(3, requires_grad=True)
    (parameter * parameter).sum().backward()
    return {"layer.weight": parameter}


def stateful() -> Any:
    """Something with a state."""
    return optim.SGD([mg.ones(3, requires_grad=True)], lr=0.1)


CLASSES, AXIS = np.arange(len(X)) % 2, Made(an_axis)
MAPS = normal(4, 3, 5, 6)
SCORED = {"preds": X, "target": CLASSES}
COUNTED = {"first": X, "second": CLASSES, "num_classes": X.shape[1]}

AROUND: dict[str, tuple[Any, list[Any]]] = {
    "metrics.accuracy": (metrics.accuracy, [call(**SCORED, top_k=2, ignore_index=0), call(preds=CLASSES,
                         target=CLASSES)]),
    "metrics.Accuracy": (measured(metrics.Accuracy), [call(first=X, second=CLASSES, top_k=1, ignore_index=None)]),
    "metrics.confusion_matrix": (metrics.confusion_matrix, [call(**SCORED, num_classes=4, normalize="true"),
                                 call(preds=CLASSES, target=CLASSES, num_classes=2, by_name={"ignore_index": 1})]),
    "metrics.ConfusionMatrix": (measured(metrics.ConfusionMatrix), [call(**COUNTED, normalize="all")]),
    **{f"metrics.{name}": (getattr(metrics, name), [call(**SCORED, num_classes=4, average="weighted")])
       for name in ("precision", "recall", "f1_score")},
    **{f"metrics.{name}": (measured(getattr(metrics, name)), [call(**COUNTED, average="macro")])
       for name in ("Precision", "Recall", "F1Score")},
    "metrics.mean_squared_error": (metrics.mean_squared_error, [call(preds=X, target=Y, squared=False)]),
    "metrics.peak_signal_noise_ratio": (metrics.peak_signal_noise_ratio, [call(preds=X, target=Y, data_range=2.0)]),
    "metrics.MeanSquaredError": (measured(metrics.MeanSquaredError), [call(first=X, second=Y, squared=True)]),
    "metrics.PeakSignalNoiseRatio": (measured(metrics.PeakSignalNoiseRatio), [call(first=X, second=Y,
                                     data_range=1.0)]),
    "metrics.MeanMetric": (weighted_mean, [call(value=0.5, weight=3), call(value=X, weight=np.abs(Y))]),
    "metrics.RunningMean": (averaged(metrics.RunningMean), [call(value=0.5, window=3)]),
    "metrics.ExponentialMovingAverage": (averaged(metrics.ExponentialMovingAverage), [call(value=0.5, decay=0.9)]),
    "metrics.Metric.load_state_dict": (lambda state_dict: metrics.ConfusionMatrix(2).load_state_dict(state_dict),
                                       [call(state_dict={"counts": np.zeros((2, 2), np.int64)})]),
    "utils.EarlyStopping": (stopped, [call(value=0.5, patience=3, min_delta=0.1, mode="max")]),
    "utils.EarlyStopping.load_state_dict": (lambda state_dict: EarlyStopping().load_state_dict(state_dict),
        [call(state_dict={"best": 0.5, "best_at": 1, "calls": 2, "waited": 1, "stopped": False})]),
    "utils.KeepBest": (kept, [call(model=Made(stateful), value=0.5, mode="min")]),
    "utils.progress": (gone_through, [call(iterable=[1, 2], desc="loop", total=2, by_name={"leave": False,
                       "disable": None, "interval": 1.0, "file": None}), call(iterable=(1, 2), desc="", total=None)]),
    "plot.learning_curves": (drawn_by(plot.learning_curves), [call(history={"loss": [3.0, 2.0]}, ax=AXIS,
                             by_name={"start": 0, "step": 2, "log": True, "best": "min", "smooth": 0.5}),
                             call(history=np.arange(1.0, 5.0), ax=AXIS)]),
    "plot.gradient_flow": (drawn_by(plot.gradient_flow), [call(model=Made(with_gradients), ax=AXIS)]),
    "plot.filters": (drawn_by(plot.filters), [call(weight=MAPS, ax=AXIS, by_name={"columns": 2, "rgb": True})]),
    "plot.feature_maps": (drawn_by(plot.feature_maps), [call(maps=MAPS, ax=AXIS, by_name={"index": 1, "columns": 2,
                          "scale": "all"})]),
    "plot.receptive_field": (drawn_by(plot.receptive_field), [call(function=lambda x: x[:, :, ::2, ::2].tanh(),
                             image=MAPS[0], unit=(0, 1, 1), ax=AXIS, by_name={"title": "field"})]),
    "plot.image_grid": (drawn_by(plot.image_grid), [call(images=MAPS, ax=AXIS, by_name={"columns": 2, "vmin": -1.0,
                        "vmax": 2.0, "titles": ["a", "b", "c", "d"]}), call(images={"a": MAPS, "b": MAPS}, ax=AXIS)]),
    "plot.confusion_matrix": (drawn_by(plot.confusion_matrix), [call(matrix=np.abs(normal(3, 3)), ax=AXIS,
                              by_name={"labels": ["a", "b", "c"], "diagonal": False, "annotate": True})]),
    "drawing.draw_arrays": (drawing.draw_arrays, [call(a=X, b="=", c=("y", Y), by_name={"heat": False, "digits": 4,
                            "shared": True, "alt": "x"}), call(a=Z)]),
    "drawing.draw_sliding": (drawing.draw_sliding, [call(x=X, w=Y[:2, :2], by_name={"operator": "*", "mode": "full",
                             "stride": 1, "dilation": 1, "labels": ("x", "w", "y"), "at": (0, 1), "alt": "x"}),
                             call(x=Z, w=Z[:2], by_name={"mode": "same", "stride": 2, "dilation": 2})]),
    "drawing.Panel": (drawing.Panel, [call(array=X, label="x", marks=[(0, 1)]), call(array=Z, label="z", marks=0)]),
    "plot.embedding": (drawn_by(plot.embedding), [call(points=X, labels=CLASSES, ax=AXIS, by_name={"names": ["a", "b"],
                       "size": 3.0}), call(points=Y, labels=X[:, 0], ax=AXIS)]),
}  # fmt: skip
