import json

import numpy as np
import pytest

from classwise.zoo import InputError
from classwise.zoo.unfinished_codes import UnfinishedCodes

RUN = {"model": "abc", "images": "def", "embeddings": False}


def batch(*values):
    return {"codes": np.uint8([[v] for v in values]), "names": np.array([str(v) for v in values])}


@pytest.mark.parametrize("seconds", [0, 1e9])
def test_batches_come_back_joined(tmp_path, seconds):
    done = UnfinishedCodes(tmp_path / "c.npz", RUN, seconds)
    done.add(batch(1, 2))
    done.add(batch(3))
    columns = done.columns()
    assert columns["codes"].tolist() == [[1], [2], [3]]
    assert columns["names"].tolist() == ["1", "2", "3"]
    assert len(done.parts) == (2 if seconds == 0 else 1)
    done.remove()
    assert not list(tmp_path.iterdir())


def test_parts_of_an_earlier_run_count(tmp_path):
    UnfinishedCodes(tmp_path / "c.npz", RUN, 0).add(batch(1, 2))
    again = UnfinishedCodes(tmp_path / "c.npz", RUN, 0)
    assert again.count == 2
    again.add(batch(3))
    assert again.columns()["codes"].tolist() == [[1], [2], [3]]


def test_what_was_not_written_yet_is_lost(tmp_path):
    UnfinishedCodes(tmp_path / "c.npz", RUN, 1e9).add(batch(1))
    assert UnfinishedCodes(tmp_path / "c.npz", RUN).count == 0


def test_a_half_written_part_does_not_count(tmp_path):
    UnfinishedCodes(tmp_path / "c.npz", RUN, 0).add(batch(1))
    (tmp_path / "c.npz.part" / ".000001.1234abcd.npz").write_bytes(b"half")
    assert UnfinishedCodes(tmp_path / "c.npz", RUN).count == 1


@pytest.mark.parametrize("key", list(RUN))
def test_another_run_is_refused(tmp_path, key):
    UnfinishedCodes(tmp_path / "c.npz", RUN, 0).add(batch(1))
    with pytest.raises(InputError, match=f"begun with another {key}.*delete it"):
        UnfinishedCodes(tmp_path / "c.npz", RUN | {key: "other"})
    assert json.loads((tmp_path / "c.npz.part" / "run.json").read_text()) == RUN
