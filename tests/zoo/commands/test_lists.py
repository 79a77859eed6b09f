"""`classwise train` and `classwise evaluate` on the field's lists of images."""

import json

import keras
import numpy as np
import pytest

from classwise import zoo
from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.datasets.listed_protocols import LIST_PROTOCOLS, ListProtocol
from classwise.zoo.evaluation.evaluate import EncodedSets, evaluate_sets
from classwise.zoo.evaluation.image_sets import ImageSets
from classwise.zoo.evaluation.pages import describe_evaluation
from classwise.zoo.evaluation.report.report_figures import report_figures
from classwise.zoo.retrieval import evaluate_codes
from classwise.zoo.training.learning_images import learning_images

ROOT = zoo.sample_folder("clothing")
PHOTOS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("*/*.jpg"))
CLASSES = sorted({photo.partition("/")[0] for photo in PHOTOS})
RECIPE = """
method = "vmf"
protocol = "lists"
backbone = "resnet8"
code_length = 8
batch_size = 8
image_shape = [8, 8, 3]
[[stages]]
epochs = 1
"""


def row(photo, several):
    """An image's own class and, for some, one more."""
    labels = {CLASSES.index(photo.partition("/")[0])}
    if several and int(photo[-5], 16) % 2:
        labels.add(int(photo[-6], 16) % 10)
    return [int(label in labels) for label in range(10)]


@pytest.fixture
def lists(tmp_path):
    """A function that writes three lists and returns (role, file) as options."""

    def write(several=False, query_from=0):
        parts = {
            "training": PHOTOS[::4],
            "database": PHOTOS[1::4] + PHOTOS[::8],
            "queries": PHOTOS[2 + query_from :: 20],
        }
        for role, photos in parts.items():
            lines = [" ".join([f"./{photo}", *map(str, row(photo, several))]) for photo in photos]
            (tmp_path / f"{role}.txt").write_text("\n".join(lines))
        return [tmp_path / f"{role}.txt" for role in parts]

    return write


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "listed.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture
def small_protocol(monkeypatch):
    images = {"training": 50, "database": 75, "queries": 10}
    protocol = ListProtocol("small", "Clothes", 10, images, 20, "here they are")
    monkeypatch.setitem(LIST_PROTOCOLS, "small", protocol)


def test_train_and_judge_by_several_labels(classwise, lists, recipe, tmp_path):
    training, database, queries = lists(several=True)
    compared = ["--database", database, "--queries", queries, "--root", ROOT]
    command = ["train", recipe, "--lists", training, *compared, "-o", tmp_path / "run", "--json"]
    status, out, err = classwise(*command, "-q", "--no-tensorboard")
    assert status == 0, err
    assert "25 images are in the database and in the training, as " in err
    assert "Training images: 4" in err
    document = json.loads(out)
    assert document["lists"]["training"]["images"] == 50
    assert document["recipe"]["protocol"] == "lists"

    hasher = keras.saving.load_model(document["model"])
    command = ["evaluate", document["model"], *compared, "--top-k", "20", "--json"]
    status, out, err = classwise(*command)
    assert status == 0, err
    found = json.loads(out)
    assert found["lists"]["queries"]["sha256"] == document["lists"]["queries"]["sha256"]
    sets = []
    for photos in (PHOTOS[2::20], PHOTOS[1::4] + PHOTOS[::8]):
        images = zoo.read_images([ROOT / photo for photo in photos], (8, 8, 3))
        labels = np.array([row(photo, several=True) for photo in photos])
        sets += [hasher.encode(images, verbose=0), labels]
    wanted = evaluate_codes(*sets, code_length=8, top_k=(20,)).to_dict()
    assert found["metrics"] == json.loads(json.dumps(wanted["metrics"]))
    assert "ndcg@20" in found["metrics"]


def test_what_a_report_needs_one_label_for_is_left_out():
    random = np.random.default_rng(0)
    embeddings = random.normal(size=(30, 8)).astype(np.float32)
    labels = random.integers(0, 2, (30, 3)).astype(np.uint8)
    codes = np.packbits(embeddings > 0, axis=1)
    halves = codes[:10], labels[:10], codes[10:], labels[10:], 8, embeddings[:10], embeddings[10:]
    sets = EncodedSets(*halves, centers=random.normal(size=(3, 8)), class_names=("a", "b", "c"))
    evaluation = evaluate_sets(sets, top_k=(5,))
    assert evaluation.classification == {}
    images = LabeledImages(
        "toy", "lists", np.zeros((10, 8, 8, 1), np.uint8), labels[:10], np.arange(10).astype(str),
        ("a", "b", "c"),
    )  # fmt: skip
    described = describe_evaluation("m", None, evaluation, sets, ImageSets(images, images))
    assert (described.neighbors, described.embeddings) == (None, None)
    names = [figure.name for figure in report_figures(described)]
    assert names == ["precision_recall", "distances", "classes"]


