"""What stops a case's clock or lengthens it: suspensions (挂起), papers (补正), extensions (延期).

People do it through `case_work.py`, which knows what is allowed; an export states it, and what an
export states in so many words goes before what was noted here, since it is the office's record.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlite_utils import Database

from reminders.case_events import record_event

PLATFORM = "platform"
"""The reason of a suspension of which an export says no more than that there is one."""


@dataclass(frozen=True, slots=True)
class Suspension:
    """A special procedure (行政许可法 art. 45) while which the clock stands still."""

    begins_on: date
    ends_on: date | None
    reason: str
    document: str | None = None
    import_id: int | None = None

    @property
    def is_imported(self) -> bool:
        """Tell whether an export stated it: then an export may end it too."""
        return self.reason == PLATFORM or self.import_id is not None

    def overlaps(self, other: Suspension) -> bool:
        """Tell whether two have a day in common."""
        latest = max(self.begins_on, other.begins_on)
        return all(s.ends_on is None or s.ends_on >= latest for s in (self, other))


@dataclass(frozen=True, slots=True)
class Extension:
    """A longer limit, approved before the old one ended (行政许可法 art. 42)."""

    days: int
    approver: str
    reason: str
    proof: str
    approved_on: date | None = None


# -- suspensions


def suspensions_by_case(
    db: Database, case_ids: Sequence[int] | None
) -> Mapping[int, tuple[Suspension, ...]]:
    """Return the suspensions of some cases, or (None) of all, each case's in order."""
    where, values = _of_cases(case_ids)
    found: dict[int, tuple[Suspension, ...]] = {}
    for case_id, begins_on, ends_on, reason, document, import_id in db.execute(
        f"""SELECT case_id, begins_on, ends_on, reason, document, import_id FROM suspensions
            {where} ORDER BY begins_on""",
        values,
    ).fetchall():
        until = date.fromisoformat(ends_on) if ends_on else None
        one = Suspension(date.fromisoformat(begins_on), until, reason, document, import_id)
        found[case_id] = (*found.get(case_id, ()), one)
    return found


def _of_cases(case_ids: Sequence[int] | None) -> tuple[str, list[str]]:
    if case_ids is None:
        return "", []
    return "WHERE case_id IN (SELECT value FROM json_each(?))", [json.dumps(list(case_ids))]


