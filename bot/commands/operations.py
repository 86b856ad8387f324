"""backup, restore, doctor: for those who run the program."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import click

from bot.backup import back_up
from bot.backup import restore as put_back
from bot.commands.options import PROBLEMS_FOUND, Context, common_options, fail
from bot.database import FILE_NAME, connect, open_database, transaction
from bot.desks import CALENDAR_NAME, CannotStart
from bot.records.audit import OPERATOR, Deed, record_deed
from bot.settings import CONFIG_NAME, Settings, load_settings
from knowledge.check import check_folder
from knowledge.problems import errors_of
from reminders.outbox import oldest_waiting_at, waiting_count
from reminders.working_days import load_calendar

LEAST_FREE = 2**30
NEXT_YEAR_FROM_MONTH = 11


@click.command()
@click.argument("destination", metavar="DEST", type=click.Path(path_type=Path))
@common_options
def backup(settings: Context, destination: Path) -> None:
    """备份：一份一致的数据和工作日表，程序运行时也能做。

    \b
    例：python -m bot backup 备份/
    """
    chosen = settings.settings()
    _write_down(chosen, settings.clock()())
    try:
        made = back_up(chosen.data_dir, destination, now=settings.clock()())
    except CannotStart as error:
        fail(str(error), PROBLEMS_FOUND)
    click.echo(f"备份好了：{made}")


def _write_down(settings: Settings, now: datetime) -> None:
    """Note in the audit log that everything there is was taken out."""
    path = settings.data_dir / FILE_NAME
    if path.exists():
        with contextlib.closing(open_database(path)) as db, transaction(db):
            record_deed(db, OPERATOR, Deed.EXPORTED, "backup", now=now)


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@common_options
def restore(settings: Context, file: Path) -> None:
    """恢复一份备份；先停掉程序。原来的数据改名留着。

    \b
    例：python -m bot restore 备份/yikouqing-20250124-100000.tar.gz
    """
    chosen = settings.settings()
    try:
        kept = put_back(chosen.data_dir, file, now=settings.clock()())
    except CannotStart as error:
        fail(str(error), PROBLEMS_FOUND)
    click.echo("恢复好了。" + (f"原来的数据在 {kept.name}。" if kept else ""))


@click.command()
@common_options
def doctor(settings: Context) -> None:
    """体检：设置、知识库、数据、工作日表、磁盘、待发消息，一样一行。

    \b
    例：python -m bot doctor
    """
    config = settings.config or Path(CONFIG_NAME)
    if settings.config is not None or config.exists():
        _, mistakes = load_settings(config, os.environ)
        if mistakes:
            for mistake in mistakes:
                click.echo(f"✗ 设置  {mistake}")
            raise SystemExit(PROBLEMS_FOUND)
    chosen = settings.settings()
    found = list(_findings(chosen, settings.clock()().date(), settings))
    for is_good, line in found:
        click.echo(f"{'✓' if is_good else '✗'} {line}")
    if not all(is_good for is_good, _ in found):
        raise SystemExit(PROBLEMS_FOUND)


def _findings(settings: Settings, today: date, context: Context) -> Iterator[tuple[bool, str]]:
    yield sys.version_info >= (3, 11), f"Python {sys.version_info.major}.{sys.version_info.minor}"
    base, problems = check_folder(settings.knowledge_dir, today=today)
    errors = len(errors_of(problems))
    count = len(base.entries) if base else 0
    hints = len(problems) - errors
    yield errors == 0, f"知识库  条目 {count} 个，错误 {errors} 处，提醒 {hints} 处"
    calendar, mistakes = load_calendar(settings.data_dir / CALENDAR_NAME)
    yield not mistakes, "工作日表  " + ("；".join(mistakes) or "没有错误")
    needed = today.year + (1 if today.month >= NEXT_YEAR_FROM_MONTH else 0)
    provisional = calendar.is_provisional(date(needed, 1, 2))
    hint = "还没有，公布后用 calendar import 导入" if provisional else "有"
    yield not provisional, f"{needed} 年放假安排  {hint}"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.data_dir).free
    yield free >= LEAST_FREE, f"磁盘  还剩 {free / 2**30:.1f} GiB"
    token = "有" if settings.telegram_token else "没有，只开网页"
    yield True, f"Telegram 令牌  {token}"
    yield from _database_findings(settings, context)


def _database_findings(settings: Settings, context: Context) -> Iterator[tuple[bool, str]]:
    path = settings.data_dir / FILE_NAME
    if not path.exists():
        yield True, "数据  还没有，第一次启动时建立"
        return
    try:
        db = connect(path)
        sound = db.execute("PRAGMA quick_check").fetchone()[0]
        yield sound == "ok", f"数据  {'完好' if sound == 'ok' else sound}"
        waiting = waiting_count(db)
        oldest = oldest_waiting_at(db, now=context.clock()())
        since = f"，最早的 {oldest:%m-%d %H:%M} 就该发了" if oldest else ""
        yield True, f"待发消息  {waiting} 条{since}"
        db.close()
    except sqlite3.Error as error:
        yield False, f"数据  打不开：{error}"
