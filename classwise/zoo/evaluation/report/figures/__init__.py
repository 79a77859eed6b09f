"""Figures of an evaluation; each function returns a `matplotlib.figure.Figure`."""

from classwise.zoo.evaluation.report.figures.class_bars import class_bars
from classwise.zoo.evaluation.report.figures.class_matrix import center_distances, confusion_matrix
from classwise.zoo.evaluation.report.figures.distance_histogram import distance_histogram
from classwise.zoo.evaluation.report.figures.embedding_map import embedding_map
from classwise.zoo.evaluation.report.figures.map_by_code_length import map_by_code_length
from classwise.zoo.evaluation.report.figures.neighbor_sheet import neighbor_sheet
from classwise.zoo.evaluation.report.figures.precision_recall_curves import precision_recall_curves
from classwise.zoo.evaluation.report.figures.save_figure import save_figure

__all__ = [
    "center_distances",
    "class_bars",
    "confusion_matrix",
    "distance_histogram",
    "embedding_map",
    "map_by_code_length",
    "neighbor_sheet",
    "precision_recall_curves",
    "save_figure",
]
