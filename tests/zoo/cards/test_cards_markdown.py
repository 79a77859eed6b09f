"""Values cannot break out of Markdown or YAML: two parsers read back what was written."""

import dataclasses

import hypothesis
from huggingface_hub import ModelCard
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from classwise.zoo.cards.card_metadata import preset_metadata
from classwise.zoo.cards.markdown import escaped, table
from classwise.zoo.presets.registry import get_preset

PRESET = get_preset("dcwh_resnet9_fashion_mnist_48")
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
@hypothesis.settings(max_examples=200)
def test_cells_show_the_text_that_was_given(rows):
    found = cells(table(["a", ">b"], [[escaped(a), escaped(b)] for a, b in rows]))
    expected = [["a", "b"], *([" ".join(a.split()), " ".join(b.split())] for a, b in rows)]
    assert found == expected


def test_numbers_are_flush_right():
    html = MarkdownIt("commonmark").enable("table").render(table(["a", ">b"], [("x", 1)]))
    assert '<td style="text-align:right">1</td>' in html
    assert "<td>x</td>" in html


@hypothesis.given(TEXTS.filter(bool), st.floats(0, 1))
@hypothesis.settings(max_examples=50)
def test_metadata_holds_the_values_that_were_given(name, value):
    """The hub's own reader finds them, whatever a license or a data set is called."""
    metrics = {**PRESET.metrics, "map": {**PRESET.metrics["map"], "expected": value}}
    entry = dataclasses.replace(PRESET, license=name, backbone=name, metrics=metrics)
    block = preset_metadata(entry)
    assert block.startswith("---\n")
    assert block.endswith("\n---")
    data = ModelCard(f"{block}\n\n# A card\n", ignore_metadata_errors=False).data
    assert data.license == name.lower()
    assert name in data.tags
    assert data.eval_results[0].metric_value == round(value, 4)
    assert {result.dataset_name for result in data.eval_results} == {
        f"Fashion-MNIST, protocol {PRESET.protocol}"
    }
