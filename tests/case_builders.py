"""Cases, staff and imports with defaults, so that a test says only what matters to it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlite_utils import Database

from bot.clock import LOCAL
from bot.database import transaction
from reminders.cases import (
    Case,
    CaseImport,
    CaseRow,
    CaseStatus,
    Change,
    Covers,
    Extent,
    apply_case,
    case_by_number,
    record_import,
)
from reminders.recipients import Scope

NUMBER = "410202250124001234"
LONGTING = Scope("龙亭区", None, "longting-01")
_hashes = (f"hash-{n}" for n in itertools.count())


def at(text: str) -> datetime:
    """Read a local instant."""
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL)


def day(text: str) -> date:
    """Read a date."""
    return date.fromisoformat(text)


def a_row(**more: Any) -> CaseRow:
    """Return an open case of 龙亭, accepted 2025-01-24 with five working days."""
    row = CaseRow(
        number=NUMBER,
        item="新生儿出生一件事",
        accepted_on=day("2025-01-24"),
        limit_days=5,
        unit="龙亭区政务服务大厅",
        scope=LONGTING,
        applicant="张*",
        handler_name="小李",
        sheet="在办",
        row=3,
    )
    return replace(row, **more)


def done(row: CaseRow, on: str) -> CaseRow:
    """Return a row as it looks once finished."""
    return replace(row, status=CaseStatus.COMPLETED, completed_on=day(on))


def an_import(db: Database, as_of: str, extent: Extent = Extent.OPEN) -> CaseImport:
    """Record an import of a file never seen before."""
    return record_import(
        db,
        file_hash=next(_hashes),
        file_name="在办.xlsx",
        covers=Covers(extent),
        data_as_of=at(as_of),
        by_person_id=None,
        now=at(as_of),
    )


def bring_in(db: Database, *rows: CaseRow, as_of: str) -> tuple[Change, ...]:
    """Import rows, fresh as of an instant."""
    with transaction(db):
        imported = an_import(db, as_of)
        return tuple(apply_case(db, row, import_id=imported.id, now=at(as_of)) for row in rows)


def a_case(db: Database, as_of: str = "2025-01-24T17:00", **more: Any) -> Case:
    """Import one case and return it."""
    row = a_row(**more)
    bring_in(db, row, as_of=as_of)
    case = case_by_number(db, row.number)
    assert case is not None
    return case


Again = Callable[[], Case]


def again(db: Database, case: Case) -> Case:
    """Return a case as it is now."""
    found = case_by_number(db, case.number)
    assert found is not None
    return found
