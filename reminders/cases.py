"""Cases (办件): what the platform's export says of them, and where each row came from.

What people do to a case stands in `case_work.py`; deadlines and stages are computed in
`overdue.py` and never stored. No transaction is opened here: the caller's is used.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlite_utils import Database

from reminders.case_clock import (
    PLATFORM,
    Extension,
    Suspension,
    ask_papers,
    begin_suspension,
    end_papers,
    end_suspension,
    extended_days_by_case,
    extension_of,
    is_known,
    put_extension,
    state_suspension,
    suspensions_by_case,
)
from reminders.case_events import record_event
from reminders.recipients import MUNICIPAL, Scope
from reminders.working_days import Stop

_ONE_DAY = timedelta(days=1)


class CaseKind(StrEnum):
    """即办件 are finished on the spot, 承诺件 within a promised limit."""

    IMMEDIATE = "immediate"
    PROMISED = "promised"


class CaseStatus(StrEnum):
    """What an export says of a case."""

    OPEN = "open"
    SUSPENDED = "suspended"
    AWAITING_PAPERS = "awaiting_papers"
    COMPLETED = "completed"


class Missing(StrEnum):
    """Why a case has dropped out of an import: 待核, or 可能已办结 from an open-only export."""

    UNVERIFIED = "unverified"
    PERHAPS_DONE = "perhaps_done"


class Change(StrEnum):
    """What an imported row does to our records."""

    ADDED = "added"
    UPDATED = "updated"
    CLOSED = "closed"
    UNCHANGED = "unchanged"


class Extent(StrEnum):
    """What the sender says a file holds: the open cases (在办) or all (全部)."""

    OPEN = "open"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Covers:
    """The range a file covers; an empty tuple or None narrows nothing."""

    extent: Extent
    districts: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    accepted_from: date | None = None
    accepted_to: date | None = None

    def includes(self, case: Case) -> bool:
        """Tell whether a case lies inside the range."""
        return (
            (not self.districts or case.scope.district in self.districts)
            and (not self.departments or case.scope.department in self.departments)
            and (self.accepted_from is None or case.accepted_on >= self.accepted_from)
            and (self.accepted_to is None or case.accepted_on <= self.accepted_to)
        )


@dataclass(frozen=True, slots=True)
class CaseImport:
    """One import: the file, who sent it, what it covers and how fresh its data are."""

    id: int
    file_hash: str
    file_name: str
    at: datetime
    by_person_id: int | None
    covers: Covers
    data_as_of: datetime


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A row of an export, parsed and masked; `applicant` is masked already (张*)."""

    number: str
    item: str
    accepted_on: date
    limit_days: int
    status: CaseStatus = CaseStatus.OPEN
    completed_on: date | None = None
    statutory_days: int | None = None
    kind: CaseKind = CaseKind.PROMISED
    entry_id: str | None = None
    unit: str | None = None
    scope: Scope = Scope()  # noqa: RUF009 - frozen
    applicant: str | None = None
    handler_number: str | None = None
    handler_name: str | None = None
    suspension: Suspension | None = None
    extension: Extension | None = None
    cause: str | None = None
    cause_words: str | None = None
    step: str | None = None
    step_due_on: date | None = None
    sheet: str | None = None
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One application in progress, or finished; what is computed from it is not stored here."""

    id: int
    number: str
    item: str
    entry_id: str | None
    kind: CaseKind
    unit: str | None
    scope: Scope
    applicant: str | None
    accepted_on: date
    starts_on: date
    limit_days: int
    statutory_days: int | None
    handler_number: str | None
    handler_name: str | None
    handler_id: int | None
    offered_to_id: int | None
    papers_asked_on: date | None
    papers_source: str | None
    completed_on: date | None
    missing: Missing | None
    missing_at: datetime | None
    cause: str | None
    import_id: int | None
    sheet: str | None
    row: int | None
    step: str | None = None
    step_due_on: date | None = None
    suspensions: tuple[Suspension, ...] = ()
    extended_days: int = 0
    papers_stood_on: date | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether the case is still in progress."""
        return self.completed_on is None

    @property
    def unit_name(self) -> str:
        """Return the unit that answers for the case, with its district or 市直 where that differs.

        Every district has a 人社局: only both together are one unit.
        """
        district = self.scope.district or MUNICIPAL
        if self.unit is None or self.unit.startswith(district.rstrip("区县")):
            return self.unit or district
        return f"{district}·{self.unit}"

    def late_step(self, today: date) -> str | None:
        """Return the step (环节) the case is in, if that has run over its own limit."""
        late = self.is_open and self.step_due_on is not None and self.step_due_on < today
        return self.step if late else None

    def open_suspension(self) -> Suspension | None:
        """Return the special procedure that has not ended yet."""
        return next((s for s in self.suspensions if s.ends_on is None), None)

    def stops(self, today: date) -> tuple[Stop, ...]:
        """Return the days on which the clock stood still, an open suspension until `today`."""
        return tuple((s.begins_on, s.ends_on or max(s.begins_on, today)) for s in self.suspensions)


