"""Lists by role: checked against each other, against the disk and against a protocol."""

import dataclasses

import numpy as np
import pytest

from classwise import zoo
from classwise.zoo.datasets.listed_images import FEW, open_lists
from classwise.zoo.datasets.listed_protocols import LIST_PROTOCOLS, get_list_protocol, is_of_lists
from classwise.zoo.foundation.errors import InputError

ROOT = zoo.sample_folder("clothing")
PHOTOS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("*/*.jpg"))
CLASSES = sorted({photo.partition("/")[0] for photo in PHOTOS})


def line(photo, *others):
    labels = {photo.partition("/")[0], *others}
    return " ".join([photo, *("1" if name in labels else "0" for name in CLASSES)])


@pytest.fixture
def lists(tmp_path):
    """A function from lines by role to the files of the lists."""

    def write(**roles):
        files = {}
        for role, lines in roles.items():
            files[role] = tmp_path / f"{role}.txt"
            files[role].write_text("".join(f"{text}\n" for text in lines))
        return files

    return write


SMALL = dataclasses.replace(
    LIST_PROTOCOLS["coco"],
    name="small",
    num_classes=10,
    images={"training": 6, "database": 20, "queries": 4},
)


def test_one_label_an_image_gives_class_ids(lists):
    files = lists(training=map(line, PHOTOS[::30]), queries=map(line, PHOTOS[1::50]))
    listed = open_lists(files, ROOT)
    images = listed.sources["training"].load((32, 32, 3))
    assert images.ids.tolist() == PHOTOS[::30]
    assert [CLASSES[label] for label in images.labels] == [p.split("/")[0] for p in PHOTOS[::30]]
    assert images.class_names == tuple("0123456789")
    (photo,) = zoo.read_images([ROOT / PHOTOS[30]], (32, 32, 3))
    np.testing.assert_array_equal(images.images[1], photo)
    assert listed.notes == ()
    assert listed.facts["queries"]["images"] == 4


def test_several_labels_anywhere_make_all_of_them_multi_hot(lists):
    files = lists(
        database=map(line, PHOTOS[:3]), queries=[line(PHOTOS[-1], CLASSES[0]), line(PHOTOS[-2])]
    )
    listed = open_lists(files, ROOT, class_names=CLASSES)
    labels = listed.sources["queries"].load((8, 8, 3)).labels
    assert labels.tolist() == [[1] + [0] * 8 + [1], [0] * 9 + [1]]
    assert listed.sources["database"].load((8, 8, 3)).labels.shape == (3, 10)
    assert listed.sources["database"].class_names == tuple(CLASSES)


def test_what_should_be_known_is_counted_and_told(lists):
    files = lists(
        training=map(line, PHOTOS[:6]),
        database=[*map(line, PHOTOS[4:24]), f"{PHOTOS[0]} {'0 ' * 9}0"],
        queries=map(line, [PHOTOS[5], PHOTOS[5], PHOTOS[-1]]),
    )
    notes = " ".join(open_lists(files, ROOT).notes)
    assert f"1 lines of '{files['queries']}' (queries) name an image once more." in notes
    assert f"1 images of '{files['database']}' (database) carry no label." in notes
    assert "3 images are in the database and in the training, as " in notes
    assert "1 images are in the queries and in the database, as " in notes
    assert "1 images are in the queries and in the training, as " in notes


def test_a_protocol_refuses_queries_that_answer_or_were_learned_from(lists):
    files = lists(database=map(line, PHOTOS[:20]), queries=map(line, PHOTOS[18:22]))
    message = "2 images are in the queries and in the database, .*; small has none in both"
    with pytest.raises(InputError, match=message):
        open_lists(files, ROOT, protocol=SMALL)
    files = lists(training=map(line, PHOTOS[:6]), queries=map(line, PHOTOS[5:9]))
    with pytest.raises(InputError, match="1 images are in the queries and in the training"):
        open_lists(files, ROOT, protocol=SMALL)


def test_a_protocol_may_learn_from_its_database_and_tells_other_sizes(lists):
    files = lists(
        training=map(line, PHOTOS[:6]),
        database=map(line, PHOTOS[:20]),
        queries=map(line, PHOTOS[20:25]),
    )
    notes = open_lists(files, ROOT, protocol=SMALL).notes
    assert len(notes) == 2
    assert "6 images are in the database and in the training" in notes[0]
    assert "lists 5 images; small as published has 4 (queries), so" in notes[1]


def test_other_classes_than_the_protocols_are_refused(lists):
    files = lists(queries=["a.jpg 0 1 0"])
    with pytest.raises(InputError, match="has labels of 3 classes, but 10 classes are those of sm"):
        open_lists(files, ROOT, protocol=SMALL)
    with pytest.raises(InputError, match="labels of 3 classes, but 2 class names are given"):
        open_lists(files, ROOT, class_names=("x", "y"))


@pytest.mark.parametrize("count", [3, FEW])
def test_images_that_are_not_there_are_counted(lists, count):
    text = [f"dress/{number}.jpg 0 1" for number in range(count)]
    photo = next(photo for photo in PHOTOS if photo.startswith("dress/"))
    files = lists(queries=[*text, f"{photo} 0 1", "gone/a.jpg 1 0", "dress 1 0"])
    message = f"{count + 2} of the {count + 3} images in '.*queries.txt' .queries. are not there"
    with pytest.raises(InputError, match=message):
        open_lists(files, ROOT)


def test_images_of_a_list_that_is_compared_only_may_be_missing(lists):
    files = lists(training=["gone.jpg 0 1"], queries=[f"{PHOTOS[0]} 0 1"])
    assert list(open_lists(files, ROOT, loaded=("queries",)).sources) == ["queries"]


def test_lists_in_different_forms_or_widths(lists):
    with pytest.raises(InputError, match="another list class ids; write all in one form"):
        open_lists(lists(training=["a.jpg 0 1"], queries=["b.jpg 3"]), ROOT)
    with pytest.raises(InputError, match=r"different widths: .*training.txt' 2, .*queries.txt' 3"):
        open_lists(lists(training=["a.jpg 0 1"], queries=["b.jpg 0 0 1"]), ROOT)


def test_paths_start_where_the_lists_lie(tmp_path, lists):
    (tmp_path / "a.jpg").write_bytes((ROOT / PHOTOS[0]).read_bytes())
    files = lists(queries=["a.jpg 0 1"])
    assert open_lists(files).sources["queries"].files.root == tmp_path
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "list.txt").write_text("a.jpg 1 0\n")
    with pytest.raises(InputError, match="The lists lie in 2 folders"):
        open_lists({**files, "database": tmp_path / "other" / "list.txt"})
    with pytest.raises(InputError, match="is not a folder"):
        open_lists(files, tmp_path / "gone")


def test_the_fields_protocols():
    assert list(LIST_PROTOCOLS) == ["imagenet100", "coco", "nuswide21", "mirflickr", "voc2012"]
    cut_offs = {name: protocol.top_k for name, protocol in LIST_PROTOCOLS.items()}
    assert cut_offs == {
        "imagenet100": 1000, "coco": 5000, "nuswide21": 5000, "mirflickr": 5000, "voc2012": None,
    }  # fmt: skip
    assert "5,000 images ask, 128,503 answer" in get_list_protocol("imagenet100").description
    with pytest.raises(InputError, match="did you mean 'coco'"):
        get_list_protocol("cocoo")
    assert is_of_lists("lists")
    assert not is_of_lists("cifar10-full")
