"""Backup and restore: a round trip, and every way it must refuse without changing anything."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from bot.backup import LOCK_NAME, back_up, restore
from bot.database import FILE_NAME, connect, open_database
from bot.desks import CannotStart
from bot.dialogue import Channel
from bot.records import people
from bot.records.people import Address
from tests.conftest import FRIDAY_MORNING


def somebody_at(path: Path, name: str) -> None:
    db = open_database(path / FILE_NAME)
    people.person_at(db, Address(Channel.TERMINAL, name), now=FRIDAY_MORNING)
    db.close()


def names(path: Path) -> list[str]:
    db = connect(path / FILE_NAME)
    found = [row[0] for row in db.execute("SELECT address FROM addresses ORDER BY 1").fetchall()]
    db.close()
    return found


def test_what_was_backed_up_comes_back_and_the_former_data_are_kept(tmp_path: Path) -> None:
    data = tmp_path / "data"
    somebody_at(data, "wang")
    (data / "working_days.yaml").write_text("years: {}\n", encoding="utf-8")
    archive = back_up(data, tmp_path, now=FRIDAY_MORNING)
    somebody_at(data, "later")

    kept = restore(data, archive, now=FRIDAY_MORNING)

    assert names(data) == ["wang"]
    assert kept is not None
    assert kept.exists()


def test_a_backup_never_overwrites_another(tmp_path: Path) -> None:
    somebody_at(tmp_path / "data", "wang")
    back_up(tmp_path / "data", tmp_path, now=FRIDAY_MORNING)

    with pytest.raises(CannotStart, match="已经有了"):
        back_up(tmp_path / "data", tmp_path, now=FRIDAY_MORNING)


def test_nothing_is_restored_under_a_running_program(tmp_path: Path) -> None:
    data = tmp_path / "data"
    somebody_at(data, "wang")
    archive = back_up(data, tmp_path, now=FRIDAY_MORNING)

    with (data / LOCK_NAME).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CannotStart, match="先停掉"):
            restore(data, archive, now=FRIDAY_MORNING)


@pytest.mark.parametrize("content", [b"", b"not an archive", b"\x1f\x8b broken"])
def test_a_broken_archive_changes_nothing(tmp_path: Path, content: bytes) -> None:
    data = tmp_path / "data"
    somebody_at(data, "wang")
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(content)

    with pytest.raises(CannotStart):
        restore(data, broken, now=FRIDAY_MORNING)

    assert names(data) == ["wang"]


def test_an_empty_folder_has_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="没什么可备份"):
        back_up(tmp_path, tmp_path / "x.tar.gz", now=FRIDAY_MORNING)
