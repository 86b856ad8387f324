"""请假、代班: a lead notes who is away and who stands in, with buttons alone."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from bot.desk import Desk
from bot.dialogue import Incoming, Refusal, Reply, Role
from bot.records.audit import Deed, record_deed
from bot.records.roster import Member, members, set_deputy, set_leave
from bot.views import roster as view

LONGEST_LEAVE = 31
_KEY = 10


def leave(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """List the own staff, who is away, and who stands in."""
    del argument
    return view.staff_reply(
        [(_key(m), m) for m in _own(desk, incoming)], desk.today(), discreet=incoming.discreet
    )


def open_leave(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List the own staff, or show what may be noted of one."""
    if not arguments:
        return leave(desk, incoming, "")
    member = _member(desk, incoming, arguments[0])
    return view.member_reply(arguments[0], member, desk.today(), discreet=incoming.discreet)


def set_days(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Note a leave of some days from today; none ends it."""
    if len(arguments) != 2 or not arguments[1].isdigit() or int(arguments[1]) > LONGEST_LEAVE:
        raise Refusal("button_unknown")
    member, days, today = _member(desk, incoming, arguments[0]), int(arguments[1]), desk.today()
    if days:
        last_on = today + timedelta(days=days - 1)
        set_leave(desk.db, member.number, today, last_on, None)
    else:
        set_leave(desk.db, member.number, None, None, None)
    _write_down(desk, incoming, member)
    return open_leave(desk, incoming, arguments[:1])


def choose_deputy(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Offer who may stand in, or note who does."""
    if not arguments:
        raise Refusal("button_unknown")
    member = _member(desk, incoming, arguments[0])
    others = [m for m in _own(desk, incoming) if m.number != member.number]
    if len(arguments) < 2:
        keyed = [(_key(m), m) for m in others]
        return view.deputies_reply(arguments[0], member, keyed, discreet=incoming.discreet)
    chosen = next((m for m in others if _key(m) == arguments[1]), None)
    if chosen is None:
        raise Refusal("button_unknown")
    set_deputy(desk.db, member.number, chosen.number)
    _write_down(desk, incoming, member)
    return open_leave(desk, incoming, arguments[:1])


def _own(desk: Desk, incoming: Incoming) -> tuple[Member, ...]:
    """Return the staff a lead answers for."""
    found = members(desk.db, incoming.person.scope)
    return tuple(m for m in found if m.role in (Role.CLERK, Role.LEAD))


def _member(desk: Desk, incoming: Incoming, key: str) -> Member:
    found = next((m for m in _own(desk, incoming) if _key(m) == key), None)
    if found is None:
        raise Refusal("button_unknown")
    return found


def _key(member: Member) -> str:
    """Return a member as one ASCII word: a 工号 may hold any characters."""
    return hashlib.sha256(member.number.encode()).hexdigest()[:_KEY]


def _write_down(desk: Desk, incoming: Incoming, member: Member) -> None:
    subject = f"leave:{member.number}"
    record_deed(desk.db, incoming.person, Deed.CHANGED, subject, now=desk.now())
