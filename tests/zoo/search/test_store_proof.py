"""The proof of a store, against every way in which one can be wrong."""

import numpy as np
import pytest

from classwise.zoo.search.store_proof import StoreMismatch, prove_store, queries_of
from classwise.zoo.search.stores.store import Found
from tests.zoo.search.stores.conftest import made_up

CODES = made_up(300, 44, distinct=200)


def loop_search(query, k):
    """A search by a loop over all images."""
    bits = np.unpackbits(CODES.codes, axis=1)
    apart = [int((row != np.unpackbits(query)).sum()) for row in bits]
    items = sorted(range(len(CODES)), key=lambda item: (apart[item], -item))[:k]
    return Found(
        np.array(items),
        np.array([apart[item] for item in items]),
        CODES.codes[items],
        [CODES.names[item] for item in items],
    )


def reversed_bits(codes):
    return np.packbits(np.unpackbits(codes, axis=1).reshape(-1, 8)[:, ::-1]).reshape(codes.shape)


def counting_padding(found):
    """Distances of a store that fills the last byte with ones, and queries with zeros."""
    return found._replace(distances=found.distances + 4)


LIES = {
    "counts the padding": counting_padding,
    "counts bytes": lambda found: found._replace(distances=np.minimum(found.distances, 6)),
    "has the bits of a byte in reverse": lambda found: found._replace(
        codes=reversed_bits(found.codes)
    ),
    "has lost the last byte": lambda found: found._replace(codes=found.codes[:, :-1]),
    "has other names": lambda found: found._replace(names=found.names[::-1]),
    "numbers images from one": lambda found: found._replace(items=found.items + 1),
    "finds one twice": lambda found: found._replace(items=np.repeat(found.items[:1], 10)),
    "finds too few": lambda found: Found(*(part[:9] for part in found)),
    "finds none": lambda found: Found(*(part[:0] for part in found)),
    "is not exact": lambda found: found._replace(
        distances=found.distances + np.arange(10)  # as of a search that misses some
    ),
}


def test_a_right_store_passes():
    prove_store(CODES, loop_search)


@pytest.mark.parametrize("lie", LIES)
def test_a_wrong_one_does_not(lie):
    with pytest.raises(StoreMismatch):
        prove_store(CODES, lambda query, k: LIES[lie](loop_search(query, k)))


def test_a_distance_must_be_that_of_its_image():
    """Distances alone are right, but belong to others."""

    def search(query, k):
        items = np.arange(k)
        names = [CODES.names[item] for item in items]
        return Found(items, loop_search(query, k).distances, CODES.codes[items], names)

    with pytest.raises(StoreMismatch, match="another's distance"):
        prove_store(CODES, search)


def test_queries_are_of_all_lengths_codes_have():
    queries = queries_of(CODES)
    assert queries.shape == (100, 6)
    assert not (queries[:, -1] & 0b1111).any()
    stored = {row.tobytes() for row in CODES.codes}
    assert sum(row.tobytes() in stored for row in queries) == 50
