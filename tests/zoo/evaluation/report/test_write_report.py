from html import escape

import numpy as np
import pytest

from classwise.zoo.evaluation.report.evaluation_report import EvaluationReport
from classwise.zoo.evaluation.report.write_report import write_report
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.retrieval import (
    classify_codes,
    classify_embeddings,
    code_statistics,
    evaluate_codes,
    evaluate_embeddings,
)
from classwise.zoo.retrieval.metrics import metric_title
from classwise.zoo.retrieval.neighbors import nearest_neighbors
from classwise.zoo.retrieval.pair_distances import pair_distances

BITS = 12
NAMES = ["bag", "coat & <hat>", "shoe"]


@pytest.fixture(scope="module")
def full_report():
    """Everything that a report can show, of embeddings scattered around three centers."""
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(3, BITS))
    labels = rng.integers(0, 3, 40), rng.integers(0, 3, 150)
    embeddings = [centers[y] + rng.normal(size=(len(y), BITS)) for y in labels]
    images = [rng.integers(0, 256, (len(y), 8, 8, 1), dtype=np.uint8) for y in labels]
    codes = [pack_codes(e) for e in embeddings]
    arguments = codes[0], labels[0], codes[1], labels[1]
    near, distances = nearest_neighbors(codes[0][:2], codes[1], 10)
    return EvaluationReport(
        title="toy <i> 12 bits",
        result=evaluate_codes(*arguments, code_length=BITS),
        protocol="toy-full",
        protocol_description="drawn around three centers",
        facts={"backbone": "none at all"},
        class_names=NAMES,
        pair_distances=pair_distances(*arguments, code_length=BITS),
        code_statistics=code_statistics(
            codes[1], query_codes=codes[0], center_codes=pack_codes(centers), code_length=BITS
        ),
        embedding_result=evaluate_embeddings(
            embeddings[0], labels[0], embeddings[1], labels[1], nmi=False
        ),
        classifications={
            "Hamming": classify_codes(codes[0], labels[0], pack_codes(centers), code_length=BITS),
            "Euclidean": classify_embeddings(embeddings[0], labels[0], centers),
        },
        embeddings=embeddings[0],
        embedding_labels=labels[0],
        centers=centers,
        neighbors=(images[0][:2], labels[0][:2], images[1][near], labels[1][near], distances),
    )


@pytest.fixture(scope="module")
def full_page(full_report, tmp_path_factory):
    return write_report(tmp_path_factory.mktemp("report") / "full", full_report)


def expected_numbers(report):
    """What a reader must find on the page, computed without the report's own code."""
    result = report.result
    yield from (
        f"{x:.4f}"
        for value in result.metrics.values()
        for x in (value.expected, value.worst, value.best, value.standard_error)
    )
    yield from (f"{x:.4f}" for x in result.per_class["map"][0])
    yield from (f"{v['value']:.4f}" for v in report.embedding_result.metrics.values())
    yield from (f"{v.accuracy:.4f}" for v in report.classifications.values())
    yield f"{report.code_statistics.distinct_codes:,}"


def test_page_holds_every_value(full_report, full_page, outline):
    text = outline(full_page).text
    for number in expected_numbers(full_report):
        assert number in text
    assert text.count("toy <i> 12 bits") == 2  # in the window and on the page
    for words in ("toy-full", "drawn around", "none at all", *NAMES):
        assert words in text


def test_page_is_self_contained(full_page, outline):
    page = outline(full_page)
    assert page.outside == []
    assert not page.having("a")


def test_page_is_accessible(full_page, outline):
    outline = outline(full_page)
    assert outline.open == []
    assert outline.having("html") == [{"lang": "en"}]
    assert len(outline.having("h1")) == len(outline.having("main")) == 1
    assert len(outline.having("caption")) == len(outline.having("table")) == 6
    assert all(th["scope"] in ("col", "row") for th in outline.having("th"))
    images = outline.having("img")
    assert len(images) == len(outline.having("figcaption")) == 7
    assert all(len(image["alt"]) > 20 for image in images)
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    labeled = [a["aria-labelledby"] for _, a in outline.tags if "aria-labelledby" in a]
    assert sorted(ids) == sorted(labeled)


