import numpy as np
from sklearn.metrics import adjusted_rand_score

from classwise.zoo.fitting.clusterings import clusterings
from classwise.zoo.fitting.teacher import unit_length


def test_groups_are_found_again(grouped):
    features, groups = grouped
    found = clusterings(unit_length(features), [8, 40], seed=0)
    assert found.shape == (200, 2)
    assert adjusted_rand_score(groups, found[:, 0]) > 0.9


def test_every_vector_is_in_the_cluster_of_the_nearest_direction():
    """What a local optimum of spherical k-means is, but for the few that the last step moved."""
    random = np.random.default_rng(0)
    vectors = unit_length(random.normal(size=(400, 6)).astype(np.float32))
    found = clusterings(vectors, [12], seed=3)[:, 0]
    directions = unit_length(np.stack([vectors[found == k].sum(axis=0) for k in range(12)]))
    assert np.mean((vectors @ directions.T).argmax(axis=1) == found) > 0.9


def test_one_seed_gives_the_same_clusters(grouped):
    vectors = unit_length(grouped[0])
    first, second = (clusterings(vectors, [5, 20], seed=4) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert (clusterings(vectors, [20, 5], seed=4)[:, 1] != first[:, 0]).any()


def test_no_cluster_is_empty():
    copies = np.repeat(np.eye(4, dtype=np.float32), 20, axis=0)
    found = clusterings(copies, [30], seed=0)[:, 0]
    assert sorted(set(found.tolist())) == list(range(found.max() + 1))


def test_progress_counts_clusterings(grouped):
    seen = []
    clusterings(unit_length(grouped[0]), [2, 4, 8], 0, seen.append)
    assert seen == [1, 1, 1]
