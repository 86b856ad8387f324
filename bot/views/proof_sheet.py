"""The proof of all cases of a period as a workbook: each figure with the rows behind it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from bot.dialogue import MUNICIPAL, Person
from bot.reports.oversight import Proof, UnitRate
from bot.reports.unit_sheet import MonthCauses
from bot.views.case_proof import EVENT_WORDS, FAILURE_WORDS, event_details, recipient_words
from bot.views.cases import (
    ACT_WORDS,
    KIND_WORDS,
    LIGHTS,
    cause_words,
    decline_words,
)
from bot.views.refusals import ROLE_NAMES
from bot.views.unit_sheet import causes_table
from reminders.acts import Decision
from reminders.notices import NO_REMINDERS
from reminders.overdue import Standing

CASES = ("办件编号", "事项", "单位", "区县", "经办人", "受理", "到期", "办结", "状态", "超期工作日",
         "提醒次数", "首次提醒", "签收", "超期原因", "来源表", "来源行")  # fmt: skip
TOLD = ("办件编号", "什么", "给谁", "生成", "送达", "没送到", "签收")
ACTS = ("办件编号", "什么", "红牌", "拟稿", "决定", "何时", "谁", "原因")
EVENTS = ("办件编号", "何时", "什么", "谁", "细节")
RATES = ("单位", "提醒及时率", "到期前已提醒", "到期")
DECISIONS = {
    Decision.RELEASED: "签发",
    Decision.DECLINED: "不签发",
    Decision.LAPSED: "已办结，作废",
}

Line = Sequence[str | int | None]


def proof_sheet(
    proofs: Iterable[tuple[Proof, Standing]],
    *,
    people: Mapping[int, Person],
    rates: Sequence[UnitRate],
    months: Sequence[MonthCauses],
    period: str,
    as_of: datetime | None,
) -> bytes:
    """Write the workbook, a sheet of a kind; text that looks like a formula is quoted."""
    # Imported here: it costs 30 MiB and is needed by few.
    from openpyxl import Workbook

    names = {i: _name(person) for i, person in people.items()}
    book = Workbook(write_only=True)
    pages = {title: book.create_sheet(title) for title in ("办件", "提醒", "督办通报", "经过")}

    def add(title: str, line: Line) -> None:
        pages[title].append([_safe(cell) for cell in line])

    fresh = f"数据截至 {_moment(as_of)}" if as_of else "没有导入过数据"
    for title, header in zip(pages, (CASES, TOLD, ACTS, EVENTS), strict=True):
        add(title, (f"{period}，{fresh}",))
        add(title, header)
    for proof, standing in proofs:
        add("办件", _case(proof, standing))
        for title, lines in (
            ("提醒", _told(proof, names)),
            ("督办通报", _acts(proof, names)),
            ("经过", _events(proof, names)),
        ):
            for line in lines:
                add(title, line)
    of_rates: list[Line] = [RATES, *((r.unit, r.rate.text(), *_parts(r)) for r in rates)]
    causes = causes_table(months)
    for title, whole in (("提醒及时率", of_rates), ("超期原因", [causes.header, *causes.rows])):
        page = book.create_sheet(title)
        for row in whole:
            page.append([_safe(cell) for cell in row])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _safe(cell: str | int | None) -> str | int | None:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") else cell


def _name(person: Person) -> str:
    return f"{ROLE_NAMES[person.role]}{person.name or f'（{person.id}）'}"


def _parts(rate: UnitRate) -> tuple[int, int]:
    return rate.rate.numerator, rate.rate.denominator


def _moment(at: datetime | None) -> str | None:
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else None


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _case(proof: Proof, standing: Standing) -> Line:
    case = proof.case
    sent = [t.sent_at for t in proof.told if t.sent_at and t.kind not in NO_REMINDERS]
    known = [t.acknowledged_at for t in proof.told if t.acknowledged_at]
    return (
        case.number,
        case.item,
        case.unit,
        case.scope.district or MUNICIPAL,
        case.handler_name or case.handler_number,
        _day(case.accepted_on),
        _day(None if standing.is_still else standing.due_on),
        _day(case.completed_on),
        LIGHTS[standing.stage],
        standing.overdue_days,
        len(sent),
        _moment(min(sent, default=None)),
        _moment(min(known, default=None)),
        cause_words(case.cause) if case.cause else None,
        case.sheet,
        case.row,
    )


def _told(proof: Proof, names: Mapping[int, str]) -> Iterator[Line]:
    for told in proof.told:
        failed = FAILURE_WORDS.get(told.failure or "", told.failure) if told.failed_at else None
        yield (
            proof.case.number,
            KIND_WORDS[told.kind],
            names.get(told.person_id or 0) or recipient_words(told.recipient, names),
            _moment(told.decided_at),
            _moment(told.sent_at),
            failed,
            _moment(told.acknowledged_at),
        )


def _acts(proof: Proof, names: Mapping[int, str]) -> Iterator[Line]:
    for act in proof.acts:
        reason = decline_words(act.reason) if act.reason else None
        yield (
            proof.case.number,
            ACT_WORDS[act.kind],
            "是" if act.red_card else "",
            _moment(act.drafted_at),
            DECISIONS[act.decision] if act.decision else "待签发",
            _moment(act.decided_at),
            names.get(act.decided_by or 0),
            reason,
        )


def _events(proof: Proof, names: Mapping[int, str]) -> Iterator[Line]:
    for event in proof.events:
        yield (
            proof.case.number,
            _moment(event.at),
            EVENT_WORDS.get(event.kind, event.kind),
            names.get(event.by_person_id or 0),
            event_details(event).strip("： ")
            or "；".join(
                f"{key} {value}" for key, value in event.facts.items() if value is not None
            ),
        )
