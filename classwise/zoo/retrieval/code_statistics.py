"""Statistics of the codes themselves: what a mean average precision does not show."""

from dataclasses import dataclass, field

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.retrieval.distinct_rows import distinct_rows
from classwise.zoo.retrieval.hamming_distances import hamming_distances
from classwise.zoo.retrieval.inputs import check_codes

NEAR = 2
_TILE_ROWS = 1024


@dataclass(frozen=True)
class CodeStatistics:
    """How a set of database codes uses its bits, and how its classes and queries lie in it.

    Args:
        code_length: bits L. codes: number of database codes. distinct_codes: different ones.
        bit_balance: share of ones of each bit `[L]`; 0.5 is balanced.
        bit_correlation: Pearson correlation of the bits `[L, L]`; 0 beside the diagonal is best.
            A constant bit correlates with nothing: its entries are 0.
        constant_bits: bits with the same value in every code.
        queries_within_radius_2: share of queries whose nearest database code is at distance 0..2;
            None without queries.
        center_distance_minimum, center_distance_mean: Hamming distance between two different
            class centers; None without centers.
    """

    code_length: int
    codes: int
    distinct_codes: int
    bit_balance: np.ndarray = field(repr=False)
    bit_correlation: np.ndarray = field(repr=False)
    constant_bits: int
    queries_within_radius_2: float | None
    center_distance_minimum: int | None
    center_distance_mean: float | None

    def to_dict(self) -> dict:
        """Returns the figures as JSON types; of balance and correlation the mean and the worst."""
        imbalance = np.abs(self.bit_balance - 0.5)
        pairs = np.abs(self.bit_correlation[np.triu_indices(self.code_length, 1)])
        return {
            "code_length": self.code_length,
            "codes": self.codes,
            "distinct_codes": self.distinct_codes,
            "bit_imbalance": {"mean": float(imbalance.mean()), "maximum": float(imbalance.max())},
            "bit_correlation": {
                "mean": float(pairs.mean()) if len(pairs) else 0.0,
                "maximum": float(pairs.max(initial=0.0)),
            },
            "constant_bits": self.constant_bits,
            "queries_within_radius_2": self.queries_within_radius_2,
            "center_distance": {
                "minimum": self.center_distance_minimum,
                "mean": self.center_distance_mean,
            },
        }


def code_statistics(
    database_codes: np.ndarray,
    *,
    query_codes: np.ndarray | None = None,
    leave_one_out: bool = False,
    center_codes: np.ndarray | None = None,
    code_length: int | None = None,
) -> CodeStatistics:
    """Computes bit balance and correlation, distinct codes, near queries and center distances.

    Args:
        database_codes: packed codes, uint8 `[N, ceil(L / 8)]`.
        query_codes: packed codes of queries, for the share with a near neighbor.
        leave_one_out: the queries are the database, and none is its own neighbor.
        center_codes: packed codes of at least two class centers, `pack_codes(centers)`.
        code_length: bits L of a code; without it every bit of the bytes counts.

    Raises:
        InputError: codes that do not fit, fewer than two centers.

    Example:

    >>> statistics = code_statistics(np.uint8([[0b10000000], [0b11000000]]), code_length=2)
    >>> statistics.distinct_codes, statistics.bit_balance.tolist(), statistics.constant_bits
    (2, [1.0, 0.5], 1)
    """
    database_codes, code_length = check_codes("database_codes", database_codes, code_length)
    index, _, counts = distinct_rows(database_codes)
    distinct = database_codes[index]
    balance, correlation = _balance_and_correlation(distinct, counts, code_length)
    near, minimum, mean = None, None, None
    if query_codes is not None:
        query_codes, _ = check_codes("query_codes", query_codes, code_length)
        near = _share_near(query_codes, distinct, code_length, leave_one_out)
    if center_codes is not None:
        center_codes, _ = check_codes("center_codes", center_codes, code_length)
        minimum, mean = _center_distances(center_codes, code_length)
    return CodeStatistics(
        code_length=code_length,
        codes=len(database_codes),
        distinct_codes=len(distinct),
        bit_balance=balance,
        bit_correlation=correlation,
        constant_bits=int(np.count_nonzero((balance == 0) | (balance == 1))),
        queries_within_radius_2=near,
        center_distance_minimum=minimum,
        center_distance_mean=mean,
    )


def _balance_and_correlation(
    codes: np.ndarray, counts: np.ndarray, code_length: int
) -> tuple[np.ndarray, np.ndarray]:
    """Share of ones and Pearson correlation of bits, from distinct codes and their counts."""
    ones = np.zeros((code_length, code_length))
    for start in range(0, len(codes), _TILE_ROWS):
        rows = slice(start, start + _TILE_ROWS)
        bits = np.unpackbits(codes[rows], axis=1, count=code_length).astype(np.float64)
        ones += (bits * counts[rows, None]).T @ bits  # whole numbers: exact in any order
    total = counts.sum()
    balance = np.diagonal(ones) / total
    # Covariance times total squared, in whole numbers, so that constant bits give exactly 0.
    single = np.diagonal(ones)
    covariance = ones * total - np.outer(single, single)
    variance = np.diagonal(covariance)
    scale = np.sqrt(np.outer(variance, variance))
    correlation = np.where(scale > 0, covariance / np.where(scale > 0, scale, 1), 0.0)
    return balance, correlation


def _share_near(
    query_codes: np.ndarray, database_codes: np.ndarray, code_length: int, leave_one_out: bool
) -> float:
    """Share of queries with a database code within distance 2."""
    index, _, counts = distinct_rows(query_codes)
    queries, within = query_codes[index], np.zeros(len(index), np.int64)
    # Distinct codes are compared: a query that is the only one with its code finds it once.
    alone = (counts == 1) & leave_one_out
    for start in range(0, len(queries), _TILE_ROWS):
        rows = slice(start, start + _TILE_ROWS)
        for first in range(0, len(database_codes), _TILE_ROWS):
            tile = database_codes[first : first + _TILE_ROWS]
            distances = hamming_distances(queries[rows], tile, code_length)
            closest = np.count_nonzero(distances <= NEAR, axis=1)
            within[rows] += closest
            if (within[rows] > alone[rows]).all():
                break
    near = within > alone
    return float(counts[near].sum() / counts.sum())


def _center_distances(center_codes: np.ndarray, code_length: int) -> tuple[int, float]:
    """Minimum and mean Hamming distance over all pairs of centers."""
    if len(center_codes) < 2:
        raise InputError("center_codes holds one center; distances need at least two.")
    distances = hamming_distances(center_codes, center_codes, code_length)
    pairs = distances[np.triu_indices(len(center_codes), 1)]
    return int(pairs.min()), float(pairs.mean(dtype=np.float64))
