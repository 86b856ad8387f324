"""The day's fixed messages: the summary, the full day's counts, invitations, the sweep.

Each works over a connection of its own, may be run again at once, and then tells nobody twice.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import Person, Recipient, Role
from bot.records import integrity, invitations, people
from bot.records.roster import Roster
from bot.reports.daily import facts_of_day
from bot.reports.statistics import By, count_ratings
from reminders import job_runs, outbox
from reminders.alerts import Alert
from reminders.job_runs import DueRun
from reminders.overdue import slot_before
from reminders.rectification_sweep import RectificationSweep, sweep_rectifications
from reminders.working_days import previous_working_day

SUMMARY = "daily_summary"
FULL_DAY = "daily_full"
INVITATION = "invitation"
SUMMARY_JOB = "summary"
FULL_DAY_JOB = "full-day"

LONGEST_GAP_DAYS = 31
"""How far back a run may have been missed; after a longer rest nobody reads it any more."""


def send_due(desk: Desk) -> int:
    """Put the summary and the full day's counts that are due, on time or missed, once each.

    The hours' jobs and the start of the program call the same: what ran is in `job_runs`.
    """
    return send_summaries(desk) + send_full_days(desk)


def send_summaries(desk: Desk) -> int:
    """Put each supervisor's summary into the outbox; a missed one says so and is told once."""
    run = _due(desk, SUMMARY_JOB, desk.settings.summary.at)
    if run is None:
        return 0
    now, on = desk.now(), run.slot_at.date()
    limits = integrity.Limits(**desk.settings.integrity.model_dump())
    with transaction(desk.db):
        run_id = job_runs.begin_due_run(desk.db, SUMMARY_JOB, run, now=now)
        integrity.look_through_day(desk.db, on, limits, now=now)
    told = 0
    for person in people.everyone_with_role(desk.db, Role.SUPERVISOR):
        facts = facts_of_day(
            desk.db,
            person,
            desk.calendar,
            desk.settings.oversight.rules(),
            desk.settings.rectification_rules(),
            entries_of_department=_owned(desk, person),
            on=on,
            now=now,
        )
        alert = Alert(
            kind=SUMMARY,
            recipient=Recipient(person_id=person.id),
            facts={
                "at": now.isoformat(),
                "on": on.isoformat(),
                "day": facts.packed(),
                "late_slot": _late_slot(run),
            },
            dedupe_key=f"{SUMMARY}:{on}:{person.id}",
        )
        with transaction(desk.db):
            told += outbox.put(desk.db, (alert,), now=now)
    _end(desk, run_id, SUMMARY_JOB, run, told)
    return told


def _due(desk: Desk, job: str, at: str) -> DueRun | None:
    """Return the run of a job that is due now; a missed one waits out nights and rest days."""
    now = desk.now()
    if not desk.calendar.is_working_day(now.date()):
        return None
    of_day = time.fromisoformat(at)
    days = (now.date() - timedelta(days=n) for n in range(LONGEST_GAP_DAYS, -1, -1))
    slots = [
        datetime.combine(day, of_day, now.tzinfo)
        for day in days
        if desk.calendar.is_working_day(day)
    ]
    run = job_runs.due_run(desk.db, job, slots, now=now)
    if run is None or not run.late:
        return run
    awake = slot_before(desk.settings.oversight.rules(), now) is not None
    return run if awake else None


def _late_slot(run: DueRun) -> str:
    return run.slot_at.isoformat() if run.late else ""


def _end(desk: Desk, run_id: int, job: str, run: DueRun, told: int) -> None:
    with transaction(desk.db):
        report = job_runs.end_due_run(desk.db, run_id, job, run, told=told, now=desk.now())
        outbox.put(desk.db, report, now=desk.now())


def _owned(desk: Desk, person: Person) -> list[str]:
    department = person.scope.department
    return [e.id for e in desk.base.entries.values() if e.owner == department]


def send_full_days(desk: Desk) -> int:
    """Put the full counts of the days not sent yet into the outbox, on working days only."""
    run = _due(desk, FULL_DAY_JOB, desk.settings.summary.full_day_at)
    if run is None:
        return 0
    now, slot_on = desk.now(), run.slot_at.date()
    first_slot = min(run.replaced, default=run.slot_at)
    from_on, to_on = _days_before(desk, first_slot.date(), slot_on)
    with transaction(desk.db):
        run_id = job_runs.begin_due_run(desk.db, FULL_DAY_JOB, run, now=now)
    told = 0
    for person in people.everyone_with_role(desk.db, Role.SUPERVISOR):
        counted = count_ratings(
            desk.db,
            person.scope,
            from_on,
            to_on,
            By.DAY,
            entries_of_department=_owned(desk, person),
        ).total
        facts = {
            "from": from_on.isoformat(),
            "to": to_on.isoformat(),
            "good": str(counted.good),
            "bad": str(counted.bad),
            "unrated": str(counted.unrated),
            "late_slot": _late_slot(run),
        }
        key = f"{FULL_DAY}:{slot_on}:{person.id}"
        alert = Alert(FULL_DAY, Recipient(person_id=person.id), facts, key)
        with transaction(desk.db):
            told += outbox.put(desk.db, (alert,), now=now)
    _end(desk, run_id, FULL_DAY_JOB, run, told)
    return told


def _days_before(desk: Desk, first_slot_on: date, slot_on: date) -> tuple[date, date]:
    """Return the days that no full count was sent for yet: from the last working day on."""
    one_day = timedelta(days=1)
    return previous_working_day(desk.calendar, first_slot_on - one_day), slot_on - one_day


def send_invitations(desk: Desk) -> int:
    """Invite for what was left unrated, one person at most once a day, one interaction once."""
    now = desk.now()
    waiting = invitations.uninvited(
        desk.db,
        today=now.date(),
        after_days=desk.settings.ratings.invite_after_days,
        shared_tablets=desk.settings.web.kiosk,
    )
    latest = {one.person_id: one for one in waiting}
    for one in latest.values():
        alert = Alert(
            kind=INVITATION,
            recipient=Recipient(person_id=one.person_id),
            facts={"interaction": str(one.interaction_id)},
            dedupe_key=f"{INVITATION}:{one.interaction_id}",
        )
        with transaction(desk.db):
            if invitations.mark_invited(desk.db, one.interaction_id, now=now):
                outbox.put(desk.db, (alert,), now=now)
    return len(latest)


def sweep_now(desk: Desk) -> int:
    """Tell who must be told about rectifications; whether it is the hour, the sweep knows."""
    return sweep_all(desk).messages


def sweep_all(desk: Desk) -> RectificationSweep:
    """Sweep the rectifications and return what was decided; the roster knows who stands in."""
    return sweep_rectifications(
        desk.db,
        desk.calendar,
        desk.settings.rectification_rules(),
        desk.settings.oversight.rules(),
        now=desk.now(),
        transaction=transaction,
        resolve=Roster(desk.db).resolve,
    )
