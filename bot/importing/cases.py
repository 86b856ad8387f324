"""Import of cases (办件): what a row of the platform's export means, and the range it covers."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time

from sqlite_utils import Database

from bot.importing.apply import Statement
from bot.importing.clock import ClockReader, read_cause
from bot.importing.columns import Kind, Row, Table, fold
from bot.importing.plan import Plan, RowReader
from bot.importing.sheets import Cell
from bot.importing.values import (
    BadValue,
    Names,
    parse_case_kind,
    parse_case_number,
    parse_case_status,
    parse_date,
    parse_limit_days,
    parse_person_or_firm,
    parse_text,
)
from reminders.cases import (
    Case,
    CaseKind,
    CaseRow,
    CaseStatus,
    Change,
    Covers,
    Extent,
    apply_case,
    compare_case,
    imports,
    mark_missing,
    missing_cases,
    record_import,
)
from reminders.recipients import Scope
from reminders.working_days import Calendar, working_days_between

_AS_OF = re.compile(
    r"(?:截至|截止|导出时间|导出日期|统计时间|统计日期|生成时间|打印时间|更新时间)\s*[:：]?\s*"
    r"(\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?)\s*(?:T|\s)?\s*(\d{1,2}[:时]\d{2})?"
)


class CaseImporter:
    """Reads rows as cases and brings the records up to them."""

    kind = Kind.CASES
    in_batches = False

    def __init__(
        self, names: Names, calendar: Calendar, clock: ClockReader, *, today: date
    ) -> None:
        """Know the names of places, the calendar for limits given as a day, and the day."""
        self._names = names
        self._clock = clock
        self._calendar = calendar
        self._today = today
        self._days_until = functools.lru_cache(maxsize=65536)(self._count_days)

    def key(self, parsed: CaseRow) -> str:
        """Return the case's number."""
        return parsed.number

    def parse(self, reader: RowReader) -> CaseRow | None:
        """Return the case a row speaks of, or None with its problems noted."""
        number = reader.required("number", parse_case_number)
        item = reader.required("item", parse_text)
        accepted_on = reader.required("accepted_on", self._past_day)
        completed_on = reader.optional("completed_on", self._past_day)
        status = self._status(reader, completed_on)
        kind = reader.optional("kind", parse_case_kind)
        limit_days = self._limit(reader, kind, accepted_on)
        statutory_days = reader.optional("statutory_days", parse_limit_days) or None
        unit = reader.optional("department", parse_text)
        window = reader.optional("window", parse_text)
        district = reader.optional("district", self._names.district)
        applicant = reader.optional("applicant", parse_person_or_firm)
        handler_number = reader.optional("handler_number", parse_text)
        handler_name = reader.optional("handler", parse_text)
        if accepted_on and completed_on and completed_on < accepted_on:
            reader.refuse("completed_on", "早于受理日期；请核对")
        suspension = self._clock.suspension(reader, status, accepted_on)
        extension = self._clock.extension(reader, number, accepted_on, limit_days, suspension)
        cause, cause_words = read_cause(reader)
        step = reader.optional("step", parse_text)
        step_due_on = reader.optional("step_due_on", parse_date)
        if step_due_on is not None and step is None:
            reader.refuse("step", "填了环节期限，要有环节；请补上")
        if (
            suspension is not None
            and suspension.ends_on is None
            and "state" not in reader.row.cells
        ):
            # Without a state of its own a row that stopped and never went on is still stopped.
            status = CaseStatus.SUSPENDED if completed_on is None else status
        if reader.problems:
            return None
        assert number is not None
        assert item is not None
        assert accepted_on is not None
        assert limit_days is not None
        return CaseRow(
            number=number,
            item=item,
            accepted_on=accepted_on,
            limit_days=limit_days,
            status=status,
            completed_on=completed_on if status is CaseStatus.COMPLETED else None,
            statutory_days=statutory_days,
            kind=kind or (CaseKind.PROMISED if limit_days else CaseKind.IMMEDIATE),
            entry_id=self._names.entries.get(fold(item)),
            unit=unit,
            scope=Scope(district, self._department(unit), self._window(window)),
            applicant=applicant,
            handler_number=handler_number,
            handler_name=handler_name,
            suspension=suspension,
            extension=extension,
            cause=cause,
            cause_words=cause_words,
            step=step,
            step_due_on=step_due_on,
        )

    def _past_day(self, cell: Cell) -> date:
        day = parse_date(cell)
        if day > self._today:
            raise BadValue(f"在今天（{self._today}）之后；请核对")
        return day

    def _status(self, reader: RowReader, completed_on: date | None) -> CaseStatus:
        status = reader.optional("state", parse_case_status)
        if status is None:
            return CaseStatus.COMPLETED if completed_on else CaseStatus.OPEN
        if status is CaseStatus.COMPLETED and completed_on is None:
            reader.refuse("completed_on", "状态是已办结，要有办结日期；请补上")
        return status

    def _limit(
        self, reader: RowReader, kind: CaseKind | None, accepted_on: date | None
    ) -> int | None:
        days = reader.optional("promised_days", parse_limit_days)
        until = reader.optional("promised_on", parse_date)
        if days is not None or "promised_days" in reader.problems:
            return days
        if until is not None and accepted_on is not None:
            if until < accepted_on:
                reader.refuse("promised_on", "早于受理日期；请核对")
                return None
            return self._days_until(accepted_on, until)
        if kind is CaseKind.IMMEDIATE:
            return 0
        if "promised_on" not in reader.problems:
            reader.refuse("promised_days", "没有承诺时限；请填如 5个工作日，或填承诺办结日")
        return None

    def _count_days(self, accepted_on: date, until: date) -> int:
        return working_days_between(self._calendar, accepted_on, until)

    def _department(self, unit: str | None) -> str | None:
        # A unit without an id keeps its name, so that a range of departments can still name it.
        return unit and (self._names.department(unit) or unit)

    def _window(self, window: str | None) -> str | None:
        return window and (self._names.window(window) or window)

    def unrecognised(self, parsed: CaseRow) -> tuple[tuple[str, str], ...]:
        """Return nothing: an unknown unit keeps its name and is shown by it."""
        del parsed
        return ()

    def propose_coverage(self, rows: Iterator[CaseRow]) -> Covers | None:
        """Propose what the file covers: 全部 where it has finished cases, and its range."""
        extent, days = Extent.OPEN, set[date]()
        districts, departments = set[str | None](), set[str | None]()
        for row in rows:
            days.add(row.accepted_on)
            districts.add(row.scope.district)
            departments.add(row.scope.department)
            if row.status is CaseStatus.COMPLETED:
                extent = Extent.ALL
        if not days:
            return None
        return Covers(extent, _sorted(districts), _sorted(departments), min(days), max(days))

    def was_taken(self, db: Database, plan: Plan[CaseRow], said: Statement) -> bool:
        """Tell whether this very file with this coverage has been taken already."""
        covers = _covers(plan, said)
        return any(i.file_hash == plan.file_hash and i.covers == covers for i in imports(db))

    def compare(
        self,
        db: Database,
        rows: Sequence[tuple[Row, CaseRow]],
        plan: Plan[CaseRow],
        said: Statement,
        now: datetime,
    ) -> Counter[Change]:
        """Count what the rows would do, without doing it."""
        as_of = _as_of(plan, said, now)
        return Counter(compare_case(db, case, data_as_of=as_of) for _, case in rows)

    def begin(self, db: Database, plan: Plan[CaseRow], said: Statement, now: datetime) -> int:
        """Record the import and return its id."""
        return record_import(
            db,
            file_hash=plan.file_hash,
            file_name=plan.file,
            covers=_covers(plan, said),
            data_as_of=_as_of(plan, said, now),
            by_person_id=said.by_person_id,
            now=now,
        ).id

    def apply(
        self, db: Database, rows: Sequence[tuple[Row, CaseRow]], import_id: int, now: datetime
    ) -> Counter[Change]:
        """Bring the cases up to the rows, each with the sheet and row it came from."""
        return Counter(
            apply_case(
                db, replace(case, sheet=row.sheet, row=row.number), import_id=import_id, now=now
            )
            for row, case in rows
        )

    def count_missing(
        self, db: Database, plan: Plan[CaseRow], said: Statement, now: datetime
    ) -> int:
        """Count the open cases inside the range that the file lacks and nobody knows of yet."""
        missing = self._missing(db, plan, said, now)
        return sum(1 for case in missing if case.missing is None)

    def finish(
        self, db: Database, plan: Plan[CaseRow], said: Statement, import_id: int, now: datetime
    ) -> int:
        """Mark those cases 待核, or 可能已办结 from an open-only export; none is closed."""
        del import_id
        return mark_missing(db, self._missing(db, plan, said, now), _covers(plan, said), now=now)

    def _missing(
        self, db: Database, plan: Plan[CaseRow], said: Statement, now: datetime
    ) -> tuple[Case, ...]:
        as_of = _as_of(plan, said, now)
        if any(known.data_as_of > as_of for known in imports(db)):
            # An older export says nothing of cases that came after it.
            return ()
        rows = [case for _, case in plan.rows()]
        seen = {case.number for case in rows}
        # A case whose row was refused is not missing: it stands in the file.
        seen |= {fold_number(row.cells.get("number", "")) for row in plan.refused_rows}
        missing = missing_cases(db, _covers(plan, said), seen)
        if said.covers is not None:
            return missing
        # No range can name the city's own units, which have no district: a proposed one does not
        # reach beyond the places, or the lack of one, that the file shows.
        districts = {case.scope.district for case in rows}
        departments = {case.scope.department for case in rows}
        return tuple(
            case
            for case in missing
            if case.scope.district in districts and case.scope.department in departments
        )


