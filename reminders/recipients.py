"""Who may be told something: a person, or a role within a scope. Never an address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Role(StrEnum):
    """What a person may do here."""

    CITIZEN = "citizen"
    CLERK = "clerk"
    LEAD = "lead"
    DEPARTMENT = "department"
    SUPERVISOR = "supervisor"
    EDITOR = "editor"
    ADMINISTRATOR = "administrator"


STAFF = frozenset(Role) - {Role.CITIZEN}

MUNICIPAL = "市直"
"""What belongs to the city itself, named like a district; what lies there has no district."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of the city somebody answers for; None means no narrowing on that side."""

    district: str | None = None
    department: str | None = None
    window: str | None = None

    def covers(self, other: Scope) -> bool:
        """Tell whether everything in `other` lies within this scope."""
        return (
            (self.district is None or self.district == (other.district or MUNICIPAL))
            and (self.department is None or self.department == other.department)
            and (self.window is None or self.window == other.window)
        )

    def answers_for(self, other: Scope) -> bool:
        """Tell whether `other` is covered, or names no window in the district this one stands in.

        Many exports name a district and a unit but no window; such a case belongs to every
        window there rather than to none.
        """
        own = replace(self, window=None) if other.window is None else self
        return own.covers(other)


CITY = Scope()


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person by id, or whoever holds a role within a scope when the message is sent."""

    person_id: int | None = None
    role: Role | None = None
    scope: Scope = CITY
