"""The monthly rotation (轮岗): groups change places, and open cases go over with a note."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlite_utils import Database

from bot.clock import LOCAL
from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import CITY, Recipient, Role, Scope
from bot.records.roster import Member, Roster, members, set_team
from bot.views.roster import rotation_note
from reminders import job_runs, outbox
from reminders.alerts import Alert
from reminders.case_work import move_cases
from reminders.cases import Case, open_cases
from reminders.job_runs import PUNCTUAL
from reminders.overdue import next_hour
from reminders.working_days import add_working_days

JOB = "rotation"
SCHEDULE = "rotation-schedule"
"""The job that looks whether a rotation is due; `JOB` are the rotations that took place."""
MOVED = "cases_moved"


@dataclass(frozen=True, slots=True)
class Handover:
    """One clerk changes groups; whoever comes into their old one takes their open cases."""

    leaving: Member
    arriving: Member
    team: str
    cases: tuple[Case, ...]

    @property
    def may_move(self) -> bool:
        """Tell whether the one who arrives can be reached: a case is not moved to nobody."""
        return self.arriving.person_id is not None


def has_rotated(db: Database, month: date, district: str | None) -> bool:
    """Tell whether the month's rotation was made there: a second one would turn it back."""
    jobs = {JOB, _job(district)}
    return any(job_runs.has_run(db, job, _slot(month)) for job in jobs)


def _job(district: str | None) -> str:
    return f"{JOB}:{district}" if district else JOB


def _slot(month: date) -> datetime:
    return datetime.combine(month.replace(day=1), time(), LOCAL)


def plan_rotation(db: Database, groups: Sequence[str], scope: Scope) -> tuple[Handover, ...]:
    """Pair the clerks of each unit: those of one group follow those of the next, by 工号.

    With unequal numbers somebody takes over from two. A unit that has only one of the groups
    stays as it is.
    """
    handled = _handled(db, scope)
    return tuple(
        Handover(
            leaving=leaving,
            arriving=arriving[n % len(arriving)],
            team=groups[(place + 1) % len(groups)],
            cases=handled.get(leaving.number, ()),
        )
        for teams in _teams_by_unit(db, groups, scope)
        for place, group in enumerate(groups)
        if (arriving := teams.get(groups[place - 1], ()))
        for n, leaving in enumerate(teams.get(group, ()))
    )


def _teams_by_unit(
    db: Database, groups: Sequence[str], scope: Scope
) -> Iterator[Mapping[str, tuple[Member, ...]]]:
    units: dict[tuple[str | None, str | None], dict[str, tuple[Member, ...]]] = {}
    for member in members(db, scope):
        if member.role is Role.CLERK and member.team in groups:
            assert member.team is not None
            teams = units.setdefault((member.scope.district, member.unit), {})
            teams[member.team] = (*teams.get(member.team, ()), member)
    yield from units.values()


def _handled(db: Database, scope: Scope) -> Mapping[str, tuple[Case, ...]]:
    """Return the open cases by the 工号 of whose they are, whoever stands in on the day."""
    roster = Roster(db)
    handled: dict[str, tuple[Case, ...]] = {}
    for case in open_cases(db, scope):
        member = roster.member_of_case(case)
        if member is not None:
            handled[member.number] = (*handled.get(member.number, ()), case)
    return handled


def rotate(
    desk: Desk, plan: Sequence[Handover], month: date, note: str, *, district: str | None
) -> int:
    """Carry a plan out in one go and tell both sides; return how many cases moved."""
    with transaction(desk.db):
        return _carry_out(desk, plan, month, note, district, late=False)


def _carry_out(
    desk: Desk,
    plan: Sequence[Handover],
    month: date,
    note: str,
    district: str | None,
    *,
    late: bool,
) -> int:
    """Change the groups, move the cases and put the notes; the caller's transaction is used."""
    now, moved = desk.now(), 0
    run_id = job_runs.begin_run(desk.db, _job(district), _slot(month), late=late, now=now)
    counts: dict[tuple[str, int], int] = {}
    for handover in plan:
        set_team(desk.db, handover.leaving.number, handover.team)
        if not handover.may_move or not handover.cases:
            continue
        assert handover.arriving.person_id is not None
        to_id = handover.arriving.person_id
        number = move_cases(desk.db, handover.cases, to_id, note, by_person_id=None, now=now)
        moved += number
        counts["to", to_id] = counts.get(("to", to_id), 0) + number
        if handover.leaving.person_id is not None:
            from_id = handover.leaving.person_id
            counts["from", from_id] = counts.get(("from", from_id), 0) + number
    told = outbox.put(desk.db, _notes(desk, counts, note), now=now)
    job_runs.end_run(desk.db, run_id, told=told, now=now)
    return moved


def _notes(desk: Desk, counts: Mapping[tuple[str, int], int], note: str) -> list[Alert]:
    now = desk.now()
    not_before_at = next_hour(desk.calendar, desk.settings.oversight.rules(), now)
    return [
        Alert(
            kind=MOVED,
            recipient=Recipient(person_id),
            facts={"side": side, "number": str(number), "note": note},
            dedupe_key=f"{MOVED}:{now.isoformat()}:{side}:{person_id}",
            not_before_at=not_before_at,
        )
        for (side, person_id), number in counts.items()
        if number
    ]


# -- by itself, once a month


def rotate_when_due(desk: Desk) -> int:
    """Rotate on the month's first working day, or once as soon as possible after it.

    Asked every day and at start. The first time ever it only notes that it is there: whoever
    sets the program up in the middle of a month wants nothing made up for. What was rotated by
    hand that month, the city or a district, stays as it is. Return how many cases moved.
    """
    settings, now = desk.settings.rotation, desk.now()
    if not settings.automatic or not desk.calendar.is_working_day(now.date()):
        return 0
    month = now.date().replace(day=1)
    slot = _automatic_slot(desk, month)
    with transaction(desk.db):
        if not job_runs.has_ever_run(desk.db, SCHEDULE):
            _note_run(desk, slot if slot <= now else now, late=False)
            return 0
        if now < slot or not job_runs.missed_slots(desk.db, SCHEDULE, [slot]):
            return 0
        late = now - slot > PUNCTUAL
        _note_run(desk, slot, late=late)
        plan = [
            handover
            for handover in plan_rotation(desk.db, settings.groups, CITY)
            if not has_rotated(desk.db, month, handover.leaving.scope.district)
        ]
        if not plan:
            return 0
        note = rotation_note(month, settings.groups, made_up_on=now.date() if late else None)
        return _carry_out(desk, plan, month, note, None, late=late)


def _automatic_slot(desk: Desk, month: date) -> datetime:
    """Return when a month's rotation is due; with no days a limit ends on a working day."""
    first_on = add_working_days(desk.calendar, month, 0)
    return datetime.combine(first_on, time.fromisoformat(desk.settings.rotation.at), LOCAL)


def _note_run(desk: Desk, slot_at: datetime, *, late: bool) -> None:
    now = desk.now()
    run_id = job_runs.begin_run(desk.db, SCHEDULE, slot_at, late=late, now=now)
    job_runs.end_run(desk.db, run_id, told=0, now=now)
