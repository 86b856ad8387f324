"""What people do to a case: stop and start its clock, hand it over, say when it will be done.

Each function raises NotAllowed with a reason code where the rules forbid it. Doing the same
twice has the effect of once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlite_utils import Database

from reminders.case_clock import (
    Extension,
    Suspension,
    ask_papers,
    begin_suspension,
    end_papers,
    end_suspension,
    put_extension,
)
from reminders.case_events import record_event
from reminders.cases import Case, CaseRow, apply_case, case_by_id, case_by_number
from reminders.recipients import Scope
from reminders.working_days import Calendar, working_days_between

PERSON = "person"
LONGEST_EXTENSION = 10
LONGEST_JOINT_EXTENSION = 15


class NotAllowed(Exception):  # noqa: N818 - an expected "no" is not an error
    """An expected "no" with its reason code."""

    def __init__(self, reason: str) -> None:
        """Carry the reason."""
        super().__init__(reason)
        self.reason = reason


class Procedure(StrEnum):
    """The special procedures whose time is not counted (行政许可法 art. 45; Anyang art. 37)."""

    HEARING = "hearing"
    BIDDING = "bidding"
    AUCTION = "auction"
    INSPECTION = "inspection"
    TESTING = "testing"
    QUARANTINE = "quarantine"
    APPRAISAL = "appraisal"
    EXPERT_REVIEW = "expert_review"
    SITE_VISIT = "site_visit"


class Cause(StrEnum):
    """Why a case was late; the unit must say it (优化营商环境条例 art. 36)."""

    SLOW = "slow"
    UNTOLD = "untold"
    PAPERS = "papers"
    OTHER_UNIT = "other_unit"
    SYSTEM = "system"
    STAFFING = "staffing"
    WRONG_DATA = "wrong_data"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody said they know: `done_by_on` is the day they named, None for 已办结."""

    case_id: int
    person_id: int
    at: datetime
    done_by_on: date | None


def accept_case(db: Database, row: CaseRow, *, import_id: int, now: datetime) -> Case:
    """Accept a case that is not known yet, or return the one with this number."""
    apply_case(db, row, import_id=import_id, now=now)
    case = case_by_number(db, row.number)
    assert case is not None
    return case


def complete_case(
    db: Database, case: Case, *, completed_on: date, by_person_id: int | None, now: datetime
) -> Case:
    """Finish a case that is known to be done, as a lead confirms for a missing one."""
    if not case.is_open:
        return case
    if completed_on < case.accepted_on or completed_on > now.date():
        raise NotAllowed("completion_day")
    db.execute(
        "UPDATE cases SET completed_on = ?, missing = NULL, missing_at = NULL WHERE id = ?",
        [completed_on.isoformat(), case.id],
    )
    facts = {"completed_on": completed_on.isoformat()}
    record_event(db, case.id, "completed", by_person_id, facts, now=now)
    return case_by_id(db, case.id)


def confirm_done(
    db: Database, cases: Sequence[Case], *, by_person_id: int, now: datetime
) -> tuple[Case, ...]:
    """Finish the missing ones among cases, in one go, as of the day they dropped out."""
    return tuple(
        complete_case(
            db, case, completed_on=case.missing_at.date(), by_person_id=by_person_id, now=now
        )
        for case in cases
        if case.missing_at is not None
    )


def suspend_case(
    db: Database,
    case: Case,
    procedure: Procedure,
    document: str,
    *,
    begins_on: date,
    by_person_id: int | None,
    site_visit_counts: bool,
    now: datetime,
) -> Case:
    """Let the clock stand for a special procedure, with the document that says so."""
    _check_open(case)
    if not document.strip():
        raise NotAllowed("document_missing")
    if procedure is Procedure.SITE_VISIT and not site_visit_counts:
        raise NotAllowed("site_visit")
    if case.open_suspension() is not None:
        return case
    if begins_on < case.starts_on or begins_on > now.date() + timedelta(days=31):
        raise NotAllowed("suspension_day")
    if any(s.ends_on is not None and s.ends_on >= begins_on for s in case.suspensions):
        raise NotAllowed("suspension_day")
    suspension = Suspension(begins_on, None, procedure, document)
    begin_suspension(db, case.id, suspension, by_person_id=by_person_id, now=now)
    return case_by_id(db, case.id)


def resume_case(
    db: Database, case: Case, *, ends_on: date, by_person_id: int | None, now: datetime
) -> Case:
    """Let the clock run again after the last full day of the special procedure."""
    suspension = case.open_suspension()
    if suspension is None:
        return case
    if ends_on < suspension.begins_on - timedelta(days=1):
        raise NotAllowed("suspension_day")
    end_suspension(db, case.id, ends_on=ends_on, by_person_id=by_person_id, now=now)
    return case_by_id(db, case.id)


