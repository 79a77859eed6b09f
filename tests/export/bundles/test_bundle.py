import json

import numpy as np
import pytest

from classwise import zoo
from classwise.export.bundles import BUNDLES, bundle, write_bundle
from classwise.export.bundles.bundle import Bundle
from classwise.zoo.foundation.new_folder import replacing_folder
from classwise.zoo.foundation.written_folder import RECORD


def test_unknown_kind_suggests_the_nearest(hasher, tmp_path):
    with pytest.raises(zoo.InputError, match=r"Unknown bundle 'trition'; did you mean 'triton'\?"):
        write_bundle("trition", hasher, tmp_path / "a")


@pytest.mark.parametrize("argument", ["gallery", "web_runtime"])
@pytest.mark.parametrize("kind", sorted(set(BUNDLES) - {"web"}))
def test_arguments_of_the_web_bundle_are_refused_elsewhere(hasher, tmp_path, kind, argument):
    with pytest.raises(zoo.InputError, match=argument):
        write_bundle(kind, hasher, tmp_path / "a", **{argument: "somewhere"})
    assert not list(tmp_path.iterdir())


def test_folder_that_is_not_empty_needs_force(hasher, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "precious.txt").write_text("mine")
    with pytest.raises(zoo.InputError, match=r"holds precious\.txt.*--force"):
        write_bundle("triton", hasher, tmp_path / "a")
    assert (tmp_path / "a" / "precious.txt").read_text() == "mine"


@pytest.fixture
def quick(monkeypatch, onnx_report) -> list[Exception]:
    """Replaces the Triton bundle by one file; raises what the returned list holds."""
    errors: list[Exception] = []

    def write_model(source, path):
        path.write_text(source.name)
        if errors:
            raise errors[0]
        return onnx_report

    only = Bundle("model", write_model, lambda source, folder: None, "serve {path} as {name}")
    monkeypatch.setitem(BUNDLES, "triton", only)
    return errors


def test_force_replaces_what_classwise_wrote(quick, hasher, tmp_path):
    with replacing_folder(tmp_path / "a", "a bundle") as folder:
        (folder / "old.txt").write_text("")
    write_bundle("triton", hasher, tmp_path / "a", force=True)
    assert {file.name for file in (tmp_path / "a").iterdir()} == {"model", RECORD}
    assert [folder.name for folder in tmp_path.iterdir()] == ["a"]


def test_a_failure_leaves_what_was_there(quick, hasher, tmp_path):
    with replacing_folder(tmp_path / "a", "a bundle") as folder:
        (folder / "old.txt").write_text("")
    quick.append(OSError(28, "No space left on device"))
    for path in (tmp_path / "a", tmp_path / "new"):
        with pytest.raises(OSError, match="No space left"):
            write_bundle("triton", hasher, path, force=True)
    assert {file.name for file in tmp_path.rglob("*")} == {"a", "old.txt", RECORD}


@pytest.mark.parametrize(
    ("name", "served"),
    [("dcwh_48", "dcwh_48"), ("my näme/v2", "my_n_me_v2"), ("..", "hasher"), ("", "hasher")],
)
def test_names_are_made_safe_for_folders_and_addresses(quick, hasher, tmp_path, name, served):
    report = write_bundle("triton", hasher, tmp_path / "a", name=name)
    assert report.name == (tmp_path / "a" / "model").read_text() == served
    assert report.start == f"serve {tmp_path / 'a'} as {served}"


def test_report_counts_files_and_is_json(quick, hasher, tmp_path):
    report = write_bundle("triton", hasher, tmp_path / "a", name="hasher")
    document = json.loads(json.dumps(report.to_dict()))
    assert (document["files"], document["bytes"]) == (
        2,
        sum(file.stat().st_size for file in report.path.iterdir()),
    )
    assert document["parity"]["passed"] is True
    assert bundle.BundleReport(**vars(report)) == report


def test_example_exchange_is_an_image_that_is_not_plain(hasher):
    from classwise.export.bundles.example_exchange import example_exchange

    image, code = example_exchange(hasher)
    assert image.shape == (1, *hasher.image_shape)
    assert image.std() > 10
    np.testing.assert_array_equal(code, hasher.encode(image, verbose=0))
