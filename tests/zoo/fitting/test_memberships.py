import numpy as np
import pytest

from classwise.losses import ClassCenters
from classwise.zoo.fitting.memberships import memberships, most_probable, re_estimate
from classwise.zoo.methods import METHODS_OF_MEANS, build_loss

K, L, N = 5, 4, 37


def log_densities(method, outputs, centers):
    """The log density of every cluster at every output, one by one, up to a constant."""
    found = np.empty((len(outputs), len(centers)))
    for i, h in enumerate(outputs):
        for k, mu in enumerate(centers):
            if method == "dcwh":
                found[i, k] = -0.25 / 2 * sum((a - b) ** 2 for a, b in zip(h, mu, strict=True))
            else:
                length = np.sqrt(sum(a * a for a in h))
                found[i, k] = 15.0 * sum(a * b for a, b in zip(h, mu, strict=True)) / length
    return found


def posterior(method, outputs, centers):
    densities = np.exp(log_densities(method, outputs, centers))
    return densities / densities.sum(axis=1, keepdims=True)


@pytest.fixture(params=METHODS_OF_MEANS)
def case(request):
    random = np.random.default_rng(0)
    loss = build_loss(request.param, {})
    outputs = random.normal(size=(N, L)).astype(np.float32) * 3
    if loss.normalize:
        outputs /= np.linalg.norm(outputs, axis=1, keepdims=True)
    centers = ClassCenters(K, L, loss.normalize)
    values = random.normal(size=(K, L)).astype(np.float32)
    if loss.normalize:
        values /= np.linalg.norm(values, axis=1, keepdims=True)
    centers.centers.assign(values)
    return request.param, loss, outputs, centers, random.integers(0, K, N)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_memberships_mix_cluster_and_posterior(case, share):
    method, loss, outputs, centers, clusters = case
    found = np.asarray(memberships(loss, share, clusters, outputs, centers.centers))
    wanted = share * posterior(method, outputs, centers.get_centers())
    for i, cluster in enumerate(clusters):
        wanted[i, cluster] += 1 - share
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_e_step_by_brute_force(case):
    method, loss, outputs, centers, _ = case
    wanted = [
        max(range(K), key=row.__getitem__)
        for row in log_densities(method, outputs, centers.get_centers())
    ]
    assert most_probable(loss, outputs, centers).tolist() == wanted


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_m_step_by_brute_force(case, share, monkeypatch):
    method, loss, outputs, centers, clusters = case
    monkeypatch.setattr("classwise.zoo.fitting.memberships.CHUNK", 10)
    clusters[clusters == 3] = 2  # a cluster without members
    before = centers.get_centers()
    shares = share * posterior(method, outputs, before)
    shares[np.arange(N), clusters] += 1 - share
    wanted = before.astype(np.float64).copy()
    for k in range(K):
        total = sum(shares[i, k] * outputs[i].astype(np.float64) for i in range(N))
        mass = sum(shares[i, k] for i in range(N))
        divisor = np.sqrt((total**2).sum()) if loss.normalize else mass
        if mass > 0:
            wanted[k] = total / divisor
    re_estimate(loss, share, clusters, outputs, centers)
    np.testing.assert_allclose(centers.get_centers(), wanted, atol=1e-5)


def test_steps_in_turns_raise_the_likelihood(case):
    """EM with hard memberships: neither step makes the sum of log densities smaller."""
    method, loss, outputs, centers, clusters = case

    def likelihood():
        return log_densities(method, outputs, centers.get_centers())[np.arange(N), clusters].sum()

    re_estimate(loss, 0.0, clusters, outputs, centers)
    values = [likelihood()]
    for _ in range(4):
        clusters = most_probable(loss, outputs, centers)
        values.append(likelihood())
        re_estimate(loss, 0.0, clusters, outputs, centers)
        values.append(likelihood())
    assert (np.diff(values) > -1e-4).all()
    assert values[-1] > values[0]
