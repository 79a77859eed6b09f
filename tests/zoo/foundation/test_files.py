import hashlib

import pytest

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import replacing_file, resolved, sha256


class Full(OSError):
    """What a full disk raises."""


def write_half(replacing):
    with replacing as temporary:
        temporary.write_text("half")
        raise Full


def test_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


def test_a_file_appears_whole(tmp_path):
    target = tmp_path / "new" / "model.keras"
    with replacing_file(target) as temporary:
        assert temporary.suffix == ".keras"
        temporary.write_text("half")
        assert not target.exists()
    assert target.read_text() == "half"
    assert [path.name for path in target.parent.iterdir()] == ["model.keras"]


@pytest.mark.parametrize("existing", [True, False])
def test_a_failed_write_changes_nothing(tmp_path, existing):
    target = tmp_path / "new" / "model.keras"
    if existing:
        target.parent.mkdir()
        target.write_text("old")
    with pytest.raises(Full):
        write_half(replacing_file(target))
    if existing:
        assert target.read_text() == "old"
        assert len(list(target.parent.iterdir())) == 1
    else:
        assert list(tmp_path.iterdir()) == []


def test_a_link_to_itself_is_refused(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    assert resolved(tmp_path / "link" / "new") == tmp_path.resolve() / "folder" / "new"
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(InputError, match="loop is a link that leads back to itself"):
        resolved(tmp_path / "loop")
