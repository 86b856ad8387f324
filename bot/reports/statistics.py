"""Counts of our own ratings (服务反馈) by day, window, entry and district, within a scope.

好评 and 差评 count by the day of the rating, 未评 the interactions begun that day without one.
Ours only: the province's 好差评 is never added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlite_utils import Database

from bot.dialogue import Scope
from bot.reports.percentages import Rate

UNASSIGNED = "未归属"


class By(StrEnum):
    """What the rows of a count stand for."""

    WINDOW = "window"
    ENTRY = "entry"
    DISTRICT = "district"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Narrow:
    """What somebody wants to see within their scope: a district, a hall, a window, an entry.

    A hall is asked for by its id where it belongs to no district, as 市民之家 does; 未归属 asks
    for what no district or no window owns.
    """

    district: str | None = None
    window: str | None = None
    entry: str | None = None
    hall: str | None = None


EVERYTHING = Narrow()


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for: a period, and what of the scope."""

    from_on: date
    to_on: date
    narrow: Narrow = EVERYTHING


@dataclass(frozen=True, slots=True)
class Counts:
    """Good, bad and unrated of one key."""

    key: str
    good: int = 0
    bad: int = 0
    unrated: int = 0

    @property
    def rated(self) -> int:
        """Count the ratings."""
        return self.good + self.bad

    @property
    def good_rate(self) -> Rate:
        """Return 好评率 with both of its parts."""
        return Rate(self.good, self.rated)


@dataclass(frozen=True, slots=True)
class Ratings:
    """The counts of a period: rows and their total."""

    from_on: date
    to_on: date
    rows: tuple[Counts, ...]
    total: Counts


_KEYS = {
    By.WINDOW: f"coalesce(i.window, '{UNASSIGNED}')",
    By.ENTRY: "i.entry_id",
    By.DISTRICT: f"coalesce(i.district, i.hall, '{UNASSIGNED}')",
}
"""A hall without a district (市民之家) is a unit of its own, named by its id."""


def count_ratings(
    db: Database,
    scope: Scope,
    from_on: date,
    to_on: date,
    by: By,
    *,
    entries_of_department: Sequence[str] = (),
    narrow: Narrow = EVERYTHING,
) -> Ratings:
    """Count the ratings of a period within a scope, and of what is wanted of it.

    A scope with a department sees the entries that department owns, handed in by name.
    """
    where, values = within(scope, entries_of_department, narrow)
    rated_key = _KEYS.get(by, "r.rated_on")
    begun_key = _KEYS.get(by, "i.began_on")
    period = [from_on.isoformat(), to_on.isoformat()]
    rated = db.execute(
        f"""SELECT {rated_key}, sum(r.level >= 3), sum(r.level < 3)
            FROM ratings r JOIN interactions i ON i.id = r.interaction_id
            WHERE r.rated_on BETWEEN ? AND ? AND r.voided_at IS NULL AND i.counted = 1 {where}
            GROUP BY 1""",
        [*period, *values],
    ).fetchall()
    unrated = db.execute(
        f"""SELECT {begun_key}, count(*)
            FROM interactions i LEFT JOIN ratings r ON r.interaction_id = i.id
            WHERE i.began_on BETWEEN ? AND ? AND i.counted = 1 AND i.answered_at IS NOT NULL
              AND r.id IS NULL {where}
            GROUP BY 1""",
        [*period, *values],
    ).fetchall()
    left = dict(unrated)
    counts = {key: Counts(key, good, bad, left.pop(key, 0)) for key, good, bad in rated}
    counts |= {key: Counts(key, 0, 0, number) for key, number in left.items()}
    rows = tuple(sorted(counts.values(), key=lambda c: _order(c, by)))
    return Ratings(from_on, to_on, rows, _sum(rows))


def count_rated_until(
    db: Database,
    scope: Scope,
    from_on: date,
    until: datetime,
    *,
    entries_of_department: Sequence[str] = (),
    narrow: Narrow = EVERYTHING,
) -> Counts:
    """Count the ratings from a day's beginning up to an instant of a later or the same day.

    A day that is still going on is compared with the same hours of another.
    """
    where, values = within(scope, entries_of_department, narrow)
    good, bad = db.execute(
        f"""SELECT coalesce(sum(r.level >= 3), 0), coalesce(sum(r.level < 3), 0)
            FROM ratings r JOIN interactions i ON i.id = r.interaction_id
            WHERE (r.rated_on >= ? AND r.rated_on < ? OR r.rated_on = ? AND r.rated_at <= ?)
              AND r.voided_at IS NULL AND i.counted = 1 {where}""",
        [
            from_on.isoformat(),
            until.date().isoformat(),
            until.date().isoformat(),
            until.isoformat(),
            *values,
        ],
    ).fetchone()
    return Counts(UNASSIGNED, good, bad)


_WITHOUT = {
    "i.district": " AND i.district IS NULL AND i.hall IS NULL",
    "i.window": " AND i.window IS NULL",
}


def within(
    scope: Scope, entries: Sequence[str], narrow: Narrow = EVERYTHING
) -> tuple[str, list[str]]:
    """Return the SQL condition of a scope, and of what is wanted of it, with its values."""
    where, values = "", []
    for column, value in (
        ("i.district", narrow.district),
        ("i.window", narrow.window),
        ("i.entry_id", narrow.entry),
        ("i.hall", narrow.hall),
    ):
        if value == UNASSIGNED:
            where += _WITHOUT.get(column, "")
        elif value is not None:
            where += f" AND {column} = ?"
            values.append(value)
    if scope.district is not None:
        where += " AND i.district = ?"
        values.append(scope.district)
    if scope.window is not None:
        where += " AND i.window = ?"
        values.append(scope.window)
    if scope.department is not None:
        marks = ", ".join("?" for _ in entries)
        where += f" AND i.entry_id IN ({marks})"
        values += entries
    return where, values


def _order(counts: Counts, by: By) -> tuple[int, int, str]:
    """Order days by date, everything else by the number of ratings and of interactions."""
    if by is By.DAY:
        return 0, 0, counts.key
    return -counts.rated, -counts.unrated, counts.key


def _sum(rows: Sequence[Counts]) -> Counts:
    return Counts(
        "合计",
        sum(row.good for row in rows),
        sum(row.bad for row in rows),
        sum(row.unrated for row in rows),
    )
