"""Backup and restore: the database as one consistent copy, and the office's own small files."""

from __future__ import annotations

import fcntl
import sqlite3
import tarfile
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.database import FILE_NAME, connect
from bot.desks import CALENDAR_NAME, CannotStart

OWN_FILES = (CALENDAR_NAME, "import.key")
LOCK_NAME = "run.lock"


def back_up(data_dir: Path, destination: Path, *, now: datetime) -> Path:
    """Write everything to one archive, beside a running program; return its path.

    A destination that is a folder gets a file named by the instant. Raises CannotStart with the
    reason in Chinese.
    """
    source = data_dir / FILE_NAME
    if not source.exists():
        raise CannotStart("数据文件夹里还没有数据，没什么可备份。")
    if destination.is_dir():
        destination = destination / f"yikouqing-{now:%Y%m%d-%H%M%S}.tar.gz"
    if destination.exists():
        raise CannotStart(f"{destination.name} 已经有了；换个名字，免得盖掉旧备份。")
    try:
        with TemporaryDirectory(dir=data_dir) as name:
            copy = Path(name) / FILE_NAME
            db = connect(source)
            db.execute("VACUUM INTO ?", [str(copy)])
            db.close()
            with tarfile.open(destination, "w:gz") as archive:
                archive.add(copy, FILE_NAME)
                for own in OWN_FILES:
                    if (data_dir / own).exists():
                        archive.add(data_dir / own, own)
    except (OSError, sqlite3.Error) as error:
        raise CannotStart(f"备份没写成：{error}。请检查磁盘和权限。") from error
    return destination


def restore(data_dir: Path, archive_path: Path, *, now: datetime) -> Path | None:
    """Put an archive's contents in place; return where the former database was kept, if any.

    Raises CannotStart where the program is running, or the archive is not one of ours or broken:
    then nothing has changed.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / LOCK_NAME).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart("程序正在用这个数据文件夹，先停掉它再恢复。") from None
        with TemporaryDirectory(dir=data_dir) as name:
            _unpack(archive_path, Path(name))
            return _put_in_place(Path(name), data_dir, now)


def _unpack(archive_path: Path, folder: Path) -> None:
    """Unpack only our own names, and check the database before anything is replaced."""
    try:
        with tarfile.open(archive_path, "r:gz") as archive:
            for member in archive.getmembers():
                if member.name in (FILE_NAME, *OWN_FILES) and member.isfile():
                    archive.extract(member, folder, filter="data")
    except (OSError, EOFError, tarfile.TarError) as error:
        raise CannotStart(f"读不了 {archive_path.name}：不是本程序的备份，或者坏了。") from error
    if not (folder / FILE_NAME).exists():
        raise CannotStart(f"{archive_path.name} 里没有数据文件，不是本程序的备份。")
    try:
        db = connect(folder / FILE_NAME)
        sound = db.execute("PRAGMA integrity_check").fetchone()[0]
        db.close()
    except sqlite3.Error as error:
        raise CannotStart(f"{archive_path.name} 里的数据坏了，没有恢复。") from error
    if sound != "ok":
        raise CannotStart(f"{archive_path.name} 里的数据坏了，没有恢复。")


def _put_in_place(folder: Path, data_dir: Path, now: datetime) -> Path | None:
    current = data_dir / FILE_NAME
    kept = None
    if current.exists():
        kept = data_dir / f"{FILE_NAME}.before-{now:%Y%m%d-%H%M%S}"
        db = connect(current)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
        current.rename(kept)
        for leftover in (f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"):
            (data_dir / leftover).unlink(missing_ok=True)
    for name in (FILE_NAME, *OWN_FILES):
        if (folder / name).exists():
            (folder / name).replace(data_dir / name)
    return kept
