import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from classwise.zoo.evaluation.report import figures
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.retrieval import MetricValue, PrecisionRecallCurve


def curve(top=0.9):
    radius = np.arange(9)
    return PrecisionRecallCurve(radius, np.linspace(top, 0.1, 9), np.linspace(0.2, 1, 9))


def sheet(channels=1, queries=2, neighbors=3, **changes):
    rng = np.random.default_rng(0)
    shape = (6, 5, channels)
    arguments = {
        "query_images": rng.integers(0, 256, (queries, *shape), dtype=np.uint8),
        "query_labels": np.arange(queries),
        "neighbor_images": rng.integers(0, 256, (queries, neighbors, *shape), dtype=np.uint8),
        "neighbor_labels": np.zeros((queries, neighbors), int),
        "distances": np.arange(queries * neighbors).reshape(queries, neighbors),
        "class_names": ["bag", "coat"],
    }
    return figures.neighbor_sheet(**arguments | changes)


FIGURES = {
    "curves": lambda: figures.precision_recall_curves({"a": curve(), "b": curve(0.5)}),
    "single curve": lambda: figures.precision_recall_curves({"a": curve()}),
    "histogram": lambda: figures.distance_histogram(np.array([9, 3, 0]), np.array([0, 4, 8])),
    "lengths": lambda: figures.map_by_code_length(
        {"DCWH": {n: MetricValue(0.8, 0.7, 0.9, None) for n in (12, 24)}}
    ),
    "bars": lambda: figures.class_bars(np.arange(30), np.full((3, 30), 0.4), 0.4),
    "many bars": lambda: figures.class_bars(
        np.arange(12_000), np.linspace(0.1, 1, 12_000) * np.ones((3, 1)), 0.5
    ),
    "map": lambda: figures.embedding_map(
        np.eye(4)[[0, 1, 2, 2]], np.array([0, 1, 2, 2]), np.eye(4)[:3]
    ),
    "confusion": lambda: figures.confusion_matrix(np.array([[8, 2], [0, 5]])),
    "centers": lambda: figures.center_distances(np.array([[0, 7], [7, 0]])),
    "many centers": lambda: figures.center_distances(np.ones((70, 70))),
    "sheet": sheet,
}


def texts(figure):
    return [t.get_text() for axes in figure.axes for t in axes.texts]


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_draws_and_saves_the_same_bytes_again(name, suffix, tmp_path):
    paths = [tmp_path / f"{number}{suffix}" for number in range(2)]
    for path in paths:
        figure = FIGURES[name]()
        assert isinstance(figure, Figure)
        figures.save_figure(figure, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    if suffix == ".png":
        with Image.open(paths[0]) as image:
            assert min(image.size) > 200
            assert len(image.convert("L").getcolors()) > 10  # not blank


def test_leaves_no_figure_in_pyplot():
    from matplotlib import pyplot

    for draw in FIGURES.values():
        draw()
    assert pyplot.get_fignums() == []


def test_save_figure_refuses_another_ending(tmp_path):
    with pytest.raises(InputError, match=r"\.png or \.svg"):
        figures.save_figure(FIGURES["histogram"](), tmp_path / "figure.jpg")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("channels", [1, 3])
def test_sheet_marks_right_and_wrong_by_more_than_color(channels):
    figure = sheet(channels)
    assert [t for t in texts(figure) if t[0] in "✓✗" and len(t) < 5] == [
        *("✓ 0", "✓ 1", "✓ 2"),
        *("✗ 3", "✗ 4", "✗ 5"),
    ]
    assert texts(figure).count("bag") == 1 + 3  # the first query, and three wrong neighbors
    frames = [p for p in figure.axes[0].patches if isinstance(p, Rectangle)]
    styles = [frame.get_linestyle() for frame in frames]
    assert [style == "-" or style == "solid" for style in styles] == [True] * 5 + [False] * 3


def test_sheet_without_labels_frames_all_alike():
    figure = sheet(query_labels=None, neighbor_labels=None)
    frames = [p for p in figure.axes[0].patches if isinstance(p, Rectangle)]
    assert len({(frame.get_linestyle(), frame.get_edgecolor()) for frame in frames}) == 1
    written = texts(figure)
    assert [str(distance) in written for distance in range(6)] == [True] * 6
    assert not any("✓" in text or "✗" in text or text == "bag" for text in written)


def test_sheet_shows_the_pixels_themselves():
    image = np.array([[10, 20], [30, 40]], np.uint8)[..., None]
    figure = sheet(
        query_images=np.stack([image, image]), neighbor_images=np.zeros((2, 3, 2, 2, 1), np.uint8)
    )
    shown = figure.axes[0].images[0].get_array()
    np.testing.assert_array_equal(shown, np.repeat(image, 3, axis=-1))


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("query_labels", np.arange(3)),
        ("distances", np.zeros((2, 4))),
        ("neighbor_images", np.zeros((2, 3, 6, 5, 2), np.uint8)),
        ("query_images", np.zeros((2, 6, 6, 1), np.uint8)),
    ],
)
def test_sheet_refuses_shapes_that_do_not_fit(name, array):
    with pytest.raises(InputError, match=f"{name} has shape"):
        sheet(**{name: array})


