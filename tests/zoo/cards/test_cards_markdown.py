"""Values cannot break out of Markdown or YAML: two parsers read back what was written."""

import hypothesis
import pytest
import yaml
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from classwise.zoo.cards.markdown import escaped, front_matter, table

NASTY = st.text(st.sampled_from(list("ab1 \\`*_[]<>|~&$#!()-+.:;\"'{}\n\t")), max_size=12)
TEXTS = NASTY | st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), max_size=12
)


def cells(text):
    """Returns the text of every cell of the only table in a Markdown text."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    assert [t.type for t in tokens if t.type == "table_open"] == ["table_open"]
    rows = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            assert {child.type for child in token.children} <= {"text", "text_special"}
            rows[-1].append("".join(child.content for child in token.children))
    return rows


@hypothesis.given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3))
@hypothesis.settings(max_examples=200, deadline=None)
def test_cells_show_the_text_that_was_given(rows):
    found = cells(table(["a", ">b"], [[escaped(a), escaped(b)] for a, b in rows]))
    expected = [["a", "b"], *([" ".join(a.split()), " ".join(b.split())] for a, b in rows)]
    assert found == expected


def test_numbers_are_flush_right():
    html = MarkdownIt("commonmark").enable("table").render(table(["a", ">b"], [("x", 1)]))
    assert '<td style="text-align:right">1</td>' in html
    assert "<td>x</td>" in html


KEYS = st.text("abc_-", min_size=1, max_size=5) | NASTY.filter(bool)
SCALARS = TEXTS | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
SCALARS |= st.sampled_from(["true", "Null", "no", "1e3", "0x1f", "2024-01-01", "a: b", "- a", "#"])
ENTRIES = st.dictionaries(KEYS, SCALARS, min_size=1, max_size=3)
NESTED = st.recursive(
    ENTRIES,
    lambda inner: st.dictionaries(
        KEYS,
        SCALARS | inner | st.lists(SCALARS | inner, min_size=1, max_size=3),
        min_size=1,
        max_size=3,
    ),
    max_leaves=6,
)


@hypothesis.given(NESTED)
@hypothesis.settings(max_examples=200, deadline=None)
def test_yaml_holds_the_values_that_were_given(values):
    block = front_matter(values)
    first, *lines, last = block.split("\n")
    assert first == last == "---"
    assert "---" not in lines
    assert yaml.safe_load("\n".join(lines)) == values


def test_what_is_no_number_is_no_metadata():
    with pytest.raises(ValueError, match="Out of range"):
        front_matter({"value": float("nan")})