def supplement_case(
    db: Database,
    case: Case,
    calendar: Calendar,
    *,
    notice_days: int,
    due_on: date,
    by_person_id: int,
    now: datetime,
) -> Case:
    """Ask for missing papers: once, within `notice_days` working days of receipt (art. 32).

    Silence means accepted on the day of receipt, and a second request is no ground for a stop.
    A promise that is broken already is not mended by it.
    """
    _check_open(case)
    if case.papers_asked_on is not None:
        return case
    if _asked_before(db, case):
        raise NotAllowed("papers_asked_before")
    today = now.date()
    if today > due_on:
        raise NotAllowed("papers_overdue")
    if working_days_between(calendar, case.accepted_on, today) > notice_days:
        raise NotAllowed("papers_too_late")
    ask_papers(db, case.id, asked_on=today, source=PERSON, by_person_id=by_person_id, now=now)
    return case_by_id(db, case.id)


def _asked_before(db: Database, case: Case) -> bool:
    row = db.execute(
        "SELECT 1 FROM case_events WHERE case_id = ? AND kind = 'papers_asked' LIMIT 1", [case.id]
    ).fetchone()
    return row is not None


def papers_arrived(
    db: Database, case: Case, *, arrived_on: date, by_person_id: int, now: datetime
) -> Case:
    """Start the clock: the last paper asked for has arrived (art. 32 (5))."""
    if case.papers_asked_on is None:
        return case
    if not case.papers_asked_on <= arrived_on <= now.date():
        raise NotAllowed("arrival_day")
    end_papers(db, case.id, arrived_on=arrived_on, by_person_id=by_person_id, now=now)
    return case_by_id(db, case.id)


def extend_case(
    db: Database,
    case: Case,
    days: int,
    *,
    due_on: date,
    approver: str,
    reason: str,
    proof: str,
    joint: bool = False,
    by_person_id: int | None,
    now: datetime,
) -> Case:
    """Extend the limit once, before it ends, with approver, reason and proof (art. 42).

    Ten working days at most, fifteen where several offices decide together.
    """
    check_extension(case, due_on=due_on, now=now)
    if not 0 < days <= (LONGEST_JOINT_EXTENSION if joint else LONGEST_EXTENSION):
        raise NotAllowed("extension_days")
    if not (approver.strip() and reason.strip() and proof.strip()):
        raise NotAllowed("extension_papers")
    put_extension(
        db,
        case.id,
        Extension(days, approver, reason, proof, now.date()),
        by_person_id=by_person_id,
        import_id=None,
        now=now,
    )
    return case_by_id(db, case.id)


def check_extension(case: Case, *, due_on: date, now: datetime) -> None:
    """Refuse to extend what is finished, was extended before, or whose limit has ended."""
    _check_open(case)
    if case.extended_days:
        raise NotAllowed("extended_before")
    if now.date() > due_on:
        raise NotAllowed("extension_too_late")


def acknowledge(
    db: Database, case: Case, person_id: int, *, done_by_on: date | None, now: datetime
) -> None:
    """Note that somebody knows and will be done by a day, or (None) says that it is done.

    It silences what is told to that person, and stops neither the clock nor the ladder for
    others. The same word twice in a row counts once; after an import it is a new one.
    """
    _check_open(case)
    if done_by_on is not None and done_by_on < now.date():
        raise NotAllowed("day_passed")
    import_id = db.execute("SELECT max(id) FROM case_imports").fetchone()[0]
    day = done_by_on.isoformat() if done_by_on else None
    last = db.execute(
        """SELECT done_by_on, import_id FROM acknowledgements
           WHERE case_id = ? AND person_id = ? ORDER BY id DESC LIMIT 1""",
        [case.id, person_id],
    ).fetchone()
    if last == (day, import_id):
        return
    db.execute(
        """INSERT INTO acknowledgements (case_id, person_id, at, on_day, done_by_on, import_id)
           VALUES (?, ?, ?, ?, ?, ?)""",
        [case.id, person_id, now.isoformat(), now.date().isoformat(), day, import_id],
    )
    facts = {"done_by_on": day} if day else {}
    kind = "acknowledged" if day else "said_done"
    record_event(db, case.id, kind, person_id, facts, now=now)


def latest_acknowledgements(db: Database) -> Mapping[tuple[int, int], Acknowledgement]:
    """Return each person's last word on each open case, by case and person."""
    rows = db.execute(
        """SELECT a.case_id, a.person_id, a.at, a.done_by_on FROM acknowledgements a
           JOIN cases c ON c.id = a.case_id WHERE c.completed_on IS NULL ORDER BY a.id"""
    ).fetchall()
    return {(row[0], row[1]): _acknowledgement(row) for row in rows}


