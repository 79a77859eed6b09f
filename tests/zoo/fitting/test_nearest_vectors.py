import numpy as np

from classwise.zoo.fitting import nearest_vectors as module
from classwise.zoo.fitting.nearest_vectors import nearest_vectors
from classwise.zoo.fitting.teacher import unit_length


def brute_force(vectors, count):
    """The nearest others, pair by pair."""
    found = []
    for row, vector in enumerate(vectors):
        pairs = [(-float(vector @ other), at) for at, other in enumerate(vectors) if at != row]
        found.append([at for _, at in sorted(pairs)[:count]])
    return np.array(found)


def test_few_vectors_are_compared_pair_by_pair(grouped):
    vectors = unit_length(grouped[0][:60])
    positions, similarities = nearest_vectors(vectors, 4, seed=0)
    np.testing.assert_array_equal(positions, brute_force(vectors, 4))
    wanted = (vectors[:, None] * vectors[positions]).sum(axis=-1)
    np.testing.assert_allclose(similarities, wanted, atol=1e-5)


def test_equal_vectors_never_name_the_asking_one():
    vectors = unit_length(np.ones((30, 4), np.float32))
    positions, _ = nearest_vectors(vectors, 3, seed=0)
    assert (positions != np.arange(30)[:, None]).all()
    assert positions.shape == (30, 3)


def test_cells_find_nearly_all_of_them(monkeypatch):
    random = np.random.default_rng(0)
    groups = random.normal(size=(40, 1, 16)) + 0.3 * random.normal(size=(40, 50, 16))
    vectors = unit_length(groups.reshape(-1, 16).astype(np.float32))
    exact = nearest_vectors(vectors, 5, seed=0)[0]
    monkeypatch.setattr(module, "MOST_PAIRED", 100)
    monkeypatch.setattr(module, "VECTORS_A_CELL", 25)
    found = nearest_vectors(vectors, 5, seed=0)[0]
    again = nearest_vectors(vectors, 5, seed=0)[0]
    np.testing.assert_array_equal(found, again)
    common = [len(set(a) & set(b)) for a, b in zip(found.tolist(), exact.tolist(), strict=True)]
    assert np.mean(common) > 4.5


def test_a_cell_with_too_few_is_filled_with_the_vector_itself():
    positions = np.array([[0, 2, -1]])
    found, similarities = module.without_itself(
        positions, np.array([[1.0, 0.5, -9.0]]), np.array([0])
    )
    assert found.tolist() == [[2, 0]]
    assert similarities.tolist() == [[0.5, 0.0]]
