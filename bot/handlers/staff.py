"""Binding a person to a role, and making codes for colleagues."""

from __future__ import annotations

from bot.desk import Desk
from bot.dialogue import Incoming, Refusal, Reply, Role, Scope
from bot.qr import qr_png
from bot.records import people
from bot.records.audit import Deed, record_deed
from bot.records.roster import (
    Member,
    accounts_of,
    link_bound,
    member_of_person,
    members,
    unbound_members,
    unlink_person,
)
from bot.views import staff as view

# Who may make codes for whom: nobody makes an equal or a superior but the administrator.
MAKES: dict[Role, tuple[Role, ...]] = {
    Role.LEAD: (Role.CLERK,),
    Role.DEPARTMENT: (Role.DEPARTMENT,),
    Role.ADMINISTRATOR: (
        Role.CLERK,
        Role.LEAD,
        Role.DEPARTMENT,
        Role.SUPERVISOR,
        Role.EDITOR,
        Role.ADMINISTRATOR,
    ),
}


def bind(desk: Desk, incoming: Incoming, code: str) -> Reply:
    """Give the person the role of a code, and the place on the roster that goes with the name."""
    if not code.strip():
        raise Refusal("code_missing")
    given = people.read_code(desk.db, incoming.person, code, now=desk.now())
    if given is None:
        return view.bound_reply(desk.base, incoming.person)
    known = accounts_of(desk.db, given)
    if given.for_person_id is not None and not known:
        # Whose account it was made for is no longer with us.
        raise Refusal("code_expired")
    person = people.bind(desk.db, incoming.person, given, known, now=desk.now())
    if person.id != incoming.person.id:
        unlink_person(desk.db, incoming.person.id)
    link_bound(desk.db, person, given.staff_number)
    record_deed(desk.db, person, Deed.CHANGED, f"bind:{person.role}", now=desk.now())
    return view.bound_reply(desk.base, person)


def make_own_code(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Make a code by which somebody comes in on the page too, as themselves."""
    del arguments
    person = incoming.person
    member = member_of_person(desk.db, person.id)
    code = people.make_code(
        desk.db,
        role=person.role,
        scope=person.scope,
        name=person.name,
        made_by=person.id,
        now=desk.now(),
        staff_number=member.number if member else None,
        for_person_id=person.id,
    )
    return view.own_code_reply(code, desk.links.page_url(f"/join/{code.code}"))


def leave(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Ask whether somebody really wants to end their session here."""
    del desk, argument
    return view.leave_reply(incoming.channel)


def leave_now(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """End somebody's sessions on this channel."""
    if arguments != ("yes",):
        raise Refusal("button_unknown")
    stays = people.leave_channel(desk.db, incoming.person, incoming.channel)
    if not stays:
        unlink_person(desk.db, incoming.person.id)
    return view.left_reply(stays=stays)


def make_code(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Offer the members of the roster who are not bound yet, and the roles for anybody else."""
    del argument
    roles = MAKES[incoming.person.role]
    return view.choose_code_reply(roles, unbound_members(desk.db, _scope(incoming), roles))


def make_code_for(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Make a code for a role, within the maker's own scope."""
    if not arguments or arguments[0] not in set(Role):
        raise Refusal("button_unknown")
    role = Role(arguments[0])
    if role not in MAKES[incoming.person.role]:
        raise Refusal("code_not_allowed")
    return _made(desk, incoming, role, _scope(incoming))


def make_code_of(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Make a code for a member of the roster within the maker's own scope."""
    roles = MAKES[incoming.person.role]
    known = {m.key: m for m in members(desk.db, _scope(incoming)) if m.role in roles}
    member = known.get(arguments[0]) if arguments else None
    if member is None:
        raise Refusal("code_not_allowed")
    return _made(desk, incoming, member.role, member.scope, member)


def _scope(incoming: Incoming) -> Scope:
    """Return where somebody may give roles: an administrator of a district there alone."""
    return incoming.person.scope


def _made(
    desk: Desk, incoming: Incoming, role: Role, scope: Scope, member: Member | None = None
) -> Reply:
    code = people.make_code(
        desk.db,
        role=role,
        scope=scope,
        name=member.name if member else None,
        made_by=incoming.person.id,
        now=desk.now(),
        staff_number=member.number if member else None,
    )
    link = desk.links.page_url(f"/join/{code.code}")
    return view.code_reply(desk.base, code, link, qr_png(link) if link else None)
