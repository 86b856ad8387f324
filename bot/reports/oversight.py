"""Figures of 电子监察 within a scope: lights by unit, trend by day, 提醒及时率, causes, proof.

Everything is computed from cases, notices and the outbox as they are; nothing is stored. What
a figure counts stands at its function.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlite_utils import Database

from bot.dialogue import Scope
from bot.reports.percentages import Rate
from reminders.acts import Act, acts_of, waiting_acts
from reminders.case_events import CaseEvent, events_of
from reminders.case_work import Acknowledgement, acknowledgements_of, latest_acknowledgements_on
from reminders.cases import (
    Case,
    CaseImport,
    Missing,
    cases_by_id,
    cases_in_progress_since,
    data_as_of,
    imports,
    perhaps_done_count,
)
from reminders.notices import NO_REMINDERS, Notice, NoticeKind, notices_in
from reminders.overdue import (
    Rules,
    Stage,
    Standing,
    awaits_papers,
    due_day,
    is_broken,
    is_stale,
    person_of_key,
    standing_of,
    was_late,
    worst_first,
)
from reminders.overview import Block, Overview, UnitTotals, block_of
from reminders.rectification_rules import Rectification, Step
from reminders.working_days import Calendar

NO_CAUSE = "未说明"


@dataclass(frozen=True, slots=True)
class UnitCounts:
    """How many open cases of a unit show which light; `overdue` leaves out the red cards."""

    unit: str
    on_track: int = 0
    due_soon: int = 0
    overdue: int = 0
    long_overdue: int = 0
    still: int = 0

    @property
    def late(self) -> int:
        """Count the late ones, red cards included."""
        return self.overdue + self.long_overdue


@dataclass(frozen=True, slots=True)
class Supervision:
    """Everything `/overdue` shows for a scope and a day."""

    on: date
    rows: tuple[UnitCounts, ...]
    total: UnitCounts
    late: tuple[tuple[Case, Standing], ...]
    as_of: datetime | None
    stale: bool


def supervise(
    db: Database,
    scope: Scope,
    calendar: Calendar,
    rules: Rules,
    *,
    on: date,
    cases: Sequence[Case] | None = None,
) -> Supervision:
    """Count the cases in progress at the end of a day by unit and light.

    `cases` are those of the scope where they were read already. A case counts from its day of
    acceptance until the day before its completion. Suspensions and hand-overs are those known
    now.
    """
    counts: dict[str, dict[str, int]] = {}
    late: list[tuple[Case, Standing]] = []
    known = cases_in_progress_since(db, scope, on) if cases is None else cases
    for case in _in_progress(known, on):
        standing = standing_of(case, calendar, rules, on)
        unit = counts.setdefault(case.unit_name, {})
        light = _LIGHTS[standing.stage]
        unit[light] = unit.get(light, 0) + 1
        if standing.is_late:
            late.append((case, standing))
    rows = tuple(UnitCounts(unit, **lights) for unit, lights in counts.items())
    ordered = tuple(sorted(rows, key=lambda r: (-r.late, -r.due_soon, r.unit)))
    as_of = data_as_of(imports(db), scope.district)
    return Supervision(
        on=on,
        rows=ordered,
        total=_sum(ordered),
        late=tuple(worst_first(late)),
        as_of=as_of,
        stale=is_stale(as_of, calendar, on),
    )


def units_without_overdue(
    cases: Sequence[Case], figures: Supervision, districts: Sequence[str], since_on: date
) -> tuple[str, ...]:
    """Name the districts and units with nothing late: what is 0 is named too (2.4).

    A unit is known by a case that is open or was finished since a day. `districts` are those of
    which there are fresh data; of the others nothing may be said.
    """
    late = {case.scope.district for case, _ in figures.late}
    clear = [district for district in districts if district not in late]
    counts = {row.unit: row.late for row in figures.rows}
    known = [c for c in cases if c.completed_on is None or c.completed_on >= since_on]
    units = sorted({c.unit_name for c in known} - set(districts))
    return (*clear, *(unit for unit in units if not counts.get(unit, 0)))


_LIGHTS = {
    Stage.ON_TRACK: "on_track",
    Stage.DUE_SOON: "due_soon",
    Stage.OVERDUE: "overdue",
    Stage.LONG_OVERDUE: "long_overdue",
    Stage.SUSPENDED: "still",
    Stage.AWAITING_PAPERS: "still",
}


def _in_progress(cases: Sequence[Case], on: date) -> list[Case]:
    return [
        case
        for case in cases
        if case.accepted_on <= on and (case.completed_on is None or case.completed_on > on)
    ]


def _sum(rows: Iterable[UnitCounts]) -> UnitCounts:
    total = UnitCounts("合计")
    for row in rows:
        total = replace(
            total,
            on_track=total.on_track + row.on_track,
            due_soon=total.due_soon + row.due_soon,
            overdue=total.overdue + row.overdue,
            long_overdue=total.long_overdue + row.long_overdue,
            still=total.still + row.still,
        )
    return total


@dataclass(frozen=True, slots=True)
class TrendDay:
    """One day: how many were late at its end, and how many became late on it."""

    on: date
    late: int
    became_late: int


def trend(cases: Sequence[Case], calendar: Calendar, days: Sequence[date]) -> tuple[TrendDay, ...]:
    """Count late cases for each of some working days, out of those in progress since the first.

    A case becomes late once, on the first working day after its due day, even if it is
    finished that day.
    """
    if not days:
        return ()
    spans = []
    for case in cases:
        until = case.completed_on or max(days)
        if not awaits_papers(case, calendar, until):
            due_on = due_day(case, calendar, until)
            spans.append((due_on, case.completed_on))
    ordered = sorted(days)
    before = dict(zip(ordered[1:], ordered, strict=False))
    return tuple(
        TrendDay(
            on=day,
            late=sum(1 for due, done in spans if due < day and (done is None or done > day)),
            became_late=sum(
                1
                for due, done in spans
                if before.get(day, due) <= due < day and (done is None or done > due)
            )
            if day in before
            else 0,
        )
        for day in ordered
    )


@dataclass(frozen=True, slots=True)
class UnitRate:
    """A rate of one unit."""

    unit: str
    rate: Rate


def reminder_rates(
    db: Database, cases: Sequence[Case], calendar: Calendar, from_on: date, to_on: date
) -> tuple[UnitRate, ...]:
    """Return 提醒及时率 by unit: of the cases still open on their due day, how many were told.

    Told means: a reminder to anybody was accepted by its channel by the end of the due day.
    Cases finished before their due day needed no reminder and are not counted, nor are those
    whose clock stood still.
    """
    due: dict[int, str] = {}
    due_days: dict[int, date] = {}
    for case in cases:
        until = case.completed_on or to_on
        if awaits_papers(case, calendar, until):
            continue
        due_on = due_day(case, calendar, until)
        if from_on <= due_on <= to_on and (
            case.completed_on is None or case.completed_on >= due_on
        ):
            due[case.id] = case.unit_name
            due_days[case.id] = due_on
    told = _first_sent(db, due)
    counted: dict[str, list[int]] = {}
    for case_id, unit in due.items():
        parts = counted.setdefault(unit, [0, 0])
        sent_on = told.get(case_id)
        parts[0] += sent_on is not None and sent_on <= due_days[case_id]
        parts[1] += 1
    rows = [UnitRate(unit, Rate(good, all_)) for unit, (good, all_) in counted.items()]
    return tuple(sorted(rows, key=lambda r: r.unit))


def _first_sent(db: Database, case_ids: Iterable[int]) -> dict[int, date]:
    rows = db.execute(
        f"""SELECT n.case_id, min(o.sent_at) FROM case_notices n {_DELIVERY}
            WHERE n.case_id IN (SELECT value FROM json_each(?)) AND n.kind IN
                ('remind', 'due_today', 'repeat') AND o.sent_at IS NOT NULL
            GROUP BY n.case_id""",
        [json.dumps(list(case_ids))],
    ).fetchall()
    return {case_id: datetime.fromisoformat(sent_at).date() for case_id, sent_at in rows}


# A row for a role becomes one for each holder, under the same key with the person after it.
_DELIVERY = """JOIN outbox o ON (o.dedupe_key = n.message_key AND coalesce(o.sent_as, '')
        NOT LIKE 'people:%')
    OR (n.recipient LIKE '%@%' AND o.dedupe_key > n.message_key || ':'
        AND o.dedupe_key < n.message_key || ';')"""


@dataclass(frozen=True, slots=True)
class CauseCounts:
    """Why the late cases of a unit were late, by cause; 未说明 is counted like a cause."""

    unit: str
    causes: Mapping[str, int]

    @property
    def unexplained(self) -> int:
        """Count those for which nobody has said a cause."""
        return self.causes.get(NO_CAUSE, 0)


def causes_of_late(
    cases: Sequence[Case],
    calendar: Calendar,
    rules: Rules,
    from_on: date,
    to_on: date,
) -> tuple[CauseCounts, ...]:
    """Count the cases finished late in a period by unit and cause."""
    counted: dict[str, dict[str, int]] = {}
    for case in cases:
        if case.completed_on is None or not from_on <= case.completed_on <= to_on:
            continue
        if was_late(case, standing_of(case, calendar, rules, to_on)):
            unit = counted.setdefault(case.unit_name, {})
            cause = case.cause or NO_CAUSE
            unit[cause] = unit.get(cause, 0) + 1
    return tuple(CauseCounts(unit, causes) for unit, causes in sorted(counted.items()))


# -- proof


@dataclass(frozen=True, slots=True)
class Told:
    """One reminder of a case: decided, sent (accepted by the channel) or given up, known."""

    kind: NoticeKind
    recipient: str
    person_id: int | None
    decided_at: datetime
    sent_at: datetime | None
    sent_as: str | None
    failed_at: datetime | None
    failure: str | None
    acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True)
class Proof:
    """Who was told what, when, and what was done about it."""

    case: Case
    told: tuple[Told, ...]
    acts: tuple[Act, ...]
    events: tuple[CaseEvent, ...]


def proof_of(db: Database, case: Case) -> Proof:
    """Put together from notices, outbox, acknowledgements and events who was told what, when."""
    said = acknowledgements_of(db, case)
    rows = db.execute(
        f"""SELECT {_TOLD} FROM case_notices n LEFT {_DELIVERY} WHERE n.case_id = ?
            ORDER BY n.id""",
        [case.id],
    ).fetchall()
    told = (_told(row) for row in rows)
    acknowledged = tuple(
        replace(t, acknowledged_at=_first_word(said, t.person_id, t.decided_at)) for t in told
    )
    return Proof(case, acknowledged, acts_of(db, case.id), events_of(db, case.id))


def told_of_rectification(db: Database, one: Rectification) -> tuple[tuple[Step, Told], ...]:
    """Put together who was told what of which step of a rectification, and when it was sent."""
    rows = db.execute(
        f"""SELECT {_TOLD}, n.step FROM rectification_notices n LEFT {_DELIVERY}
            WHERE n.rectification_id = ? ORDER BY n.id""",
        [one.id],
    ).fetchall()
    return tuple((Step(row[-1]), _told(row[:-1])) for row in rows)


_TOLD = """n.kind, n.recipient, coalesce(o.person_id, 0), n.decided_at, o.sent_at, o.sent_as,
    o.failed_at, o.failure"""


def _told(row: Any) -> Told:
    kind, recipient, person_id, decided_at, sent_at, sent_as, failed_at, failure = row
    return Told(
        kind=NoticeKind(kind),
        recipient=recipient,
        person_id=person_id or person_of_key(recipient),
        decided_at=datetime.fromisoformat(decided_at),
        sent_at=_instant(sent_at),
        sent_as=sent_as,
        failed_at=_instant(failed_at),
        failure=failure,
        acknowledged_at=None,
    )


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _first_word(
    said: Sequence[Acknowledgement], person_id: int | None, since: datetime
) -> datetime | None:
    return next((a.at for a in said if a.person_id == person_id and a.at >= since), None)


# -- what a digest holds at the moment of sending


@dataclass(frozen=True, slots=True)
class ToldBefore:
    """On how many occasions somebody was reminded of a case, and when it was last sent."""

    times: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """A case in a digest: how it stands now, whether a word on it was broken, told how often."""

    case: Case
    standing: Standing
    kinds: frozenset[NoticeKind]
    broken: Acknowledgement | None
    told_before: ToldBefore | None


@dataclass(frozen=True, slots=True)
class Digest:
    """One person's message: what they answer for by block, the worst named, worst first.

    `totals` counts by block also those that are not named.
    """

    listed: tuple[Listed, ...]
    totals: Mapping[Block, int]
    units: tuple[UnitTotals, ...]
    all_units: int
    causes: tuple[Case, ...]
    waiting: tuple[Act, ...]
    perhaps_done: int
    as_of: datetime | None
    stale: bool


def digest_of(
    db: Database,
    scope: Scope,
    calendar: Calendar,
    rules: Rules,
    *,
    message_key: str,
    overview: Overview | None,
    person_id: int,
    now: datetime,
) -> Digest | None:
    """Return what a message holds now, None where nothing it was put for still stands.

    What was finished or explained since has dropped out.
    """
    notices = _not_told_by_name(db, notices_in(db, message_key), person_id)
    worst = {i for ids in overview.worst.values() for i in ids} if overview else set()
    cases = cases_by_id(db, {n.case_id for n in notices} | worst)
    kinds = _kinds(notices)
    causes = [cases[c] for c, of in kinds.items() if NoticeKind.CAUSE in of and not cases[c].cause]
    ids_waiting = {n.case_id for n in notices if n.kind is NoticeKind.WAITING}
    waiting = waiting_acts(db, scope) if ids_waiting else ()
    known = imports(db)
    said = latest_acknowledgements_on(db, cases)
    told = _told_before(db, cases, message_key)
    listed = []
    for case_id, case in cases.items():
        of_case = kinds.get(case_id, frozenset()) - NO_REMINDERS
        standing = standing_of(case, calendar, rules, now.date())
        pressing = standing.stage is Stage.DUE_SOON or standing.is_late
        if not pressing or not (of_case or case_id in worst):
            continue
        word = said.get((case_id, person_id))
        imported_at, as_of_day = _freshest(known, case)
        broken = word if is_broken(word, now.date(), imported_at, as_of_day) else None
        listed.append(Listed(case, standing, of_case, broken, told.get(case_id)))
    missing = [
        c
        for c, of in kinds.items()
        if NoticeKind.PERHAPS_DONE in of and cases[c].missing is Missing.PERHAPS_DONE
    ]
    if not (any(e.kinds for e in listed) or causes or waiting or missing):
        return None
    listed.sort(key=lambda e: (-e.standing.overdue_days, e.standing.due_on, e.case.number))
    as_of = data_as_of(known, scope.district)
    return Digest(
        listed=tuple(listed),
        totals=_totals(listed, overview),
        units=overview.units if overview else (),
        all_units=overview.all_units if overview else 0,
        causes=tuple(causes),
        waiting=waiting,
        perhaps_done=perhaps_done_count(db, scope) if missing else 0,
        as_of=as_of,
        stale=is_stale(as_of, calendar, now.date()),
    )


def _totals(listed: Sequence[Listed], overview: Overview | None) -> dict[Block, int]:
    """Count by block: what the run counted, less what has left the block since."""
    ids: dict[Block, set[int]] = {block: set() for block in Block}
    for entry in listed:
        ids[block_of(entry.standing)].add(entry.case.id)
    if overview is None:
        return {block: len(found) for block, found in ids.items()}
    return {
        block: max(
            len(found),
            overview.totals.get(block, 0) - len(set(overview.worst.get(block, ())) - found),
        )
        for block, found in ids.items()
    }


def _not_told_by_name(
    db: Database, notices: Sequence[Notice], person_id: int
) -> tuple[Notice, ...]:
    """Leave out of a message to a role what its holder has meanwhile been told by name."""
    mine = f"p{person_id}"
    of_role = [n.case_id for n in notices if n.recipient != mine]
    rows = db.execute(
        """SELECT DISTINCT case_id FROM case_notices
           WHERE recipient = ? AND case_id IN (SELECT value FROM json_each(?))""",
        [mine, json.dumps(of_role)],
    ).fetchall()
    told = {row[0] for row in rows}
    return tuple(n for n in notices if n.recipient == mine or n.case_id not in told)


def _kinds(notices: Sequence[Notice]) -> dict[int, frozenset[NoticeKind]]:
    kinds: dict[int, set[NoticeKind]] = {}
    for notice in notices:
        kinds.setdefault(notice.case_id, set()).add(notice.kind)
    return {case_id: frozenset(found) for case_id, found in kinds.items()}


def _freshest(known: Sequence[CaseImport], case: Case) -> tuple[datetime | None, date | None]:
    covering = [i for i in known if _covers(i.covers.districts, case)]
    if not covering:
        return None, None
    return max(i.at for i in covering), max(i.data_as_of for i in covering).date()


def _covers(districts: Sequence[str], case: Case) -> bool:
    return not districts or case.scope.district in districts


def _told_before(db: Database, case_ids: Iterable[int], message_key: str) -> dict[int, ToldBefore]:
    """Count on how many occasions somebody was reminded of each case before this message.

    A run that told the clerk and the supervisor is one: a clerk would take two for two of theirs.
    What the very run of this message told others is not before it.
    """
    rows = db.execute(
        f"""SELECT n.case_id, count(DISTINCT n.decided_at), max(o.sent_at)
            FROM case_notices n {_DELIVERY}
            WHERE n.case_id IN (SELECT value FROM json_each(?))
              AND n.decided_at < (SELECT min(decided_at) FROM case_notices WHERE message_key = ?)
              AND o.sent_at IS NOT NULL AND n.kind NOT IN ('waiting', 'cause', 'perhaps_done')
            GROUP BY n.case_id""",
        [json.dumps(list(case_ids)), message_key],
    ).fetchall()
    return {
        case_id: ToldBefore(times, datetime.fromisoformat(last)) for case_id, times, last in rows
    }