def test_single_curve_names_its_radii():
    written = texts(FIGURES["single curve"]())
    assert written[0] == "radius 0"
    assert written[1:] == [str(radius) for radius in range(1, 9)]


@pytest.mark.parametrize("count", [0, 8])
def test_refuses_more_curves_than_can_be_told_apart(count):
    with pytest.raises(InputError, match=f"curves has {count} entries"):
        figures.precision_recall_curves({str(number): curve() for number in range(count)})


def test_histogram_shows_per_cent_of_each_kind():
    patches = FIGURES["histogram"]().axes[0].patches
    heights = [patch.get_data().values.tolist() for patch in patches]
    assert heights[0] == pytest.approx([75, 25, 0])
    assert heights[1] == pytest.approx([0, 100 / 3, 200 / 3])


@pytest.mark.parametrize("draw", [figures.precision_recall_curves, figures.map_by_code_length])
def test_names_of_series_stand_below_the_axes(draw):
    value = MetricValue(0.8, 0.7, 0.9, 0.01)
    names = [f"model {number}" for number in range(7)]
    curves = {name: curve() if "pre" in draw.__name__ else {12: value, 24: value} for name in names}
    figure = draw(curves)
    figure.draw_without_rendering()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == names
    axes = figure.axes[0].get_tightbbox()
    assert legend.get_window_extent().y1 <= axes.y0 + 1
    assert axes.height > 2.5 * figure.dpi  # the figure grows with the names


def test_bars_are_sorted_with_unknown_classes_last():
    values = np.array([[0.3, np.nan, 0.9], [0.2, np.nan, 0.8], [0.4, np.nan, 1.0]])
    figure = figures.class_bars(np.array([4, 5, 6]), values, 0.6)
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["6", "4", "5"]
    assert texts(figure) == ["0.900", "0.300", "no relevant item"]


def test_class_names_are_not_mathematics(tmp_path):
    names = [r"$\bag$ {", "under_score^"]
    drawn = [
        figures.class_bars(np.arange(2), np.full((3, 2), 0.5), 0.5, names),
        figures.confusion_matrix(np.eye(2), names),
        figures.embedding_map(np.eye(2), np.arange(2), np.eye(2), names),
        sheet(class_names=names),
        figures.precision_recall_curves({names[0]: curve(), names[1]: curve()}),
        figures.map_by_code_length({names[0]: {12: MetricValue(0.8, 0.7, 0.9, 0.01)}}),
    ]
    for figure in drawn:
        figures.save_figure(figure, tmp_path / "figure.png")  # a parse error would raise


def test_map_projects_on_the_plane_of_the_centers():
    # Three centers span a plane: within it all distances are kept.
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(3, 7))
    weights = rng.dirichlet(np.ones(3), 20)
    figure = figures.embedding_map(weights @ centers, weights.argmax(1), centers)
    middles = np.array([c.get_offsets()[0] for c in figure.axes[0].collections[1::2]])
    for first in range(3):
        for second in range(3):
            expected = np.linalg.norm(centers[first] - centers[second])
            assert np.linalg.norm(middles[first] - middles[second]) == pytest.approx(expected)


def test_map_refuses_arrays_that_do_not_fit():
    with pytest.raises(InputError, match=r"centers \(2, 3\)"):
        figures.embedding_map(np.eye(2), np.arange(2), np.zeros((2, 3)))


@pytest.mark.parametrize("classes", [2, 30, 100])
def test_matrices_cut_none_of_their_labels(classes):
    names = [f"class number {number}" for number in range(classes)]
    distances = np.random.default_rng(0).integers(10, 37, (classes, classes))
    figure = figures.center_distances(distances, names)
    figure.draw_without_rendering()
    box = figure.axes[0].get_tightbbox()
    assert min(box.x0, box.y0) >= 0


def test_colliding_centers_show_their_zero():
    distances = np.array([[0, 0, 5], [0, 0, 5], [5, 5, 0]])
    assert texts(figures.center_distances(distances)) == ["0", "5", "0", "5", "5", "5"]


def test_confusion_is_in_per_cent_of_the_class():
    assert texts(FIGURES["confusion"]()) == ["80", "20", "100"]
