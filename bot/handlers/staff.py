"""Binding a person to a role, and making codes for colleagues."""

from __future__ import annotations

from bot.desk import Desk
from bot.dialogue import CITY, Incoming, Refusal, Reply, Role, Scope
from bot.qr import qr_png
from bot.records import people
from bot.records.audit import Deed, record_deed
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
    """Give the person the role of a code."""
    if not code.strip():
        raise Refusal("code_missing")
    person = people.bind(desk.db, incoming.person, code, now=desk.now())
    record_deed(desk.db, person, Deed.CHANGED, f"bind:{person.role}", now=desk.now())
    return view.bound_reply(person)


def make_code(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Offer the roles a code may be made for."""
    del desk, argument
    return view.choose_role_reply(MAKES[incoming.person.role])


def make_code_for(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Make a code for a role, within the maker's own scope."""
    if not arguments or arguments[0] not in set(Role):
        raise Refusal("button_unknown")
    role = Role(arguments[0])
    if role not in MAKES[incoming.person.role]:
        raise Refusal("code_not_allowed")
    scope = CITY if incoming.person.role is Role.ADMINISTRATOR else incoming.person.scope
    code = people.make_code(
        desk.db,
        role=role,
        scope=Scope(scope.district, scope.department, scope.window),
        name=None,
        made_by=incoming.person.id,
        now=desk.now(),
    )
    link = desk.links.page_url(f"/join/{code.code}")
    return view.code_reply(code, link, qr_png(link) if link else None)