# -- imports


def record_import(
    db: Database,
    *,
    file_hash: str,
    file_name: str,
    covers: Covers,
    data_as_of: datetime,
    by_person_id: int | None,
    now: datetime,
) -> CaseImport:
    """Record an import; the same file with the same range again is the same import."""
    db.execute(
        """INSERT OR IGNORE INTO case_imports
               (file_hash, file_name, at, by_person_id, covers, data_as_of)
           VALUES (?, ?, ?, ?, ?, ?)""",
        [
            file_hash,
            file_name,
            now.isoformat(),
            by_person_id,
            _covers_text(covers),
            data_as_of.isoformat(),
        ],
    )
    row = db.execute(
        f"{_IMPORTS} WHERE file_hash = ? AND covers = ?", [file_hash, _covers_text(covers)]
    ).fetchone()
    return _import(row)


_IMPORTS = """SELECT id, file_hash, file_name, at, by_person_id, covers, data_as_of
              FROM case_imports"""


def _covers_text(covers: Covers) -> str:
    return json.dumps(
        {
            "extent": covers.extent,
            "districts": sorted(covers.districts),
            "departments": sorted(covers.departments),
            "accepted_from": covers.accepted_from and covers.accepted_from.isoformat(),
            "accepted_to": covers.accepted_to and covers.accepted_to.isoformat(),
        },
        ensure_ascii=False,
    )


def _import(row: Any) -> CaseImport:
    import_id, file_hash, file_name, at, by_person_id, covers, data_as_of = row
    said = json.loads(covers)
    return CaseImport(
        id=import_id,
        file_hash=file_hash,
        file_name=file_name,
        at=datetime.fromisoformat(at),
        by_person_id=by_person_id,
        covers=Covers(
            Extent(said["extent"]),
            tuple(said["districts"]),
            tuple(said["departments"]),
            _day(said["accepted_from"]),
            _day(said["accepted_to"]),
        ),
        data_as_of=datetime.fromisoformat(data_as_of),
    )


def imports(db: Database) -> tuple[CaseImport, ...]:
    """Return every import, the one with the freshest data first."""
    rows = db.execute(f"{_IMPORTS} ORDER BY data_as_of DESC, id DESC").fetchall()
    return tuple(_import(row) for row in rows)


def data_as_of(known: Sequence[CaseImport], district: str | None) -> datetime | None:
    """Return how fresh the data are (数据截至) for a district; None: of the city as a whole.

    Without a district it is the freshest import of the whole city, else the oldest of the
    freshest per district, since a figure is only as fresh as its stalest part.
    """
    of_city = [i.data_as_of for i in known if not i.covers.districts]
    if district is not None:
        of_city += [i.data_as_of for i in known if district in i.covers.districts]
        return max(of_city, default=None)
    named = {d for i in known for d in i.covers.districts}
    freshest = [f for d in named if (f := data_as_of(known, d)) is not None]
    return min(freshest) if freshest else max(of_city, default=None)


# -- what a row does


_PLAIN = ("item", "entry_id", "kind", "unit", "limit_days", "statutory_days")
_OF_STEP = ("step", "step_due_on")
_OF_HANDLER = ("handler_number", "handler_name")


