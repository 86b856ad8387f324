"""持证上岗率 of window staff: holders among all staff, by district, and who is still missing.

A staff qualification is never a certificate of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.reports.percentages import Rate, meets, missing_heads

TARGET_PERCENT = 70
"""所有窗口 70% 以上 (the city's bulletin); 以上 includes the number itself."""


@dataclass(frozen=True, slots=True)
class QualifiedStaff:
    """The window staff of a unit on one day, and those of them with the qualification.

    Somebody with two grades counts once; leave and vacancies are as on the roster.
    """

    unit: str
    staff: int
    holders: int

    @property
    def rate(self) -> Rate:
        """Return 持证上岗率 with both of its parts; the city truncates it."""
        return Rate(self.holders, self.staff)

    def missing(self, percent: int = TARGET_PERCENT) -> int:
        """Return how many more must qualify until the target is met."""
        return missing_heads(self.staff, self.holders, percent)

    def meets(self, percent: int = TARGET_PERCENT) -> bool:
        """Tell whether the target is met, decided on the heads and not on the printed rate."""
        return meets(self.holders, self.staff, percent)


def total_of(units: Sequence[QualifiedStaff], name: str) -> QualifiedStaff:
    """Return the city's figure from the summed heads, never from the units' rates."""
    return QualifiedStaff(name, sum(u.staff for u in units), sum(u.holders for u in units))
