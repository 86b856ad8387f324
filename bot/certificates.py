"""The jobs about certificates: the daily sweep, the departments' digests, and the watch on them."""

from __future__ import annotations

from datetime import date, timedelta

from sqlite_utils import Database

from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import Recipient, Scope
from bot.importing.values import names_of
from bot.reports.certificates import (
    count_by_hand,
    department_people,
    kinds_of,
    rules_of,
)
from reminders import outbox
from reminders.alerts import Alert
from reminders.certificate_sweep import (
    CertificateSweep,
    has_swept,
    notice_silence,
    sweep_certificates,
)
from reminders.certificates import register_kinds
from reminders.working_days import add_working_days

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DIGEST = "certificates_digest"
BY_HAND = "certificates_by_hand"


def run_certificates(desk: Desk, db: Database) -> CertificateSweep:
    """Sweep the register and tell departments what is theirs to do, over a connection."""
    now = desk.now()
    with transaction(db):
        register_kinds(db, names_of(desk.base).certificate_kind)
    swept = sweep_certificates(
        db,
        desk.calendar,
        kinds_of(desk.base),
        rules_of(desk.settings),
        now=now,
        transaction=transaction,
    )
    alerts = [a for person, scope in department_people(db) for a in _told(desk, db, person, scope)]
    with transaction(db):
        outbox.put(db, alerts, now=now)
    return swept


def _told(desk: Desk, db: Database, person_id: int, scope: Scope) -> list[Alert]:
    """Return the weekly digest on its day, and on working days what must be seen to by hand."""
    today = desk.today()
    recipient = Recipient(person_id=person_id)
    alerts = []
    if _is_digest_day(desk, today):
        facts = {"on": today.isoformat()}
        alerts.append(Alert(DIGEST, recipient, facts, f"{DIGEST}:{today}:{person_id}"))
    if desk.calendar.is_working_day(today) and count_by_hand(desk, db, scope):
        facts = {"on": today.isoformat()}
        alerts.append(Alert(BY_HAND, recipient, facts, f"{BY_HAND}:{today}:{person_id}"))
    return alerts


def _is_digest_day(desk: Desk, today: date) -> bool:
    """Tell whether the week's digest comes today; a holiday's comes on the next working day."""
    chosen = WEEKDAYS.index(desk.settings.certificate.digest_on)
    due_on = today - timedelta(days=(today.weekday() - chosen) % 7)
    return today == add_working_days(desk.calendar, due_on - timedelta(days=1), 1)


def is_sweep_due(desk: Desk, db: Database) -> bool:
    """Tell whether today's sweep should have been and was not, as after the program was off."""
    now = desk.now()
    return f"{now:%H:%M}" >= desk.settings.certificate.send_at and not has_swept(db, now)


def watch_certificates(desk: Desk, db: Database) -> bool:
    """Tell the administrator where the day's sweep stayed away; tell whether it did."""
    with transaction(db):
        return notice_silence(db, now=desk.now())