def compare_case(db: Database, row: CaseRow, *, data_as_of: datetime) -> Change:
    """Tell what a row would do, without doing it (the dry run)."""
    case = case_by_number(db, row.number)
    if case is None:
        return Change.ADDED
    if _is_older(db, case, data_as_of):
        return Change.UNCHANGED
    return _change(case, row, _differences(db, case, row))


def _is_older(db: Database, case: Case, as_of: datetime) -> bool:
    """Tell whether the case is known from fresher data: an old file must not turn it back."""
    known = db.execute(
        "SELECT data_as_of FROM case_imports WHERE id = ?", [case.import_id]
    ).fetchone()
    return known is not None and datetime.fromisoformat(known[0]) > as_of


def _change(case: Case, row: CaseRow, differences: Mapping[str, list[str | None]]) -> Change:
    if case.is_open and row.status is CaseStatus.COMPLETED:
        return Change.CLOSED
    return Change.UPDATED if differences else Change.UNCHANGED


def _differences(db: Database, case: Case, row: CaseRow) -> dict[str, list[str | None]]:
    """Return what differs, each with the old and the new value."""
    pairs: dict[str, tuple[Any, Any]] = {
        name: (getattr(case, name), getattr(row, name))
        for name in (*_PLAIN, *_OF_HANDLER, *_OF_STEP)
    }
    pairs["accepted_on"] = (case.accepted_on, row.accepted_on)
    pairs["district"] = (case.scope.district, row.scope.district)
    pairs["department"] = (case.scope.department, row.scope.department)
    pairs["window"] = (case.scope.window, row.scope.window)
    pairs["applicant"] = (case.applicant, row.applicant)
    pairs["status"] = (_status(case, row), row.status)
    pairs["completed_on"] = (case.completed_on, row.completed_on)
    pairs["missing"] = (case.missing, None)
    if row.suspension is not None and not is_known(row.suspension, case.suspensions):
        pairs["suspension"] = (None, _period(row.suspension))
    if row.extension is not None:
        pairs["extension"] = (extension_of(db, case.id), row.extension)
    if _brings_cause(db, case, row):
        pairs["cause"] = (case.cause, row.cause)
    return {name: [_text(a), _text(b)] for name, (a, b) in pairs.items() if a != b}


def _period(suspension: Suspension) -> str:
    return f"{suspension.begins_on} {suspension.ends_on or ''} {suspension.reason}"


def _brings_cause(db: Database, case: Case, row: CaseRow) -> bool:
    """Tell whether a row says a new cause: what a person said here, no export changes."""
    if row.cause is None or row.cause == case.cause:
        return False
    said = db.execute(
        """SELECT by_person_id FROM case_events WHERE case_id = ? AND kind = 'cause_given'
           ORDER BY id DESC LIMIT 1""",
        [case.id],
    ).fetchone()
    return said is None or said[0] is None


def _status(case: Case, row: CaseRow) -> CaseStatus:
    """Return the state as an export would name it; a stop noted here only, it need not know."""
    if not case.is_open:
        return CaseStatus.COMPLETED
    if case.papers_asked_on is not None:
        return CaseStatus.AWAITING_PAPERS
    suspension = case.open_suspension()
    if suspension is None:
        return CaseStatus.OPEN
    either = row.status in (CaseStatus.OPEN, CaseStatus.SUSPENDED)
    return row.status if either and not suspension.is_imported else CaseStatus.SUSPENDED


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def apply_case(db: Database, row: CaseRow, *, import_id: int, now: datetime) -> Change:
    """Bring a case up to what a row says; the same row again changes nothing.

    A row from data older than what is known of the case changes nothing either. A completed
    row needs `completed_on`; a case whose papers were asked for in chat runs again when the
    export still shows it open (there is no second stop, 行政许可法 art. 32).
    """
    imported = _import(db.execute(f"{_IMPORTS} WHERE id = ?", [import_id]).fetchone())
    on = imported.data_as_of.date()
    case = case_by_number(db, row.number)
    if case is None:
        case = _insert(db, row, import_id, now)
        _follow_status(db, case, row, on, import_id, now)
        return Change.ADDED
    if _is_older(db, case, imported.data_as_of):
        return Change.UNCHANGED
    differences = _differences(db, case, row)
    change = _change(case, row, differences)
    if change is Change.UNCHANGED:
        db.execute(
            "UPDATE cases SET import_id = ?, sheet = ?, row = ? WHERE id = ?",
            [import_id, row.sheet, row.row, case.id],
        )
        return change
    _update(db, case, row, import_id)
    record_event(db, case.id, f"import_{change}", None, differences, now=now)
    _follow_status(db, case, row, on, import_id, now)
    return change


