"""持证上岗率 of window staff: holders among all staff, by district, and who is still missing.

A staff qualification is never a certificate of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from bot.dialogue import MUNICIPAL, Role, Scope
from bot.records.roster import Member, members
from bot.reports.percentages import Bound, Rate, meets, missing_heads
from bot.settings import StaffSettings

TARGET_PERCENT = 70
"""所有窗口 70% 以上 (the city's bulletin); 以上 includes the number itself."""

WINDOW_STAFF = frozenset({Role.CLERK, Role.LEAD})
"""Whose qualification counts: who serves at windows and who leads them."""
NO_UNIT = "没写单位"


@dataclass(frozen=True, slots=True)
class Target:
    """The share of qualified staff that is asked for."""

    percent: int = TARGET_PERCENT
    bound: Bound = Bound.AT_LEAST


CITY_TARGET = Target()


@dataclass(frozen=True, slots=True)
class QualifiedStaff:
    """The window staff of a unit on one day, and those of them with the qualification.

    Somebody with two grades counts once; who is on leave is counted as the roster has them, and
    a vacancy is nobody. Of `unknown` no roster says whether they hold it.
    """

    unit: str
    staff: int
    holders: int
    unknown: int = 0

    @property
    def is_known(self) -> bool:
        """Tell whether anything is known: a roster without the column makes no rate of 0."""
        return self.staff > self.unknown

    @property
    def rate(self) -> Rate:
        """Return 持证上岗率 with both of its parts; the city truncates it."""
        return Rate(self.holders, self.staff)

    def missing(self, target: Target = CITY_TARGET) -> int:
        """Return how many more must qualify until the target is met."""
        return missing_heads(self.staff, self.holders, target.percent, target.bound)

    def meets(self, target: Target = CITY_TARGET) -> bool:
        """Tell whether the target is met, decided on the heads and not on the printed rate."""
        return meets(self.holders, self.staff, target.percent, target.bound)


def total_of(units: Sequence[QualifiedStaff], name: str) -> QualifiedStaff:
    """Return the figure of all from the summed heads, never from the units' rates.

    Units of which nothing is known are no part of it.
    """
    known = [unit for unit in units if unit.is_known]
    return QualifiedStaff(
        name,
        sum(unit.staff for unit in known),
        sum(unit.holders for unit in known),
        sum(unit.unknown for unit in known),
    )


def staff_by_district(
    db: Database, scope: Scope, districts: Iterable[str]
) -> tuple[QualifiedStaff, ...]:
    """Return the window staff within a scope by district, in the districts' order, 市直 last."""
    counted = _counted(_window_staff(db, scope), _district)
    order = [*districts, MUNICIPAL]
    rest = sorted(counted.keys() - set(order))
    return tuple(counted[unit] for unit in (*order, *rest) if unit in counted)


def staff_by_unit(db: Database, scope: Scope, district: str) -> tuple[QualifiedStaff, ...]:
    """Return the window staff of a district (or 市直) by unit, the most without it first."""
    found = [m for m in _window_staff(db, scope) if _district(m) == district]
    counted = _counted(found, lambda member: member.unit or NO_UNIT).values()
    return tuple(sorted(counted, key=lambda unit: (unit.holders - unit.staff, unit.unit)))


def _window_staff(db: Database, scope: Scope) -> list[Member]:
    return [member for member in members(db, scope) if member.role in WINDOW_STAFF]


def _district(member: Member) -> str:
    return member.scope.district or MUNICIPAL


def _counted(
    found: Iterable[Member], unit_of: Callable[[Member], str]
) -> dict[str, QualifiedStaff]:
    by_unit: dict[str, list[Member]] = {}
    for member in found:
        by_unit.setdefault(unit_of(member), []).append(member)
    return {
        unit: QualifiedStaff(
            unit,
            len(staff),
            sum(m.qualification is not None and m.qualification.holds for m in staff),
            sum(m.qualification is None for m in staff),
        )
        for unit, staff in by_unit.items()
    }


def target_of(settings: StaffSettings) -> Target:
    """Return the target as the settings have it."""
    return Target(int(settings.target_rate.removesuffix("%")), Bound(settings.op))
