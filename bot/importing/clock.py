"""What a case's row says of its clock: a suspension, an extension, why it is late.

Each is taken whole or refused with what is missing: a stop without its document or an extension
without its approver would let the clock stand on nobody's word (行政许可法 art. 42, 45).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from bot.importing.plan import RowReader
from bot.importing.sheets import Cell
from bot.importing.values import (
    BadValue,
    parse_cause,
    parse_date,
    parse_limit_days,
    parse_procedure,
    parse_text,
    parse_yes,
)
from reminders.case_clock import Extension, Suspension
from reminders.case_work import LONGEST_EXTENSION, LONGEST_JOINT_EXTENSION, Procedure
from reminders.cases import Case, CaseStatus
from reminders.overdue import clock_start
from reminders.working_days import Calendar, Stop, add_working_days

OF_SUSPENSION = ("suspended_on", "resumed_on", "suspension_reason", "suspension_document")
OF_EXTENSION = (
    "extended_days",
    "extension_approver",
    "extension_reason",
    "extension_proof",
    "extension_approved_on",
)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ClockReader:
    """Reads these columns; `known` are the cases whose clocks were stopped or started late.

    An extension is judged by the due day, and that moves with what is known of the case already.
    """

    calendar: Calendar
    known: Mapping[str, Case]
    today: date
    site_visit_counts: bool

    def suspension(
        self, reader: RowReader, status: CaseStatus, accepted_on: date | None
    ) -> Suspension | None:
        """Return the suspension a row states; the day of resuming counts again."""
        if not _says(reader, OF_SUSPENSION):
            return None
        begins_on = reader.required("suspended_on", self._past_day)
        resumed_on = reader.optional("resumed_on", self._past_day)
        procedure = reader.required("suspension_reason", self._procedure)
        document = reader.required("suspension_document", parse_text)
        if begins_on and accepted_on and begins_on < accepted_on:
            reader.refuse("suspended_on", "早于受理日期；请核对")
        if begins_on and resumed_on and resumed_on < begins_on:
            reader.refuse("resumed_on", "早于暂停开始；请核对")
        if resumed_on and status is CaseStatus.SUSPENDED:
            reader.refuse("resumed_on", "已恢复，办件状态却是挂起；请核对")
        stated = "state" in reader.row.cells and status is not CaseStatus.COMPLETED
        running = stated and status is not CaseStatus.SUSPENDED
        if running and "resumed_on" not in reader.row.cells:
            reader.refuse("resumed_on", "办件状态不是挂起，要有恢复日期；还停着的请把状态写成挂起")
        if begins_on is None or procedure is None or document is None:
            return None
        return Suspension(
            begins_on, resumed_on - _ONE_DAY if resumed_on else None, procedure, document
        )

    def _past_day(self, cell: Cell) -> date:
        day = parse_date(cell)
        if day > self.today:
            raise BadValue(f"在今天（{self.today}）之后；请核对，还没到的请留空")
        return day

    def _procedure(self, cell: Cell) -> Procedure:
        procedure = parse_procedure(cell)
        if procedure is Procedure.SITE_VISIT and not self.site_visit_counts:
            raise BadValue(
                "现场勘验不停表；本地规定允许的，把设置 oversight.suspend_site_visit 打开"
            )
        return procedure

    def extension(
        self,
        reader: RowReader,
        number: str | None,
        accepted_on: date | None,
        limit_days: int | None,
        suspension: Suspension | None,
    ) -> Extension | None:
        """Return the extension a row states, if it was approved before the limit ended."""
        if not _says(reader, OF_EXTENSION):
            return None
        days = reader.required("extended_days", parse_limit_days)
        approver = reader.required("extension_approver", parse_text)
        reason = reader.required("extension_reason", parse_text)
        proof = reader.required("extension_proof", parse_text)
        approved_on = reader.optional("extension_approved_on", self._past_day)
        jointly = reader.optional("extended_jointly", parse_yes)
        if days is not None and not 0 < days <= _longest(jointly=bool(jointly)):
            reader.refuse(
                "extended_days",
                f"延期最多 {LONGEST_EXTENSION} 个工作日，“联合办理”写“是”的最多 "
                f"{LONGEST_JOINT_EXTENSION} 个；请核对",
            )
        if number and accepted_on and limit_days is not None:
            due_on = self._due_on(number, accepted_on, limit_days, suspension)
            self._check_in_time(reader, number, approved_on, due_on)
        if days is None or approver is None or reason is None or proof is None:
            return None
        return Extension(days, approver, reason, proof, approved_on)

    def _due_on(
        self, number: str, accepted_on: date, limit_days: int, suspension: Suspension | None
    ) -> date:
        """Return the day on which the limit ends without the extension."""
        case = self.known.get(number)
        stops: tuple[Stop, ...] = case.stops(self.today) if case else ()
        if suspension is not None:
            until = suspension.ends_on or max(self.today, suspension.begins_on)
            stops = (*stops, (suspension.begins_on, until))
        starts_on = max(accepted_on, clock_start(case, self.calendar)) if case else accepted_on
        return add_working_days(self.calendar, starts_on, limit_days, stops)

    def _check_in_time(
        self, reader: RowReader, number: str, approved_on: date | None, due_on: date
    ) -> None:
        if approved_on is not None and approved_on > due_on:
            reader.refuse("extension_approved_on", f"{due_on} 已到期，到期之后不能再延期；请核对")
        known = self.known.get(number)
        extended_before = known is not None and known.extended_days > 0
        if approved_on is None and self.today > due_on and not extended_before:
            reader.refuse("extended_days", f"{due_on} 已到期；到期之前批准的，请填延期批准日期")


def _longest(*, jointly: bool) -> int:
    return LONGEST_JOINT_EXTENSION if jointly else LONGEST_EXTENSION


def _says(reader: RowReader, keys: tuple[str, ...]) -> bool:
    return any(key in reader.row.cells for key in keys)


def read_cause(reader: RowReader) -> tuple[str | None, str | None]:
    """Return why a case was late, and the platform's own words for what is 其他."""
    cause = reader.optional("cause", parse_cause)
    words = reader.optional("cause", parse_text) if cause else None
    return cause, words
