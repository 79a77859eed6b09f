"""The rules that share out records, on made-up records."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classwise.zoo.datasets.split_rules import (
    LeaveOneOut,
    OfficialSplit,
    OfficialSplitWithValidation,
    Records,
    SampledSplit,
    UnseenClasses,
    draw_per_class,
)
from classwise.zoo.foundation.errors import InputError

NUM_CLASSES = 8


def made_up_records(per_class=(20, 5)):
    """Train and test records of every class, in an order without pattern."""
    labels = np.repeat(np.arange(NUM_CLASSES), sum(per_class))
    in_test = np.tile(np.repeat([False, True], per_class), NUM_CLASSES)
    ids = np.array([f"{'test' if test else 'train'}_{i}" for i, test in enumerate(in_test)])
    order = np.random.default_rng(0).permutation(len(ids))
    return Records(ids[order], labels[order], in_test[order], np.zeros(len(ids), bool))


RECORDS = made_up_records()
EVERYTHING = np.ones(len(RECORDS.ids), bool)
RULES = [
    OfficialSplit(),
    OfficialSplitWithValidation(),
    SampledSplit(queries_per_class=3, learning_per_class=7, learning_in_database=False),
    SampledSplit(queries_per_class=3, learning_per_class=7, learning_in_database=True),
    UnseenClasses(held_out=2),
]


def per_class(chosen):
    return np.bincount(RECORDS.labels[chosen], minlength=NUM_CLASSES).tolist()


def test_a_draw_takes_the_same_number_of_every_class():
    drawn = draw_per_class(RECORDS, ~RECORDS.in_test, 4, "seed")
    assert per_class(drawn) == [4] * NUM_CLASSES
    assert not (drawn & RECORDS.in_test).any()


def test_a_draw_depends_on_its_seed():
    first, second = (draw_per_class(RECORDS, EVERYTHING, 5, seed) for seed in ("a", "b"))
    # of 25 records a class, two independent draws of 5 share one on average
    assert 0 < (first & second).sum() < 20


def test_a_draw_never_changes():
    """The very draw, written down: a change of rule, hash or seed handling shows here."""
    drawn = draw_per_class(RECORDS, RECORDS.labels == 2, 3, "seed")
    assert sorted(RECORDS.ids[drawn]) == ["train_62", "train_64", "train_66"]


def test_a_class_that_is_too_small_is_named():
    with pytest.raises(InputError, match="class 0 has 20 images to draw from; 21 are needed"):
        draw_per_class(RECORDS, ~RECORDS.in_test, 21, "seed")


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_order_of_the_records_decides_nothing(rule):
    order = np.random.default_rng(1).permutation(len(RECORDS.ids))
    shares = rule(RECORDS, "seed")
    reordered = rule(Records(*(column[order] for column in RECORDS[:4])), "seed")
    for mask, reordered_mask in zip(shares, reordered, strict=True):
        np.testing.assert_array_equal(mask[order], reordered_mask)


@given(st.data())
def test_a_draw_is_the_first_ones_of_a_fixed_ranking(data):
    """Drawing more keeps what was drawn; records that may not be drawn change nothing else."""
    among = np.array(data.draw(st.lists(st.booleans(), min_size=200, max_size=200)))
    sizes = np.bincount(RECORDS.labels[among], minlength=NUM_CLASSES)
    smallest = int(sizes[sizes > 0].min()) if among.any() else 0
    few, many = sorted(data.draw(st.tuples(*[st.integers(0, smallest)] * 2)))
    drawn_few, drawn_many = (draw_per_class(RECORDS, among, n, "seed") for n in (few, many))
    assert not (drawn_few & ~drawn_many).any()
    assert not (drawn_many & ~among).any()
    dropped = drawn_many & ~drawn_few
    again = draw_per_class(RECORDS, among & ~dropped, few, "seed")
    np.testing.assert_array_equal(again, drawn_few)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_queries_are_never_learned_from_nor_in_the_database(rule):
    queries, database, learning = rule(RECORDS, "seed")
    assert not (queries & (database | learning)).any()
    assert queries.any()
    assert database.any()
    assert learning.any()


def test_the_official_split():
    queries, database, learning = OfficialSplit()(RECORDS, "seed")
    np.testing.assert_array_equal(queries, RECORDS.in_test)
    np.testing.assert_array_equal(database, ~RECORDS.in_test)
    np.testing.assert_array_equal(learning, ~RECORDS.in_test)


def test_the_official_split_with_validation():
    in_validation = ~RECORDS.in_test & (np.arange(len(RECORDS.ids)) % 3 == 0)
    records = RECORDS._replace(in_validation=in_validation)
    queries, database, learning = OfficialSplitWithValidation()(records, "seed")
    np.testing.assert_array_equal(queries, RECORDS.in_test)
    np.testing.assert_array_equal(database, ~RECORDS.in_test & ~in_validation)
    np.testing.assert_array_equal(learning, ~RECORDS.in_test)


@pytest.mark.parametrize("learning_in_database", [False, True])
def test_the_sampled_split(learning_in_database):
    queries, database, learning = SampledSplit(3, 7, learning_in_database)(RECORDS, "seed")
    assert per_class(queries) == [3] * NUM_CLASSES
    assert per_class(learning) == [7] * NUM_CLASSES
    assert per_class(database) == [25 - 3 - (0 if learning_in_database else 7)] * NUM_CLASSES
    assert (database & learning).any() == learning_in_database
    assert (queries & RECORDS.in_test).any(), "queries come from both splits"
    assert (queries & ~RECORDS.in_test).any(), "queries come from both splits"


def test_unseen_classes():
    rule = UnseenClasses(held_out=2)
    queries, database, learning = rule(RECORDS, "seed")
    held_out = rule.held_out_classes(NUM_CLASSES, "seed")
    assert len(held_out) == 2
    for mask in (queries, database):
        np.testing.assert_array_equal(np.unique(RECORDS.labels[mask]), held_out)
    np.testing.assert_array_equal(
        np.unique(RECORDS.labels[learning]), np.setdiff1d(np.arange(NUM_CLASSES), held_out)
    )
    assert queries.sum() == 2 * 5
    assert database.sum() == 2 * 20
    assert learning.sum() == 6 * 20


def test_held_out_classes_depend_on_the_seed():
    rule = UnseenClasses(held_out=3)
    draws = {tuple(rule.held_out_classes(10, str(seed))) for seed in range(20)}
    assert len(draws) > 10


def test_leaving_one_out_judges_what_is_not_learned():
    names = ("Ant", "Bag", "Faces")
    labels = np.arange(9) % 3
    records = Records(np.arange(9).astype(str), labels, labels != 0, None, names)
    shares = LeaveOneOut(without=("faces",))(records, "toy")
    assert np.flatnonzero(shares.queries).tolist() == [1, 4, 7]
    np.testing.assert_array_equal(shares.queries, shares.database)
    assert np.flatnonzero(shares.learning).tolist() == [0, 3, 6]
    with pytest.raises(InputError, match="toy has no class cat, which the protocol leaves out"):
        LeaveOneOut(without=("cat", "bag"))(records, "toy")