def begin_suspension(
    db: Database,
    case_id: int,
    suspension: Suspension,
    *,
    by_person_id: int | None,
    now: datetime,
) -> None:
    """Let the clock stand from a day on, and until another where it is known already."""
    ends_on = suspension.ends_on
    db.execute(
        """INSERT INTO suspensions
               (case_id, begins_on, ends_on, reason, document, by_person_id, at, import_id)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            case_id,
            suspension.begins_on.isoformat(),
            ends_on.isoformat() if ends_on else None,
            suspension.reason,
            suspension.document,
            by_person_id,
            now.isoformat(),
            suspension.import_id,
        ],
    )
    facts = {
        "begins_on": suspension.begins_on.isoformat(),
        "reason": suspension.reason,
        "document": suspension.document,
    }
    record_event(db, case_id, "suspended", by_person_id, facts, now=now)
    if ends_on:
        facts = {"ends_on": ends_on.isoformat()}
        record_event(db, case_id, "resumed", by_person_id, facts, now=now)


def end_suspension(
    db: Database, case_id: int, *, ends_on: date, by_person_id: int | None, now: datetime
) -> None:
    """Let the clock run again after a day; a stop that lasted no full day leaves no trace in it."""
    db.execute(
        "DELETE FROM suspensions WHERE case_id = ? AND ends_on IS NULL AND begins_on > ?",
        [case_id, ends_on.isoformat()],
    )
    db.execute(
        "UPDATE suspensions SET ends_on = ? WHERE case_id = ? AND ends_on IS NULL",
        [ends_on.isoformat(), case_id],
    )
    facts = {"ends_on": ends_on.isoformat()}
    record_event(db, case_id, "resumed", by_person_id, facts, now=now)


def is_known(suspension: Suspension, known: Sequence[Suspension]) -> bool:
    """Tell whether a suspension that an export states is among what is known, to the word.

    One that lasted no full day is known by leaving no trace.
    """
    said = (suspension.begins_on, suspension.ends_on, suspension.reason, suspension.document)
    replaced = _replaced(suspension, known)
    if _is_empty(suspension):
        return not replaced
    return [(k.begins_on, k.ends_on, k.reason, k.document) for k in replaced] == [said]


def _replaced(suspension: Suspension, known: Sequence[Suspension]) -> list[Suspension]:
    """Return what a stated suspension stands in place of: the same one, or one it overlaps."""
    return [k for k in known if k.begins_on == suspension.begins_on or k.overlaps(suspension)]


def _is_empty(suspension: Suspension) -> bool:
    return suspension.ends_on is not None and suspension.ends_on < suspension.begins_on


def state_suspension(
    db: Database,
    case_id: int,
    suspension: Suspension,
    known: Sequence[Suspension],
    *,
    now: datetime,
) -> None:
    """Put a suspension an export states in place of whatever it overlaps."""
    if is_known(suspension, known):
        return
    for one in _replaced(suspension, known):
        db.execute(
            "DELETE FROM suspensions WHERE case_id = ? AND begins_on = ?",
            [case_id, one.begins_on.isoformat()],
        )
    if not _is_empty(suspension):
        begin_suspension(db, case_id, suspension, by_person_id=None, now=now)


# -- extensions


def extended_days_by_case(db: Database, case_ids: Sequence[int] | None) -> Mapping[int, int]:
    """Return by how many working days some cases, or (None) all, are extended."""
    where, values = _of_cases(case_ids)
    return dict(db.execute(f"SELECT case_id, days FROM extensions {where}", values).fetchall())


def extension_of(db: Database, case_id: int) -> Extension | None:
    """Return the extension of a case."""
    row = db.execute(
        "SELECT days, approver, reason, proof, approved_on FROM extensions WHERE case_id = ?",
        [case_id],
    ).fetchone()
    if row is None:
        return None
    days, approver, reason, proof, approved_on = row
    on = date.fromisoformat(approved_on) if approved_on else None
    return Extension(days, approver, reason, proof, on)


def put_extension(
    db: Database,
    case_id: int,
    extension: Extension,
    *,
    by_person_id: int | None,
    import_id: int | None,
    now: datetime,
) -> None:
    """Note a case's extension; there is one at most, so an export's corrects what is known."""
    approved_on = extension.approved_on.isoformat() if extension.approved_on else None
    db.execute(
        """INSERT INTO extensions
               (case_id, days, approver, reason, proof, approved_on, by_person_id, import_id, at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (case_id) DO UPDATE SET days = excluded.days,
               approver = excluded.approver, reason = excluded.reason, proof = excluded.proof,
               approved_on = excluded.approved_on, by_person_id = excluded.by_person_id,
               import_id = excluded.import_id, at = excluded.at""",
        [
            case_id,
            extension.days,
            extension.approver,
            extension.reason,
            extension.proof,
            approved_on,
            by_person_id,
            import_id,
            now.isoformat(),
        ],
    )
    facts = {
        "days": extension.days,
        "approver": extension.approver,
        "reason": extension.reason,
        "proof": extension.proof,
        "approved_on": approved_on,
    }
    record_event(db, case_id, "extended", by_person_id, facts, now=now)


# -- papers


def ask_papers(
    db: Database,
    case_id: int,
    *,
    asked_on: date,
    source: str,
    by_person_id: int | None,
    now: datetime,
) -> None:
    """Note that papers were asked for (补正): the clock has not started."""
    db.execute(
        "UPDATE cases SET papers_asked_on = ?, papers_source = ? WHERE id = ?",
        [asked_on.isoformat(), source, case_id],
    )
    facts = {"asked_on": asked_on.isoformat(), "source": source}
    record_event(db, case_id, "papers_asked", by_person_id, facts, now=now)


def end_papers(
    db: Database, case_id: int, *, arrived_on: date | None, by_person_id: int | None, now: datetime
) -> None:
    """Start the clock on the day the last paper arrived; None: they were never asked for.

    Whether it may start there depends on when they were asked for, which is kept.
    """
    db.execute(
        """UPDATE cases SET papers_asked_on = NULL, papers_source = NULL,
               papers_stood_on = iif(?1 IS NULL, papers_stood_on, papers_asked_on),
               starts_on = coalesce(?1, starts_on) WHERE id = ?2""",
        [arrived_on.isoformat() if arrived_on else None, case_id],
    )
    kind = "papers_arrived" if arrived_on else "papers_unconfirmed"
    facts = {"arrived_on": arrived_on.isoformat()} if arrived_on else {}
    record_event(db, case_id, kind, by_person_id, facts, now=now)
