"""操作记录: who saw, changed and exported what, within the scope of who asks."""

from __future__ import annotations

from bot.desk import Desk
from bot.dialogue import Incoming, Refusal, Reply
from bot.records import people
from bot.records.audit import GROUPS, DeedGroup, Wanted, deeds_within
from bot.reports.audit import number_tails
from bot.views import audit as view

PER_PAGE = 12
MOST_NAMESAKES = 4


def look(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Show the latest lines, or those of somebody by name."""
    if not argument:
        return _page(desk, incoming, None, None, ())
    found = [
        person.id
        for person in people.people_named(desk.db, argument)
        if incoming.person.scope.covers(person.scope)
    ]
    if not found:
        raise Refusal("person_unknown", {"name": argument})
    return _page(desk, incoming, None, None, tuple(found[:MOST_NAMESAKES]))


def turn(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show an older page, or only looks, changes or exports: `audit:GROUP:BEFORE:PEOPLE`."""
    group, before, about = (*arguments, "", "", "")[:3]
    parts = [before, *about.split("-")]
    if any(part and not part.isdecimal() for part in parts) or len(arguments) > 3:
        raise Refusal("button_unknown")
    if group not in ("", "all", *DeedGroup):
        raise Refusal("button_unknown")
    chosen = DeedGroup(group) if group in set(DeedGroup) else None
    ids = tuple(int(part) for part in parts[1:] if part)
    return _page(desk, incoming, chosen, int(before) if before else None, ids)


def _page(
    desk: Desk,
    incoming: Incoming,
    group: DeedGroup | None,
    before: int | None,
    person_ids: tuple[int, ...],
) -> Reply:
    wanted = Wanted(person_ids=person_ids or None, before=before)
    if group is not None:
        wanted = Wanted(GROUPS[group], person_ids=person_ids or None, before=before)
    found = deeds_within(desk.db, incoming.person.scope, wanted, limit=PER_PAGE + 1)
    shown = found[:PER_PAGE]
    page = view.AuditPage(
        entries=shown,
        people={p.id: p for p in people.people_by_id(desk.db, {e.person_id for e in shown})},
        tails=number_tails(desk.db, shown),
        group=group,
        about="-".join(map(str, person_ids)),
        before=shown[-1].id if len(found) > PER_PAGE else None,
    )
    return view.audit_reply(desk.base, page, incoming.person, discreet=incoming.discreet)
