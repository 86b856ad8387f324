"""What it means that an address of staff takes no more messages: somebody must be told.

A citizen's is only noted; a clerk who blocked the bot would otherwise be silent unnoticed.
"""

from __future__ import annotations

from bot.desk import Desk
from bot.dialogue import Person, Recipient, Role, Scope
from bot.records import people
from bot.records.people import Address
from reminders import outbox
from reminders.alerts import Alert
from reminders.overdue import next_hour

UNREACHABLE = "staff_unreachable"


def note_unreachable(desk: Desk, address: Address) -> None:
    """Mark an address unusable and, where it was staff's, tell who answers for them.

    Once a day, and not at night. To be called inside a transaction.
    """
    now = desk.now()
    person = people.find_person(desk.db, address)
    people.mark_unusable(desk.db, address, now=now)
    if person is None or person.role is Role.CITIZEN:
        return
    alert = Alert(
        kind=UNREACHABLE,
        recipient=_who_answers_for(person),
        facts={"person": str(person.id), "channel": address.channel},
        dedupe_key=f"{UNREACHABLE}:{person.id}:{address.channel}:{now:%Y-%m-%d}",
        not_before_at=next_hour(desk.calendar, desk.settings.oversight.rules(), now),
    )
    outbox.put(desk.db, (alert,), now=now)


def _who_answers_for(person: Person) -> Recipient:
    """Return the lead for a clerk, the district's supervisor for a lead, else the administrator."""
    if person.role is Role.CLERK:
        return Recipient(role=Role.LEAD, scope=person.scope)
    if person.role is Role.LEAD:
        return Recipient(role=Role.SUPERVISOR, scope=Scope(person.scope.district))
    return Recipient(role=Role.ADMINISTRATOR)
