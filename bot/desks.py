"""Opening a desk: data folder, database, calendar and knowledge, for any command."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from bot.clock import Clock
from bot.database import FILE_NAME, open_database
from bot.desk import Desk, Library, Links, WorkingDays
from bot.loading import load_current
from bot.settings import Settings
from knowledge.problems import Problem
from reminders.working_days import load_calendar

CALENDAR_NAME = "working_days.yaml"


@dataclass(eq=False)
class CannotStart(Exception):  # noqa: N818 - it is said to a person as it stands
    """Why the program cannot start, in a line that says what to do; the problems behind it."""

    message: str
    problems: tuple[Problem, ...] = ()

    def __str__(self) -> str:
        """Return the line."""
        return self.message


def open_desk(settings: Settings, clock: Clock, *, in_memory: bool = False) -> Desk:
    """Open everything a handler may touch; raise CannotStart with the reason in Chinese."""
    _make_writable(settings.data_dir)
    calendar, mistakes = load_calendar(settings.data_dir / CALENDAR_NAME)
    if mistakes:
        raise CannotStart("工作日表有误，请改正：\n" + "\n".join(mistakes))
    knowledge, problems = load_current(settings, today=clock().date())
    if knowledge is None:
        raise CannotStart("知识库有误，先改正再启动（python -m bot check 看全部）。", problems)
    path = None if in_memory else settings.data_dir / FILE_NAME
    try:
        db = open_database(path)
    except sqlite3.Error as error:
        raise CannotStart(f"打不开数据文件 {FILE_NAME}：{error}。请检查磁盘和权限。") from error
    return Desk(db, Library(knowledge), WorkingDays(calendar), settings, clock, Links())


def _make_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CannotStart(
            f"数据文件夹写不进去：{folder.name}（{error.strerror}）。"
            "请改权限，或在 config.yaml 里换 data_dir。"
        ) from error