def test_figures_are_files_too(full_page):
    names = {"neighbours", "precision_recall", "distances", "classes", "embedding", "centers"}
    found = sorted(path.name for path in (full_page.parent / "figures").iterdir())
    assert found == sorted(f"{n}{s}" for n in names | {"confusion"} for s in (".png", ".svg"))


def test_what_is_missing_is_left_out(full_report, tmp_path, outline):
    page = write_report(tmp_path / "x", EvaluationReport("codes.npz", full_report.result))
    outline = outline(page)
    assert len(outline.having("img")) == 2  # the curve and the classes
    assert "None" not in outline.text
    assert "protocol" not in outline.text


def test_multi_hot_labels_make_a_report(tmp_path, outline):
    rng = np.random.default_rng(0)
    codes, labels = pack_codes(rng.normal(size=(20, 8))), rng.integers(0, 2, (20, 3))
    result = evaluate_codes(codes, labels, codes, labels, top_k=(5,))
    page = write_report(tmp_path / "report", EvaluationReport("m", result))
    assert "NDCG@5" in outline(page).text


def test_names_are_text_whatever_they_hold(tmp_path, outline):
    """Names of classes and models are names of folders and files: markup, or no UTF-8 at all."""
    codes, labels = np.uint8([[0], [3], [255]]), np.arange(3)
    result = evaluate_codes(codes, labels, codes, labels)
    names = ["<script>alert(1)</script>", "caf\udce9", "{{ title }}</style>"]
    report = EvaluationReport("runs/caf\udce9 & <b>.keras", result, class_names=names)
    other = EvaluationReport('"onload="alert(1)', result, class_names=names)
    page = write_report(tmp_path / "report", report, other)
    for written in page.parent.rglob("*.html"):
        assert outline(written).outside == []
        assert not outline(written).having("b")
    page = outline(page.parent / "models" / "caf-b" / "index.html")
    for name in ("runs/caf\N{REPLACEMENT CHARACTER} & <b>.keras", names[0], names[2]):
        assert name in page.text


def test_embeddings_need_their_centers(full_report):
    with pytest.raises(InputError, match="only some are given"):
        EvaluationReport("x", full_report.result, embeddings=np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("map", "mAP"),
        ("map@100", "mAP@100"),
        ("map@r", "mAP@R"),
        ("precision@10", "Precision@10"),
        ("r_precision", "R-precision"),
        ("nmi", "NMI"),
        ("recall_within_radius_2", "Recall within radius 2"),
    ],
)
def test_metrics_are_named_as_in_papers(name, title):
    assert metric_title(name) == title


@pytest.mark.browser
def test_chromium_shows_every_value(full_report, full_page, rendered, outline):
    page = outline(rendered(full_page))
    assert page.outside == []
    for number in expected_numbers(full_report):
        assert number in page.text


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_chromium_lays_out_every_figure_and_table_within_the_window(
    full_page, rendered, tmp_path, width
):
    # A window has a least width, a frame has none; the page has no script, so its frame measures.
    probe = tmp_path / "probe.html"
    probe.write_text(
        f"""<iframe width="{width}" height="800" frameborder="0"
        srcdoc="{escape(full_page.read_text("utf-8"))}"></iframe>
        <script>addEventListener("load", () => {{
          const shown = document.querySelector("iframe").contentDocument;
          const images = [...shown.images].filter(image => image.naturalWidth > 100).length;
          const tables = [...shown.querySelectorAll(".table")];
          const whole = tables.filter(table => table.scrollWidth <= table.clientWidth).length;
          const excess = Math.max(0, shown.documentElement.scrollWidth - {width});
          document.title = `${{images}} images, ${{whole}} tables, ${{excess}} pixels too wide`;
        }})</script>""",
        "utf-8",
    )
    assert "<title>7 images, 6 tables, 0 pixels too wide</title>" in rendered(probe)
