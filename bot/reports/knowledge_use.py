"""How the knowledge is used: what is asked most, and which slips a change of it touches."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from knowledge.changes import touched_entries
from knowledge.checklist import checklist, valid_answers
from knowledge.model import KnowledgeBase

ASKED_DAYS = 90
TAILS = 20
TAIL_LENGTH = 6


@dataclass(frozen=True, slots=True)
class TouchedSlips:
    """Slips whose list now reads differently: how many, tails of their numbers, whom to tell."""

    count: int = 0
    tails: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()


def asked_counts(db: Database, *, now: datetime) -> Mapping[str, int]:
    """Return how often each entry was asked for in the last 90 days."""
    since = (now - timedelta(days=ASKED_DAYS)).date().isoformat()
    rows = db.execute(
        "SELECT entry_id, count(*) FROM interactions WHERE began_on >= ? GROUP BY entry_id",
        [since],
    ).fetchall()
    return {entry_id: int(count) for entry_id, count in rows}


def touched_slips(
    db: Database, old: KnowledgeBase, new: KnowledgeBase, *, now: datetime, slip_days: int
) -> TouchedSlips:
    """Return the slips still open whose list differs between two knowledge bases."""
    touched = sorted(touched_entries(old, new))
    if not touched:
        return TouchedSlips()
    rows = db.execute(
        """SELECT entry_id, answers, district, group_concat(substr(number, -6)),
                  group_concat(DISTINCT window), count(*)
           FROM slips WHERE made_at >= ? AND entry_id IN (SELECT value FROM json_each(?))
           GROUP BY entry_id, answers, district ORDER BY max(id) DESC""",
        [(now - timedelta(days=slip_days)).isoformat(), json.dumps(touched)],
    ).fetchall()
    found = [row for row in rows if _differs(old, new, row[0], row[1], row[2], now)]
    tails = [tail for row in found for tail in row[3].split(",")]
    windows = {window for row in found for window in (row[4] or "").split(",") if window}
    owners = {_owner(new, row[0]) or _owner(old, row[0]) for row in found} - {None}
    names = [new.departments[o].name for o in sorted(map(str, owners)) if o in new.departments]
    count = sum(int(row[5]) for row in found)
    return TouchedSlips(count, tuple(tails[:TAILS]), tuple(sorted(windows)), tuple(names))


def _owner(base: KnowledgeBase, entry_id: str) -> str | None:
    entry = base.entries.get(entry_id)
    return entry.owner if entry else None


def _differs(
    old: KnowledgeBase,
    new: KnowledgeBase,
    entry_id: str,
    answers: str,
    district: str | None,
    now: datetime,
) -> bool:
    """Tell whether a list reads differently; what only helps to find an entry does not count."""
    return _told(old, entry_id, answers, district, now) != _told(
        new, entry_id, answers, district, now
    )


def _told(
    base: KnowledgeBase, entry_id: str, answers: str, district: str | None, now: datetime
) -> tuple[object, ...] | None:
    entry = base.entries.get(entry_id)
    if entry is None or entry.paused:
        return None
    given = valid_answers(entry, json.loads(answers))
    listed = checklist(base, entry, given, today=now.date(), district=district)
    return (
        given,
        listed.route,
        listed.materials,
        listed.steps,
        listed.limits,
        listed.fees,
        listed.locations,
        listed.conditions,
        listed.prepare,
        listed.traps,
    )
