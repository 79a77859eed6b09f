import json

import numpy as np
import pytest

from classwise.zoo import InputError
from classwise.zoo.encoding.unfinished_codes import UnfinishedCodes, images_done

RUN = {"model": "abc", "images": "def", "embeddings": False}


def batch(*values, skipped=()):
    return {
        "codes": np.uint8([[v] for v in values]),
        "names": np.array([str(v) for v in values]),
        "skipped": np.array(skipped, str),
    }


def run(path, *batches, seconds=0, run=RUN, interrupted=True):
    """Adds batches to those of earlier runs; returns how many images these had done."""
    with UnfinishedCodes(path / "c.npz", run, seconds) as done:
        earlier = done.count
        for each in batches:
            done.add(each)
        if not interrupted:
            done.finish()
    return earlier


@pytest.mark.parametrize("seconds", [0, 1e9])
def test_batches_come_back_joined(tmp_path, seconds):
    with UnfinishedCodes(tmp_path / "c.npz", RUN, seconds) as done:
        done.add(batch(1, 2))
        done.add(batch(3, skipped=["4"]))
        columns = done.columns()
        assert columns["codes"].tolist() == [[1], [2], [3]]
        assert columns["names"].tolist() == ["1", "2", "3"]
        assert columns["skipped"].tolist() == ["4"]
        assert done.count == 4
        assert len(done.parts) == (2 if seconds == 0 else 1)
        done.finish()
    assert not list(tmp_path.iterdir())


def test_parts_of_an_earlier_run_count(tmp_path):
    run(tmp_path, batch(1, 2, skipped=["0"]))
    with UnfinishedCodes(tmp_path / "c.npz", RUN, 0) as again:
        assert again.count == 3
        again.add(batch(3))
        assert again.columns()["codes"].tolist() == [[1], [2], [3]]


def test_somebody_elses_file_among_the_parts_stays(tmp_path):
    with UnfinishedCodes(tmp_path / "c.npz", RUN, 0) as done:
        done.add(batch(1))
        (tmp_path / "c.npz.part" / "thesis.txt").write_text("years")
        done.finish()
    assert [path.name for path in (tmp_path / "c.npz.part").iterdir()] == ["thesis.txt"]


def test_two_runs_at_once(tmp_path):
    with UnfinishedCodes(tmp_path / "c.npz", RUN, 0) as done:
        done.add(batch(1))
        with pytest.raises(InputError, match=r"Another run is writing .*c\.npz;"):
            run(tmp_path)
    assert run(tmp_path) == 1


def test_what_was_not_written_yet_is_lost(tmp_path):
    run(tmp_path, batch(1), seconds=1e9)
    assert run(tmp_path) == 0


def test_a_half_written_part_does_not_count_and_goes(tmp_path):
    run(tmp_path, batch(1))
    (tmp_path / "c.npz.part" / ".000001.1234abcd.npz").write_bytes(b"half")
    assert run(tmp_path, interrupted=False) == 1
    assert not list(tmp_path.iterdir())


def test_a_run_that_was_killed_at_its_very_start_goes_on(tmp_path):
    (tmp_path / "c.npz.part").mkdir()
    for name in (".lock", ".run.1234abcd.json"):
        (tmp_path / "c.npz.part" / name).touch()
    assert run(tmp_path, batch(1)) == 0
    assert run(tmp_path) == 1


@pytest.mark.parametrize("key", list(RUN))
def test_another_run_is_refused(tmp_path, key):
    run(tmp_path, batch(1))
    with pytest.raises(InputError, match=f"begun with other {key}.*delete it"):
        run(tmp_path, run=RUN | {key: "other"})
    assert json.loads((tmp_path / "c.npz.part" / "run.json").read_text()) == RUN


@pytest.mark.parametrize(
    "content",
    [
        {"photo.jpg": b"somebody's"},
        {"run.json": b"not JSON"},
        {"run.json": b"[1, 2]"},
        {"run.json": b"[" * 100_000},
        {"run.json": b'{"speed": 12}'},
        {".hidden": b""},
    ],
)
def test_a_foreign_folder_is_refused_and_left_alone(tmp_path, content):
    folder = tmp_path / "c.npz.part"
    folder.mkdir()
    for name, data in content.items():
        (folder / name).write_bytes(data)
    with pytest.raises(InputError, match="something else stands there; move it away"):
        run(tmp_path)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == content


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "c.npz.part").write_text("mine")
    with pytest.raises(InputError, match="something else stands there"):
        run(tmp_path)


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "c.npz.part").mkdir()
    assert images_done(tmp_path / "c.npz") == 0
    assert run(tmp_path) == 0


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:40], lambda data: b"PK"])
def test_a_damaged_part_is_refused(tmp_path, damage):
    run(tmp_path, batch(1))
    part = tmp_path / "c.npz.part" / "000000.npz"
    part.write_bytes(damage(part.read_bytes()))
    with pytest.raises(InputError, match=r"000000\.npz is damaged; delete"):
        run(tmp_path)


def test_a_part_of_another_program_is_refused(tmp_path):
    run(tmp_path, batch(1))
    np.savez(tmp_path / "c.npz.part" / "0.npz", speed=12)
    with pytest.raises(InputError, match=r"0\.npz is damaged"):
        images_done(tmp_path / "c.npz")
