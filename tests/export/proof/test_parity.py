import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classwise.export.proof.parity import measure_parity


def naive_figures(reference, embedding, code, margin):
    """Counts flips bit by bit, by the definition of the packed code."""
    flips, beyond, changed = [], 0, 0
    for row, packed in zip(reference, code, strict=True):
        row_flips = 0
        for k in range(8 * len(packed)):
            value = row[k] if k < len(row) else None
            right = int(value is not None and value > 0)
            if (packed[k // 8] >> (7 - k % 8)) & 1 != right:
                row_flips += 1
                flips.append(np.inf if value is None else abs(float(value)))
                beyond += value is None or abs(value) >= margin
        changed += row_flips > 0
    return sorted(flips, reverse=True), beyond, changed, np.abs(embedding - reference).max()


@given(
    st.integers(1, 20),
    st.integers(1, 9),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0, 1e-5, 0.5]),
)
def test_figures_equal_a_naive_count(length, count, seed, margin):
    random = np.random.default_rng(seed)
    reference = random.normal(size=(count, length)).astype("float32")
    embedding = reference + random.normal(0, 0.5, reference.shape).astype("float32")
    code = random.integers(0, 256, (count, -(-length // 8)), "uint8")
    parity = measure_parity(
        {"embedding": reference},
        {"embedding": [embedding], "code": [code]},
        batch_sizes=[count],
        margin=margin,
    )
    flips, beyond, changed, largest = naive_figures(reference, embedding, code, margin)
    assert parity.flipped_bits == len(flips)
    assert parity.flips_beyond_margin == beyond
    assert parity.changed_codes == changed
    assert parity.flip_margins == tuple(flips)
    assert parity.max_difference == pytest.approx(largest)
    assert parity.bits == count * length


def measure(reference, embedding, code=None, **options):
    reference, embedding = np.array([reference], "float32"), np.array([embedding], "float32")
    found = {"embedding": [embedding]}
    if code is not None:
        found["code"] = [np.array([[code]], "uint8")]
    return measure_parity({"embedding": reference}, found, batch_sizes=[1], **options)


@pytest.mark.parametrize(("size", "passed"), [(9e-6, True), (1.1e-5, False)])
def test_a_flip_is_forgiven_only_below_the_margin(size, passed):
    parity = measure([0.5, size], [0.5, -size])
    assert (parity.flipped_bits, parity.changed_codes, parity.passed) == (1, 1, passed)


def test_the_code_counts_and_not_the_sign_of_the_embedding():
    assert measure([0.5, -0.5], [0.5, -0.5], code=0b10000000).passed
    assert not measure([0.5, -0.5], [0.5, -0.5], code=0b01000000).passed


def test_a_padding_bit_that_is_set_fails():
    parity = measure([0.5, -0.5], [0.5, -0.5], code=0b10000001)
    assert (parity.flips_beyond_margin, parity.flip_margins) == (1, (np.inf,))


@pytest.mark.parametrize("wrong", [0.501, np.nan, np.inf])
def test_an_embedding_out_of_tolerance_fails_even_if_no_bit_flips(wrong):
    parity = measure([0.5], [wrong], code=128)
    assert parity.flipped_bits == 0
    assert not parity.passed


def test_tolerance_grows_with_large_embeddings():
    assert measure([500.0], [500.01]).passed
    assert not measure([500.0], [500.01], tolerance=1e-5).passed


def test_every_signature_counts():
    right, wrong = np.array([[0.5]], "float32"), np.array([[0.7]], "float32")
    code, flipped = np.array([[128]], "uint8"), np.array([[0]], "uint8")

    def passed(embeddings, codes):
        found = {"embedding": embeddings, "code": codes}
        return measure_parity({"embedding": right}, found, batch_sizes=[1]).passed

    assert passed([right, right], [code, code])
    assert not passed([right, wrong], [code, code])
    assert not passed([right, right], [code, flipped])


def test_code_alone_has_no_difference_of_embeddings():
    reference = np.array([[0.5, -1.0]], "float32")
    found = {"code": [np.array([[128]], "uint8")]}
    parity = measure_parity({"embedding": reference}, found, batch_sizes=[1])
    assert (parity.max_difference, parity.outputs, parity.passed) == (None, ("code",), True)


def test_codes_without_any_embedding():
    codes = np.uint8([[0b10100000], [0b11111111]])
    parity = measure_parity({"code": codes}, {"code": [codes ^ np.uint8(1)]}, batch_sizes=[2])
    assert (parity.bits, parity.flipped_bits, parity.flips_beyond_margin) == (16, 2, 2)
    assert not parity.passed
    assert measure_parity({"code": codes}, {"code": [codes]}, batch_sizes=[2]).passed


def test_the_right_code_counts_and_not_the_sign_of_its_embedding():
    right = {"embedding": np.float32([[0.5, -0.5]]), "code": np.uint8([[0b01000000]])}
    found = {"code": [right["code"]]}
    assert measure_parity(right, found, batch_sizes=[1]).passed


@pytest.mark.parametrize(("score", "passed"), [(0.70005, True), (0.7002, False), (np.nan, False)])
def test_scores_are_held_to_the_tolerance(score, passed):
    right, found = np.float32([[0.7, 0.3]]), np.float32([[score, 0.3]])
    parity = measure_parity({"scores": right}, {"scores": [found]}, batch_sizes=[1])
    assert (parity.bits, parity.max_difference, parity.passed) == (0, None, passed)
    assert "scores by at most" in str(parity)


def test_figures_can_be_read_by_people_and_machines():
    parity = measure([0.5, 0.25], [0.5, -0.25])
    assert "1 of 2 bits differ" in str(parity)
    assert "0.25" in str(parity)
    assert "\n" not in str(parity)
    assert json.loads(json.dumps(parity.to_dict()))["flip_margins"] == [0.25]


def test_json_has_no_infinity_and_no_nan():
    parity = measure([0.5], [np.nan], code=0b00000001)
    figures = json.loads(json.dumps(parity.to_dict(), allow_nan=False))
    assert figures["max_difference"] is None
    assert figures["flip_margins"] == [None, 0.5]