@pytest.mark.usefixtures("small_protocol")
def test_a_protocols_cut_off_and_divisor(classwise, lists, model_file):
    _, database, queries = lists()
    command = ["evaluate", model_file, "--queries", queries, "--database", database]
    command += ["--root", ROOT, "--protocol", "small", "--json"]
    status, out, err = classwise(*command)
    assert status == 0, err
    document = json.loads(out)
    assert document["protocol"] == "small"
    asked = ["--top-k", "20", "--divisor"]
    by_hits, by_min = (json.loads(classwise(*command, *asked, d)[1]) for d in ("hits", "min"))
    assert document["metrics"] == by_hits["metrics"]
    assert document["metrics"]["map@20"] != by_min["metrics"]["map@20"]


@pytest.fixture
def begun(monkeypatch):
    """The trainings that a command would begin: run folder and lists."""
    seen = []
    monkeypatch.setattr(
        "classwise.zoo.commands.train_command.train_and_tell",
        lambda run, options, listed: seen.append((run, listed)) or 0,
    )
    return seen


@pytest.mark.usefixtures("small_protocol")
def test_the_lists_that_a_recipe_names(classwise, lists, recipe, tmp_path, begun):
    training, _, queries = lists(query_from=2)  # of training images
    table = f'[lists]\ntraining = "{training}"\nqueries = "{queries}"\nroot = "{ROOT}"\n'
    recipe.write_text(RECIPE + table)
    status, _, err = classwise("train", recipe, "-o", tmp_path / "run")
    assert status == 0, err
    assert "10 images are in the queries and in the training" in err
    assert begun[0][1].facts["training"]["images"] == 50
    recipe.write_text((RECIPE + table).replace('"lists"', '"small"'))
    status, _, err = classwise("train", recipe, "-o", tmp_path / "other")
    assert status == 2
    assert "small has none in both" in err
    assert not (tmp_path / "other").exists()
    recipe.write_text(RECIPE + '[lists]\ntraining = ""\n')
    assert "lists.training is ''; it must be a path" in classwise("train", recipe)[2]


def test_lists_alone_are_learned_by_the_recipe_of_folders(
    classwise, lists, tmp_path, monkeypatch, begun
):
    training, *_ = lists()
    monkeypatch.chdir(tmp_path)
    assert classwise("train", "--lists", training, "--root", ROOT)[0] == 0
    run, listed = begun[0]
    assert (run.recipe.protocol, run.path.name) == ("lists", tmp_path.name)
    training, validation = learning_images(run.recipe, listed=listed)
    assert not set(training.ids) & set(validation.ids)
    assert sorted([*training.ids, *validation.ids]) == PHOTOS[::4]
    assert [CLASSES[label] for label in training.labels] == [
        photo.partition("/")[0] for photo in training.ids
    ]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("train RECIPE --lists TRAINING --root GONE", "'GONE' is not a folder"),
        ("train RECIPE --lists TRAINING", "50 of the 50 images in "),
        ("train RECIPE --root ROOT", "--root goes with --lists FILE"),
        ("train RECIPE", "name the training list (--lists FILE"),
        ("train RECIPE --images ROOT --lists TRAINING", "--images and --lists were given together"),
        ("train dcwh_resnet9_fashion_mnist_48 --lists TRAINING", "which learns from no lists"),
        ("evaluate MODEL --queries QUERIES --database ROOT", "--database is ROOT, and the other a"),
        ("evaluate MODEL --protocol coco", "coco is shared as lists of images; give --queries"),
        ("evaluate MODEL --images ROOT --root ROOT", "--root goes with lists of images"),
        (
            "evaluate MODEL --queries QUERIES --database DATABASE --root ROOT --protocol coco",
            "has labels of 10 classes, but 80 classes are those of coco",
        ),
    ],
)
def test_refusals(classwise, lists, recipe, model_file, command, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    training, database, queries = lists()
    places = {
        "RECIPE": recipe, "MODEL": model_file, "ROOT": ROOT,
        "TRAINING": training, "DATABASE": database, "QUERIES": queries,
    }  # fmt: skip
    status, out, err = classwise(*(places.get(word, word) for word in command.split()))
    assert (status, out) == (2, "")
    assert message.replace("ROOT", str(ROOT)) in err
    assert not (tmp_path / "runs").exists()


def test_embeddings_are_not_ranked_by_several_labels(classwise, lists, model_file):
    _, database, queries = lists(several=True)
    command = ["evaluate", model_file, "--queries", queries, "--database", database]
    status, _, err = classwise(*command, "--root", ROOT, "--embeddings")
    assert status == 2
    assert "several labels" in err
