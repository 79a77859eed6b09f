import dataclasses

import numpy as np
import pytest

from classwise.zoo.fitting.fitting_plan import FittingPlan
from classwise.zoo.fitting.principal_axes import principal_axes
from classwise.zoo.fitting.teacher import teacher_vectors, unit_length


@pytest.mark.parametrize("neighbors", [0, 1, 5])
def test_teacher_by_loops(grouped, neighbors):
    features = grouped[0]
    plan = FittingPlan(axes=10, whitening=0.3, neighbors=neighbors, photos_an_axis=1)
    axes = principal_axes(features, 10)
    matrix, offset = axes.whitening(10, 0.3)
    units = []
    for feature in features.astype(np.float64):
        x = feature @ matrix + offset
        units.append(x / np.sqrt((x**2).sum()))
    wanted = []
    for i, u in enumerate(units):
        near = sorted((j for j in range(len(units)) if j != i), key=lambda j: -(u @ units[j]))
        summed = u.copy()
        for j in near[:neighbors]:
            summed += max(0.0, u @ units[j]) ** 3 * units[j]
        wanted.append(summed / np.sqrt((summed**2).sum()))
    np.testing.assert_allclose(teacher_vectors(features, axes, plan, 0), wanted, atol=1e-4)


def test_neighbors_bring_groups_together(grouped):
    features, groups = grouped
    axes, plan = principal_axes(features, 16), FittingPlan(axes=16)
    same = groups[:, None] == groups

    def contrast(plan):
        vectors = teacher_vectors(features, axes, plan, 0)
        similar = vectors @ vectors.T
        return similar[same].mean() - similar[~same].mean()

    assert contrast(plan) > contrast(dataclasses.replace(plan, neighbors=0)) + 0.1


def test_a_zero_vector_stays():
    assert unit_length(np.zeros((1, 3))).tolist() == [[0.0, 0.0, 0.0]]
