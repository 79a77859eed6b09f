"""The metrics of rankings. Adding one is adding a file here, with a function that is registered."""

import importlib
import pkgutil

from classwise.zoo.foundation.errors import unknown_name
from classwise.zoo.retrieval.metric import METRICS, Kind, Metric

for _file in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_file.name}")


def metrics_of(kind: Kind, parameter: str = "") -> list[Metric]:
    """Returns the metrics of a kind with this parameter, by default those without any."""
    return [m for m in METRICS if (m.kind, m.parameter) == (kind, parameter)]


def find_metric(name: str, kind: Kind | None = None) -> Metric:
    """Returns the metric that has a name in results, such as "map@100".

    Args:
        name: in results.
        kind: of the results; two kinds may have a name in common, which then means two things.
            Defaults to any.

    Raises:
        InputError: no metric has it.
    """
    known = [metric for metric in METRICS if kind in (None, metric.kind)]
    for metric in known:
        if metric.match(name):
            return metric
    raise unknown_name("metric", name, [metric.name for metric in known])


def metric_title(name: str) -> str:
    """Returns the name of a metric as papers write it.

    Example:

    >>> metric_title("map@100"), metric_title("precision_within_radius_2")
    ('mAP@100', 'Precision within radius 2')
    """
    title = find_metric(name).match(name)
    assert title is not None  # else it would not have been found
    return title