def fold_number(text: str) -> str:
    """Return a number as it is kept, or the text itself where it is none."""
    try:
        return parse_case_number(text)
    except BadValue:
        return text


def data_as_of(table: Table) -> tuple[date, time | None] | None:
    """Read 数据截至 or 导出时间 from the lines above the header, if they say it."""
    for text in table.above:
        found = _AS_OF.search(text)
        if found is None:
            continue
        try:
            day = parse_date(found[1].strip())
        except BadValue:
            continue
        return day, _time(found[2])
    return None


def _time(text: str | None) -> time | None:
    if text is None:
        return None
    hour, minute = (int(part) for part in re.split("[:时]", text)[:2])
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _as_of(plan: Plan[CaseRow], said: Statement, now: datetime) -> datetime:
    """Return how fresh the data are: as said, as the file says, else as of now."""
    if said.data_as_of is not None:
        return min(said.data_as_of, now)
    stated = data_as_of(plan.table) if plan.table else None
    if stated is None:
        return now
    day, at = stated
    return min(datetime.combine(day, at or time.max, tzinfo=now.tzinfo).replace(microsecond=0), now)


def _covers(plan: Plan[CaseRow], said: Statement) -> Covers:
    covers = said.covers or plan.coverage
    assert covers is not None, "a plan that may be applied has rows, and rows have a range"
    return replace(
        covers, districts=_sorted(covers.districts), departments=_sorted(covers.departments)
    )


def _sorted(names: set[str | None] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(name for name in names if name is not None))
