"""The day's fixed messages: the summary, the full day's counts, invitations, the sweep.

Each works over a connection of its own, may be run again at once, and then tells nobody twice.
"""

from __future__ import annotations

from datetime import date, timedelta

from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import Person, Recipient, Role
from bot.records import integrity, invitations, people
from bot.records.roster import Roster
from bot.reports.daily import facts_of_day
from bot.reports.statistics import By, count_ratings
from reminders import outbox
from reminders.alerts import Alert
from reminders.rectification_sweep import (
    RectificationSweep,
    Resolve,
    sweep_rectifications,
)
from reminders.working_days import previous_working_day

SUMMARY = "daily_summary"
FULL_DAY = "daily_full"
INVITATION = "invitation"


def send_summaries(desk: Desk) -> int:
    """Put each supervisor's summary of today into the outbox, on working days only."""
    now = desk.now()
    if not desk.calendar.is_working_day(now.date()):
        return 0
    limits = integrity.Limits(**desk.settings.integrity.model_dump())
    with transaction(desk.db):
        integrity.look_through_day(desk.db, now.date(), limits, now=now)
    told = 0
    for person in people.everyone_with_role(desk.db, Role.SUPERVISOR):
        facts = facts_of_day(
            desk.db,
            person,
            desk.calendar,
            desk.settings.oversight.rules(),
            desk.settings.rectification_rules(),
            entries_of_department=_owned(desk, person),
            now=now,
        )
        alert = Alert(
            kind=SUMMARY,
            recipient=Recipient(person_id=person.id),
            facts={"at": now.isoformat(), "day": facts.packed()},
            dedupe_key=f"{SUMMARY}:{now.date()}:{person.id}",
        )
        with transaction(desk.db):
            told += outbox.put(desk.db, (alert,), now=now)
    return told


def _owned(desk: Desk, person: Person) -> list[str]:
    department = person.scope.department
    return [e.id for e in desk.base.entries.values() if e.owner == department]


def send_full_days(desk: Desk) -> int:
    """Put the full counts since the last working day into the outbox, on working days only."""
    now = desk.now()
    today = now.date()
    if not desk.calendar.is_working_day(today):
        return 0
    from_on, to_on = _days_before(desk, today)
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
        }
        key = f"{FULL_DAY}:{today}:{person.id}"
        alert = Alert(FULL_DAY, Recipient(person_id=person.id), facts, key)
        with transaction(desk.db):
            told += outbox.put(desk.db, (alert,), now=now)
    return told


def _days_before(desk: Desk, today: date) -> tuple[date, date]:
    """Return the days that no full count was sent for yet: from the last working day on."""
    yesterday = today - timedelta(days=1)
    return previous_working_day(desk.calendar, yesterday), yesterday


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
        resolve=acting_for(desk),
    )


def acting_for(desk: Desk) -> Resolve:
    """Return what turns a role into the people who act in it on a day, deputies for those away."""
    roster = Roster(desk.db)

    def resolve(recipient: Recipient, on: date) -> tuple[Recipient, ...]:
        if recipient.role is None:
            return (recipient,)
        return roster.acting(recipient.role, recipient.scope, on) or (recipient,)

    return resolve
