"""请假、代班: a lead notes who is away, from when to when, and who stands in."""

from __future__ import annotations

from datetime import date, timedelta

from bot.desk import Desk
from bot.dialogue import Incoming, Refusal, Reply, Role
from bot.leave_days import LONGEST_LEAVE_DAYS, has_days, read_leave
from bot.records import conversations
from bot.records.audit import Deed, record_deed
from bot.records.conversations import Awaited
from bot.records.roster import Member, member_by_number, members, set_deputy, set_leave
from bot.views import roster as view
from bot.views.refusals import refusal_reply

LONGEST_LEAVE = 31
WORD = "请假"


def reads(text: str) -> bool:
    """Tell whether a whole message notes a leave: 请假, perhaps a name, and days."""
    words = text.strip()
    return words.startswith(WORD) and has_days(words.removeprefix(WORD))


def leave(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """List the own staff, who is away, and who stands in; or note the leave that is written."""
    conversations.stop_awaiting(desk.db, incoming.person.id)
    words = argument.removeprefix(WORD).strip()
    if words:
        return _written(desk, incoming, words)
    return view.staff_reply(
        [(m.key, m) for m in _own(desk, incoming)], desk.today(), discreet=incoming.discreet
    )


def _written(desk: Desk, incoming: Incoming, words: str) -> Reply:
    """Note a leave for whom it names, or ask whose it is."""
    read = read_leave(words, desk.today())
    own = _own(desk, incoming)
    if not read.who:
        keyed = [(m.key, m) for m in own]
        return view.whose_leave_reply(keyed, read.from_on, read.to_on, discreet=incoming.discreet)
    named = [m for m in own if read.who in (m.number, m.name)]
    if len(named) != 1:
        raise Refusal("leave_unknown", {"who": read.who})
    return _noted(desk, incoming, named[0], read.from_on, read.to_on)


def open_leave(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List the own staff, or show what may be noted of one."""
    if not arguments:
        return leave(desk, incoming, "")
    conversations.stop_awaiting(desk.db, incoming.person.id)
    return _shown(desk, incoming, _member(desk, incoming, arguments[0]))


def _shown(desk: Desk, incoming: Incoming, member: Member) -> Reply:
    deputy = member_by_number(desk.db, member.deputy_number or "")
    return view.member_reply(member.key, member, deputy, desk.today(), discreet=incoming.discreet)


def set_days(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Note a leave of some days from today, or of the days a button names; none ends it."""
    if len(arguments) == 3:
        return _set_period(desk, incoming, arguments)
    if len(arguments) != 2 or not arguments[1].isdigit() or int(arguments[1]) > LONGEST_LEAVE:
        raise Refusal("button_unknown")
    member, days, today = _member(desk, incoming, arguments[0]), int(arguments[1]), desk.today()
    if days:
        return _noted(desk, incoming, member, today, today + timedelta(days=days - 1))
    set_leave(desk.db, member.number, None, None, None)
    _write_down(desk, incoming, member)
    return _shown(desk, incoming, _member(desk, incoming, arguments[0]))


def _set_period(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Note the leave whose days were written before it was said whose it is."""
    key, first, last = arguments
    member = _member(desk, incoming, key)
    try:
        from_on, to_on = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise Refusal("button_unknown") from None
    if not from_on <= to_on or (to_on - from_on).days >= LONGEST_LEAVE_DAYS:
        raise Refusal("button_unknown")
    if to_on < desk.today():
        raise Refusal("leave_over", {"to_on": to_on})
    return _noted(desk, incoming, member, from_on, to_on)


def ask_days(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Ask from when to when somebody is away."""
    if not arguments:
        raise Refusal("button_unknown")
    member = _member(desk, incoming, arguments[0])
    conversations.await_text(
        desk.db, incoming.person.id, Awaited.LEAVE, arguments[0], now=desk.now()
    )
    return view.ask_days_reply(arguments[0], member, discreet=incoming.discreet)


def take_days(desk: Desk, incoming: Incoming, text: str) -> Reply:
    """Note the leave whose days were asked for; what cannot be read is asked for again."""
    conversation = conversations.conversation_of(desk.db, incoming.person.id, now=desk.now())
    member = _member(desk, incoming, conversation.awaiting_subject or "")
    try:
        read = read_leave(text.strip().removeprefix(WORD), desk.today())
    except Refusal as refusal:
        return view.ask_days_again_reply(member.key, refusal_reply(refusal))
    reply = _noted(desk, incoming, member, read.from_on, read.to_on)
    conversations.stop_awaiting(desk.db, incoming.person.id)
    return reply


def _noted(desk: Desk, incoming: Incoming, member: Member, from_on: date, to_on: date) -> Reply:
    """Note a leave; one that is going on is made longer or shorter, never cut off unnoticed."""
    today = desk.today()
    if member.is_on_leave(today):
        assert member.leave_from_on is not None
        assert member.leave_to_on is not None
        if from_on > member.leave_to_on + timedelta(days=1):
            raise Refusal("leave_going_on", {"to_on": member.leave_to_on})
        from_on = min(from_on, member.leave_from_on)
    set_leave(desk.db, member.number, from_on, to_on, None)
    _write_down(desk, incoming, member)
    return _shown(desk, incoming, _member(desk, incoming, member.key))


def choose_deputy(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Offer who may stand in, or note who does."""
    if not arguments:
        raise Refusal("button_unknown")
    member = _member(desk, incoming, arguments[0])
    others = [m for m in _own(desk, incoming) if m.number != member.number]
    if len(arguments) < 2:
        keyed = [(m.key, m) for m in others]
        return view.deputies_reply(arguments[0], member, keyed, discreet=incoming.discreet)
    chosen = next((m for m in others if m.key == arguments[1]), None)
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
    found = next((m for m in _own(desk, incoming) if m.key == key), None)
    if found is None:
        raise Refusal("button_unknown")
    return found


def _write_down(desk: Desk, incoming: Incoming, member: Member) -> None:
    subject = f"leave:{member.number}"
    record_deed(desk.db, incoming.person, Deed.CHANGED, subject, now=desk.now())