def latest_acknowledgements_on(
    db: Database, case_ids: Iterable[int]
) -> Mapping[tuple[int, int], Acknowledgement]:
    """Return each person's last word on some cases, by case and person."""
    rows = db.execute(
        """SELECT case_id, person_id, at, done_by_on FROM acknowledgements
           WHERE case_id IN (SELECT value FROM json_each(?)) ORDER BY id""",
        [json.dumps(sorted(set(case_ids)))],
    ).fetchall()
    return {(row[0], row[1]): _acknowledgement(row) for row in rows}


def acknowledgements_of(db: Database, case: Case) -> tuple[Acknowledgement, ...]:
    """Return everything said on one case, in order."""
    rows = db.execute(
        """SELECT case_id, person_id, at, done_by_on FROM acknowledgements
           WHERE case_id = ? ORDER BY id""",
        [case.id],
    ).fetchall()
    return tuple(_acknowledgement(row) for row in rows)


def _acknowledgement(row: Sequence[str | int | None]) -> Acknowledgement:
    case_id, person_id, at, done_by_on = row
    assert isinstance(case_id, int)
    assert isinstance(person_id, int)
    assert isinstance(at, str)
    day = date.fromisoformat(done_by_on) if isinstance(done_by_on, str) else None
    return Acknowledgement(case_id, person_id, datetime.fromisoformat(at), day)


def offer_case(
    db: Database, case: Case, to_person_id: int, *, by_person_id: int, now: datetime
) -> Case:
    """Offer a case to a colleague (转办); until they take it over both are reminded."""
    _check_open(case)
    if to_person_id == by_person_id:
        raise NotAllowed("offered_to_self")
    if case.offered_to_id == to_person_id:
        return case
    db.execute("UPDATE cases SET offered_to_id = ? WHERE id = ?", [to_person_id, case.id])
    record_event(db, case.id, "offered", by_person_id, {"to": to_person_id}, now=now)
    return case_by_id(db, case.id)


def take_over_case(db: Database, case: Case, person_id: int, *, now: datetime) -> Case:
    """Take over a case that was offered (接收)."""
    if case.handler_id == person_id and case.offered_to_id is None:
        return case
    _check_open(case)
    if case.offered_to_id != person_id:
        raise NotAllowed("not_offered")
    db.execute(
        "UPDATE cases SET handler_id = ?, offered_to_id = NULL WHERE id = ?", [person_id, case.id]
    )
    record_event(db, case.id, "taken_over", person_id, {}, now=now)
    return case_by_id(db, case.id)


def move_cases(
    db: Database,
    cases: Sequence[Case],
    to_person_id: int,
    note: str,
    *,
    by_person_id: int | None,
    now: datetime,
) -> int:
    """Move open cases to another handler at once, as in the monthly rotation, with a note."""
    moved = [c for c in cases if c.is_open and c.handler_id != to_person_id]
    for case in moved:
        db.execute(
            "UPDATE cases SET handler_id = ?, offered_to_id = NULL WHERE id = ?",
            [to_person_id, case.id],
        )
        facts = {"to": to_person_id, "note": note}
        record_event(db, case.id, "moved", by_person_id, facts, now=now)
    return len(moved)


def report_wrong(db: Database, case: Case, person_id: int, *, now: datetime) -> bool:
    """Note that what we know of a case is wrong (有误); tell whether it is new today."""
    row = db.execute(
        """SELECT 1 FROM case_events WHERE case_id = ? AND kind = 'reported_wrong'
               AND by_person_id = ? AND at >= ?""",
        [case.id, person_id, now.date().isoformat()],
    ).fetchone()
    if row is None:
        record_event(db, case.id, "reported_wrong", person_id, {}, now=now)
    return row is None


def give_cause(db: Database, case: Case, cause: Cause, person_id: int, *, now: datetime) -> Case:
    """Say why a case is or was late; it is an explanation, not an excuse."""
    if case.cause == cause:
        return case
    db.execute("UPDATE cases SET cause = ? WHERE id = ?", [cause, case.id])
    record_event(db, case.id, "cause_given", person_id, {"cause": cause}, now=now)
    return case_by_id(db, case.id)


def _check_open(case: Case) -> None:
    if not case.is_open:
        raise NotAllowed("not_open")


def case_within(db: Database, scope: Scope, case_id: int) -> Case | None:
    """Return a case if it lies within a scope."""
    try:
        case = case_by_id(db, case_id)
    except KeyError:
        return None
    return case if scope.answers_for(case.scope) else None