def _insert(db: Database, row: CaseRow, import_id: int | None, now: datetime) -> Case:
    cursor = db.execute(
        """INSERT INTO cases (number, item, entry_id, kind, unit, district, department, window,
               applicant, accepted_on, starts_on, limit_days, statutory_days, handler_number,
               handler_name, completed_on, step, step_due_on, import_id, sheet, row)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            row.number,
            row.item,
            row.entry_id,
            row.kind,
            row.unit,
            row.scope.district,
            row.scope.department,
            row.scope.window,
            row.applicant,
            row.accepted_on.isoformat(),
            row.accepted_on.isoformat(),
            row.limit_days,
            row.statutory_days,
            row.handler_number,
            row.handler_name,
            _completed_on(row),
            row.step,
            row.step_due_on.isoformat() if row.step_due_on else None,
            import_id,
            row.sheet,
            row.row,
        ],
    )
    case_id = int(cursor.lastrowid or 0)
    accepted = {"accepted_on": row.accepted_on.isoformat()}
    record_event(db, case_id, "accepted", None, accepted, now=now)
    if row.status is CaseStatus.COMPLETED:
        done = {"completed_on": _completed_on(row)}
        record_event(db, case_id, "completed", None, done, now=now)
    return case_by_id(db, case_id)


def _completed_on(row: CaseRow) -> str | None:
    if row.status is not CaseStatus.COMPLETED:
        return None
    assert row.completed_on is not None, "a completed row is refused without its day"
    return row.completed_on.isoformat()


def _update(db: Database, case: Case, row: CaseRow, import_id: int) -> None:
    """Write what the row says; a handler changed on the platform ends a hand-over made here."""
    starts_on = case.starts_on if case.starts_on > case.accepted_on else row.accepted_on
    moved = (case.handler_number, case.handler_name) != (row.handler_number, row.handler_name)
    db.execute(
        """UPDATE cases SET item = ?, entry_id = ?, kind = ?, unit = ?, district = ?,
               department = ?, window = ?, applicant = ?, accepted_on = ?, starts_on = ?,
               limit_days = ?, statutory_days = ?, handler_number = ?, handler_name = ?,
               handler_id = ?, offered_to_id = ?, completed_on = ?, step = ?,
               step_due_on = ?, missing = NULL, missing_at = NULL, import_id = ?, sheet = ?, row = ?
           WHERE id = ?""",
        [
            row.item,
            row.entry_id,
            row.kind,
            row.unit,
            row.scope.district,
            row.scope.department,
            row.scope.window,
            row.applicant,
            row.accepted_on.isoformat(),
            max(starts_on, row.accepted_on).isoformat(),
            row.limit_days,
            row.statutory_days,
            row.handler_number,
            row.handler_name,
            None if moved else case.handler_id,
            None if moved else case.offered_to_id,
            _completed_on(row),
            row.step,
            row.step_due_on.isoformat() if row.step_due_on else None,
            import_id,
            row.sheet,
            row.row,
            case.id,
        ],
    )


def _follow_status(
    db: Database, case: Case, row: CaseRow, on: date, import_id: int, now: datetime
) -> None:
    """Let the clock stand or run as the row says, from the day the data are of."""
    if row.suspension is not None:
        stated = replace(row.suspension, import_id=import_id)
        state_suspension(db, case.id, stated, case.suspensions, now=now)
        case = case_by_id(db, case.id)
    if row.extension is not None and row.extension != extension_of(db, case.id):
        put_extension(db, case.id, row.extension, by_person_id=None, import_id=import_id, now=now)
    if _brings_cause(db, case, row):
        db.execute("UPDATE cases SET cause = ? WHERE id = ?", [row.cause, case.id])
        facts = {"cause": row.cause, "words": row.cause_words}
        record_event(db, case.id, "cause_given", None, facts, now=now)
    suspension = case.open_suspension()
    if row.status is CaseStatus.SUSPENDED:
        if suspension is None:
            begins = Suspension(on, None, PLATFORM)
            begin_suspension(db, case.id, begins, by_person_id=None, now=now)
    elif suspension is not None and (suspension.is_imported or row.status is CaseStatus.COMPLETED):
        end_suspension(db, case.id, ends_on=on - _ONE_DAY, by_person_id=None, now=now)
    if row.status is CaseStatus.AWAITING_PAPERS:
        if case.papers_asked_on is None and case.papers_stood_on is None:
            asked_on = _asked_since(db, case, import_id)
            ask_papers(db, case.id, asked_on=asked_on, source=PLATFORM, by_person_id=None, now=now)
    elif case.papers_asked_on is not None:
        arrived_on = on if case.papers_source == PLATFORM else None
        end_papers(db, case.id, arrived_on=arrived_on, by_person_id=None, now=now)


def _asked_since(db: Database, case: Case, import_id: int) -> date:
    """Return the earliest day on which the platform can have asked for papers; it names none.

    The case was running in the data before these; a new one may have stood from its acceptance.
    """
    if case.import_id in (None, import_id):
        return case.accepted_on
    row = db.execute("SELECT data_as_of FROM case_imports WHERE id = ?", [case.import_id])
    return max(case.accepted_on, datetime.fromisoformat(row.fetchone()[0]).date())


def missing_cases(db: Database, covers: Covers, seen_numbers: Iterable[str]) -> tuple[Case, ...]:
    """Return the open cases inside the stated range that a file lacks; nothing outside it."""
    seen = frozenset(seen_numbers)
    return tuple(
        case
        for case in open_cases(db, Scope())
        if case.number not in seen and covers.includes(case)
    )


def mark_missing(db: Database, cases: Sequence[Case], covers: Covers, *, now: datetime) -> int:
    """Mark cases that dropped out; return how many were not marked so already.

    From an open-only export they are 可能已办结, from a full one 待核; never closed by this.
    """
    missing = Missing.PERHAPS_DONE if covers.extent is Extent.OPEN else Missing.UNVERIFIED
    marked = 0
    for case in cases:
        if case.missing is None:
            db.execute(
                "UPDATE cases SET missing = ?, missing_at = ? WHERE id = ?",
                [missing, now.isoformat(), case.id],
            )
            record_event(db, case.id, "missing", None, {"as": missing}, now=now)
            marked += 1
    return marked


# -- reading


_COLUMNS = """id, number, item, entry_id, kind, unit, district, department, window, applicant,
    accepted_on, starts_on, limit_days, statutory_days, handler_number, handler_name, handler_id,
    offered_to_id, papers_asked_on, papers_source, completed_on, missing, missing_at, cause,
    import_id, sheet, row, step, step_due_on, papers_stood_on"""


def case_by_number(db: Database, number: str) -> Case | None:
    """Return the case with a number, whoever asks: for imports only."""
    found = _cases(db, "number = ?", [number])
    return found[0] if found else None


def case_by_id(db: Database, case_id: int) -> Case:
    """Return a case; raise KeyError if there is none with this id."""
    found = _cases(db, "id = ?", [case_id])
    if not found:
        raise KeyError(case_id)
    return found[0]


def cases_by_id(db: Database, case_ids: Iterable[int]) -> dict[int, Case]:
    """Return cases by their ids."""
    listed = json.dumps(sorted(set(case_ids)))
    found = _cases(db, "id IN (SELECT value FROM json_each(?))", [listed])
    return {case.id: case for case in found}


def open_cases(db: Database, scope: Scope) -> tuple[Case, ...]:
    """Return the cases in progress within a scope."""
    where, values = _within(scope)
    return _cases(db, f"completed_on IS NULL{where}", values)


def cases_with_moved_clocks(db: Database) -> dict[str, Case]:
    """Return the cases, by number, whose clocks stopped, began late or run longer.

    For imports only: what a row says is judged by it. Finished ones too, since a full export
    still says of them what it said before.
    """
    found = _cases(
        db,
        """starts_on <> accepted_on OR id IN (SELECT case_id FROM suspensions)
            OR id IN (SELECT case_id FROM extensions)""",
        [],
    )
    return {case.number: case for case in found}


def perhaps_done_count(db: Database, scope: Scope) -> int:
    """Count the cases within a scope of which an open-only export says no more."""
    where, values = _within(scope)
    row = db.execute(
        f"""SELECT count(*) FROM cases
            WHERE completed_on IS NULL AND missing = 'perhaps_done'{where}""",
        values,
    ).fetchone()
    return int(row[0])


def cases_in_progress_since(db: Database, scope: Scope, first_on: date) -> tuple[Case, ...]:
    """Return what was in progress on a day or later, finished or not, within a scope."""
    where, values = _within(scope)
    condition = f"(completed_on IS NULL OR completed_on >= ?){where}"
    return _cases(db, condition, [first_on.isoformat(), *values])


def closed_without_cause(db: Database, scope: Scope, since_on: date) -> tuple[Case, ...]:
    """Return the cases finished since a day for which nobody has said a cause."""
    where, values = _within(scope)
    return _cases(
        db, f"completed_on >= ? AND cause IS NULL{where}", [since_on.isoformat(), *values]
    )


def _within(scope: Scope) -> tuple[str, list[str]]:
    """Return the SQL of what a scope answers for (`Scope.answers_for`), with its values."""
    named = {f.name: getattr(scope, f.name) for f in fields(Scope)}
    given = {name: value for name, value in named.items() if value is not None}
    conditions = []
    if scope.district == MUNICIPAL:
        del given["district"]
        conditions.append(" AND district IS NULL")
    conditions += [
        f" AND ({name} = ? OR {name} IS NULL)" if name == "window" else f" AND {name} = ?"
        for name in given
    ]
    return "".join(conditions), list(given.values())


def _cases(db: Database, where: str, values: Sequence[str | int]) -> tuple[Case, ...]:
    rows = db.execute(f"SELECT {_COLUMNS} FROM cases WHERE {where} ORDER BY id", values).fetchall()
    if not rows:
        return ()
    some = len(rows) <= _FEW
    case_ids = [row[0] for row in rows] if some else None
    suspensions = suspensions_by_case(db, case_ids)
    extensions = extended_days_by_case(db, case_ids)
    return tuple(_case(row, suspensions, extensions) for row in rows)


_FEW = 200
"""Up to so many cases their suspensions are asked for by id, beyond it all are read."""


# A sweep reads 20,000 rows with few different days and places; these remember what they made.
_read_day = lru_cache(maxsize=8192)(date.fromisoformat)
_read_scope = lru_cache(maxsize=8192)(Scope)
_KINDS = {kind.value: kind for kind in CaseKind}


def _case(
    row: Any,
    suspensions: Mapping[int, tuple[Suspension, ...]],
    extensions: Mapping[int, int],
) -> Case:
    return Case(
        id=row[0],
        number=row[1],
        item=row[2],
        entry_id=row[3],
        kind=_KINDS[row[4]],
        unit=row[5],
        scope=_read_scope(row[6], row[7], row[8]),
        applicant=row[9],
        accepted_on=_read_day(row[10]),
        starts_on=_read_day(row[11]),
        limit_days=row[12],
        statutory_days=row[13],
        handler_number=row[14],
        handler_name=row[15],
        handler_id=row[16],
        offered_to_id=row[17],
        papers_asked_on=_read_day(row[18]) if row[18] else None,
        papers_source=row[19],
        completed_on=_read_day(row[20]) if row[20] else None,
        missing=Missing(row[21]) if row[21] else None,
        missing_at=datetime.fromisoformat(row[22]) if row[22] else None,
        cause=row[23],
        import_id=row[24],
        sheet=row[25],
        row=row[26],
        step=row[27],
        step_due_on=_read_day(row[28]) if row[28] else None,
        papers_stood_on=_read_day(row[29]) if row[29] else None,
        suspensions=suspensions.get(row[0], ()),
        extended_days=extensions.get(row[0], 0),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
