"""The oracle of the Hamming metrics: every order inside ties, metric by metric, in plain loops."""

import itertools
import math

import numpy as np
import pytest


@pytest.fixture(scope="session")
def query_oracle():
    """A function from one query and a database to its metrics by `over_every_order`."""

    def metrics(query_code, query_label, database_codes, database_labels, k, divisor):
        distances = [hamming(query_code, code) for code in database_codes]
        gains = [common_labels(query_label, label) for label in database_labels]
        return over_every_order(tie_groups(distances, gains), k, divisor) if any(gains) else None

    return metrics


@pytest.fixture(scope="session")
def ball_oracle():
    """A function from one query and a database to precision and recall within a radius."""

    def metrics(query_code, query_label, database_codes, database_labels, radius):
        gains = [common_labels(query_label, label) for label in database_labels]
        ball = [
            gain
            for code, gain in zip(database_codes, gains, strict=True)
            if hamming(query_code, code) <= radius
        ]
        hits = sum(gain > 0 for gain in ball)
        return (hits / len(ball) if ball else 0.0), hits / sum(gain > 0 for gain in gains)

    return metrics


@pytest.fixture(scope="session")
def heavy_ties():
    """A function that draws codes around few prototypes, so that most distances are tied."""

    def codes(random, count, code_length, flip=0.08):
        prototypes = random.random((3, code_length)) < 0.5
        bits = prototypes[random.integers(0, 3, count)]
        return np.packbits(bits ^ (random.random(bits.shape) < flip), axis=1)

    return codes


def hamming(first, second):
    """Differing bits of two packed codes."""
    return sum((int(a) ^ int(b)).bit_count() for a, b in zip(first, second, strict=True))


def common_labels(query, item):
    """Labels in common: 1 or 0 for class ids."""
    if np.ndim(query) == 0:
        return int(query == item)
    return sum(int(a and b) for a, b in zip(query, item, strict=True))


def tie_groups(distances, gains):
    """The gains of the items at each distance that occurs, nearest first."""
    return [
        [gain for d, gain in zip(distances, gains, strict=True) if d == distance]
        for distance in sorted(set(distances))
    ]


def over_every_order(groups, k, divisor):
    """Mean, minimum and maximum of every metric over all orders inside ties."""
    orders = [count_orders(itertools.permutations(group)) for group in groups]
    weights, values = [], []
    for parts in itertools.product(*(order.items() for order in orders)):
        ranking = [gain for part, _ in parts for gain in part]
        weights.append(math.prod(count for _, count in parts))
        values.append(query_metrics(ranking, k, divisor))
    return {
        name: (
            math.fsum(w * v[name] for w, v in zip(weights, values, strict=True)) / sum(weights),
            min(v[name] for v in values),
            max(v[name] for v in values),
        )
        for name in values[0]
    }


def count_orders(permutations):
    """How many permutations give each order of gains: equal gains are interchangeable."""
    counts = {}
    for order in permutations:
        counts[order] = counts.get(order, 0) + 1
    return counts


def query_metrics(ranking, k, divisor):
    """Every metric of one ranking, a list of gains."""
    relevant, hits = sum(g > 0 for g in ranking), sum(g > 0 for g in ranking[:k])
    return {
        "map": average_precision(ranking, len(ranking), divisor),
        f"map@{k}": average_precision(ranking, k, divisor),
        f"precision@{k}": hits / k,
        f"recall@{k}": hits / relevant,
        f"ndcg@{k}": dcg(ranking, k) / dcg(sorted(ranking, reverse=True), k),
        "zero_hits": float(hits == 0),
    }


def average_precision(ranking, k, divisor):
    """AP@K by its definition."""
    hits, total = 0, 0.0
    for rank, gain in enumerate(ranking[:k], start=1):
        if gain > 0:
            hits += 1
            total += hits / rank
    if divisor == "hits":
        return total / hits if hits else 0.0
    return total / min(k, sum(g > 0 for g in ranking))


def dcg(ranking, k):
    """DCG@K by its definition."""
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(ranking[:k], start=1))
