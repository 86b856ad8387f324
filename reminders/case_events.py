"""Everything that happened to a case (经过): written as it happens, read for its proof."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """Something that happened to a case."""

    at: datetime
    kind: str
    by_person_id: int | None
    facts: Mapping[str, Any]


def record_event(
    db: Database,
    case_id: int,
    kind: str,
    by_person_id: int | None,
    facts: Mapping[str, Any],
    *,
    now: datetime,
) -> None:
    """Record that something happened to a case."""
    db.execute(
        "INSERT INTO case_events (case_id, at, kind, by_person_id, facts) VALUES (?, ?, ?, ?, ?)",
        [case_id, now.isoformat(), kind, by_person_id, json.dumps(dict(facts), ensure_ascii=False)],
    )


def events_of(db: Database, case_id: int) -> tuple[CaseEvent, ...]:
    """Return what happened to a case, in order."""
    rows = db.execute(
        "SELECT at, kind, by_person_id, facts FROM case_events WHERE case_id = ? ORDER BY id",
        [case_id],
    ).fetchall()
    return tuple(
        CaseEvent(datetime.fromisoformat(at), kind, by, json.loads(facts))
        for at, kind, by, facts in rows
    )
