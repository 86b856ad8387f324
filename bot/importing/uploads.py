"""Import from the desk: the importer of each kind, and the two steps of a file sent in chat.

A handler calls `plan_upload`, shows what `preview_plan` says, keeps the plan in `Desk.waiting`
and after 确认 calls `apply_plan`.
All may take seconds and belong into a worker thread with its own connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.desk import Desk
from bot.importing.apply import Importer, Result, Statement, apply, preview
from bot.importing.cases import CaseImporter
from bot.importing.certificates import CertificateImporter, masking_key
from bot.importing.clock import ClockReader
from bot.importing.columns import Kind
from bot.importing.plan import Plan, Progress, make_plan, no_progress, unreadable
from bot.importing.sheets import MEGABYTE, UnreadableFile, open_book
from bot.importing.staff import StaffImporter
from bot.importing.values import names_of
from reminders.cases import cases_with_moved_clocks

UPLOAD_LIMIT = 20 * MEGABYTE
"""The largest file by chat or page; Telegram itself hands bots no more (issue 5)."""

PROPOSED = Statement()

_KEY_BYTES = 6


def importer_for(desk: Desk, kind: Kind) -> Importer[Any]:
    """Return what reads a kind of file and brings our records up to it."""
    names = names_of(desk.base)
    match kind:
        case Kind.CASES:
            clock = ClockReader(
                desk.calendar,
                cases_with_moved_clocks(desk.db),
                desk.today(),
                desk.settings.oversight.suspend_site_visit,
            )
            return CaseImporter(names, desk.calendar, clock, today=desk.today())
        case Kind.STAFF:
            return StaffImporter(names, key=masking_key(desk.settings.data_dir))
        case Kind.CERTIFICATES:
            key = masking_key(desk.settings.data_dir)
            return CertificateImporter(names, key=key, today=desk.today())


def plan_file(desk: Desk, kind: Kind, path: Path, progress: Progress = no_progress) -> Plan[Any]:
    """Read a file from the disk, however large, and decide about each row; writes nothing."""
    return _plan(desk, kind, path, path.name, None, progress)


def plan_upload(desk: Desk, kind: Kind, name: str, content: bytes) -> Plan[Any]:
    """Read a file that somebody sent and decide about each row; writes nothing."""
    return _plan(desk, kind, content, name, UPLOAD_LIMIT, no_progress)


def _plan(
    desk: Desk,
    kind: Kind,
    source: Path | bytes,
    name: str,
    limit: int | None,
    progress: Progress,
) -> Plan[Any]:
    importer = importer_for(desk, kind)
    try:
        book = open_book(source, name, limit=limit)
    except UnreadableFile as error:
        return unreadable(kind, name, importer, error)
    return make_plan(book, importer, progress)


def preview_plan(
    desk: Desk, plan: Plan[Any], said: Statement = PROPOSED, progress: Progress = no_progress
) -> Result:
    """Tell what applying the plan would do: 新增, 更新, 办结, 不变 and what is missing."""
    importer = importer_for(desk, plan.kind)
    return preview(desk.db, plan, importer, said=said, now=desk.now(), progress=progress)


def count_missing(desk: Desk, plan: Plan[Any], said: Statement = PROPOSED) -> int:
    """Count what lies inside the range a file is said to cover and is not in it."""
    return importer_for(desk, plan.kind).count_missing(desk.db, plan, said, desk.now())


def apply_plan(
    desk: Desk, plan: Plan[Any], said: Statement = PROPOSED, progress: Progress = no_progress
) -> Result:
    """Take the plan's good rows into our records; the same file twice changes nothing."""
    importer = importer_for(desk, plan.kind)
    return apply(desk.db, plan, importer, said=said, now=desk.now(), progress=progress)


@dataclass(frozen=True, slots=True)
class _Waiting:
    plan: Plan[Any]
    person_id: int
    until: datetime
