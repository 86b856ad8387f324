"""持证上岗率 of window staff within one's own scope, by district and by unit."""

from __future__ import annotations

from bot.desk import Desk
from bot.dialogue import MUNICIPAL, Incoming, Refusal, Reply, Role, Scope
from bot.places import canonical_district
from bot.reports.qualification import (
    QualifiedStaff,
    staff_by_district,
    staff_by_unit,
    target_of,
)
from bot.reports.rates import rates_of
from bot.views import qualification as view

STAFF_OVERSEERS = frozenset({Role.LEAD, Role.SUPERVISOR, Role.ADMINISTRATOR})
MUNICIPAL_ID = "city"


def by_district(desk: Desk, scope: Scope) -> tuple[QualifiedStaff, ...]:
    """Return the figures of a scope, districts in the order of the knowledge base."""
    return staff_by_district(desk.db, scope, [d.name for d in desk.base.districts])


def show(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Show the rate by district; who answers for one district sees its units."""
    del argument
    scope = incoming.person.scope
    if scope.district is not None:
        return _units(desk, incoming, scope.district)
    units = by_district(desk, scope)
    ids = {d.name: d.id for d in desk.base.districts} | {MUNICIPAL: MUNICIPAL_ID}
    return view.qualification_reply(
        desk.base,
        units,
        rates=rates_of(desk.settings.rates),
        on=desk.today(),
        target=target_of(desk.settings.staff),
        scope=scope,
        districts=[(unit.unit, ids[unit.unit]) for unit in units if unit.unit in ids],
    )


def open_(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show the rate by district, or the units of the one a button names."""
    if not arguments:
        return show(desk, incoming, "")
    named = arguments[0]
    district = MUNICIPAL if named == MUNICIPAL_ID else canonical_district(desk.base, named)
    if district is None:
        raise Refusal("button_unknown")
    return _units(desk, incoming, district)


def _units(desk: Desk, incoming: Incoming, district: str) -> Reply:
    scope = incoming.person.scope
    return view.qualification_reply(
        desk.base,
        staff_by_unit(desk.db, scope, district),
        rates=rates_of(desk.settings.rates),
        on=desk.today(),
        target=target_of(desk.settings.staff),
        scope=Scope(district, scope.department, scope.window),
    )
