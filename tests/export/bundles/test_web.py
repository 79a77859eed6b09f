import json
import re

import numpy as np
import pytest

from classwise import zoo
from classwise.export.bundles import BundleReport, write_bundle
from classwise.export.bundles.web import PAGE, SHARED
from classwise.zoo.datasets.sample import load_sample


@pytest.fixture(scope="module")
def report(gray_hasher, no_runtime, tmp_path_factory) -> BundleReport:
    return write_bundle(
        "web",
        gray_hasher,
        tmp_path_factory.mktemp("web") / "page",
        name="tiny",
        metadata={"method": "dcwh", "map": 0.5},
        gallery=load_sample("fashion_mnist").select(np.arange(0, 60, 3)),
        web_runtime=no_runtime,
    )


def test_folder_holds_page_runtime_model_codes_and_gallery(report):
    names = {entry.name for entry in report.path.iterdir()}
    assert names == {file.name for folder in (PAGE, SHARED) for file in folder.iterdir()} | {
        ".classwise-files.json",
        "bundle.json",
        "codes.bin",
        "gallery",
        "model.onnx",
        "runtime",
    }
    assert len(list((report.path / "gallery").iterdir())) == 20


def test_codes_and_images_are_those_of_the_gallery(report, gray_hasher):
    images = zoo.read_images(sorted((report.path / "gallery").iterdir()), (28, 28, 1))
    np.testing.assert_array_equal(images, load_sample("fashion_mnist").images[0:60:3])
    codes = np.fromfile(report.path / "codes.bin", "uint8").reshape(20, 6)
    np.testing.assert_array_equal(codes, gray_hasher.encode(images, verbose=0))


def test_description(report):
    about = json.loads((report.path / "bundle.json").read_text())
    assert (about["name"], about["code_length"], about["image_shape"]) == ("tiny", 44, [28, 28, 1])
    assert about["facts"] == {"method": "dcwh", "map": "0.5"}
    gallery = about["gallery"]
    assert gallery["labels"] == load_sample("fashion_mnist").labels[0:60:3].tolist()
    assert gallery["names"] == load_sample("fashion_mnist").ids[0:60:3].tolist()
    assert gallery["class_names"] == list(load_sample("fashion_mnist").class_names)


def test_wrong_gallery_stops_before_any_work(hasher, tmp_path):
    with pytest.raises(zoo.InputError, match="'photos' is not a folder"):
        write_bundle("web", hasher, tmp_path / "a", gallery="photos")
    assert not list(tmp_path.iterdir())


def test_page_asks_its_own_folder_only():
    for file in PAGE.iterdir():
        assert not re.search(r"https?://|[\"'(]//", file.read_text()), file.name
    assert "default-src 'none'" in (PAGE / "index.html").read_text()
