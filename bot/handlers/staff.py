"""Binding a person to a role, and making codes for colleagues."""

from __future__ import annotations

from bot.desk import Desk
from bot.dialogue import CITY, Incoming, Refusal, Reply, Role, Scope
from bot.qr import qr_png
from bot.records import people
from bot.records.audit import Deed, record_deed
from bot.records.roster import Member, link_bound, members, unbound_members
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
    person = people.bind(desk.db, incoming.person, code, now=desk.now())
    record_deed(desk.db, person, Deed.CHANGED, f"bind:{person.role}", now=desk.now())
    link_bound(desk.db, person, people.staff_number_of(desk.db, code))
    return view.bound_reply(desk.base, person)


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
    known = {view.member_key(m): m for m in members(desk.db, _scope(incoming)) if m.role in roles}
    member = known.get(arguments[0]) if arguments else None
    if member is None:
        raise Refusal("code_not_allowed")
    return _made(desk, incoming, member.role, member.scope, member)


def _scope(incoming: Incoming) -> Scope:
    return CITY if incoming.person.role is Role.ADMINISTRATOR else incoming.person.scope


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
