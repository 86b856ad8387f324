"""The province's 好差评 as exported: a table of its own, shown beside ours, never added to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlite_utils import Database

from bot.dialogue import Person, Refusal


class Sync(StrEnum):
    """What is known of a provincial rating beside ours: matched by number, or differing."""

    IMPORTED = "imported"
    MATCHED = "matched"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class OfficialRating:
    """One row of the province's export."""

    number: str
    rated_on: date
    level: int
    is_default: bool
    district: str | None
    unit: str | None
    item: str | None


@dataclass(frozen=True, slots=True)
class OfficialImport:
    """What an import did."""

    added: int
    updated: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class OfficialCounts:
    """The province's counts of one district, or of a whole period."""

    district: str | None
    active: int
    default: int
    good: int
    active_good: int
    bad: int


def put_official(
    db: Database, ratings: Sequence[OfficialRating], *, now: datetime
) -> OfficialImport:
    """Take the rows of an export in; the same export again changes nothing."""
    added = updated = unchanged = 0
    for rating in ratings:
        known = official_rating(db, rating.number)
        if known == rating:
            unchanged += 1
            db.execute(
                "UPDATE official_ratings SET last_seen_at = ? WHERE number = ?",
                [now.isoformat(), rating.number],
            )
            continue
        added += known is None
        updated += known is not None
        db.execute(
            """INSERT INTO official_ratings (number, rated_on, level, is_default, district, unit,
                   item, sync, first_seen_at, last_seen_at)
               VALUES (?, ?, ?, ?, ?, ?, ?, 'imported', ?, ?)
               ON CONFLICT (number) DO UPDATE SET rated_on = excluded.rated_on,
                   level = excluded.level, is_default = excluded.is_default,
                   district = excluded.district, unit = excluded.unit, item = excluded.item,
                   last_seen_at = excluded.last_seen_at""",
            [
                rating.number,
                rating.rated_on.isoformat(),
                rating.level,
                int(rating.is_default),
                rating.district,
                rating.unit,
                rating.item,
                now.isoformat(),
                now.isoformat(),
            ],
        )
    return OfficialImport(added, updated, unchanged)


def official_rating(db: Database, number: str) -> OfficialRating | None:
    """Return the provincial rating with this number."""
    row = db.execute(
        """SELECT number, rated_on, level, is_default, district, unit, item
           FROM official_ratings WHERE number = ?""",
        [number],
    ).fetchone()
    if row is None:
        return None
    return OfficialRating(
        row[0], date.fromisoformat(row[1]), row[2], bool(row[3]), row[4], row[5], row[6]
    )


def match_rating(db: Database, number: str, rating_id: int) -> Sync:
    """Note that a provincial rating and one of ours are of the same service; both stand."""
    row = db.execute(
        """SELECT o.level, r.level FROM official_ratings o, ratings r
           WHERE o.number = ? AND r.id = ?""",
        [number, rating_id],
    ).fetchone()
    if row is None:
        raise Refusal("interaction_unknown")
    sync = Sync.MATCHED if row[0] == row[1] else Sync.DIFFERS
    db.execute(
        "UPDATE official_ratings SET sync = ?, rating_id = ? WHERE number = ?",
        [sync, rating_id, number],
    )
    return sync


def official_counts(
    db: Database, person: Person, from_on: date, to_on: date
) -> tuple[OfficialCounts, ...]:
    """Return the province's counts by district, within the scope of who asks.

    The export knows districts, no windows and no departments of ours: whoever answers for less
    than a district is shown none.
    """
    scope = person.scope
    if scope.window is not None or scope.department is not None:
        return ()
    rows = db.execute(
        """SELECT district, sum(is_default = 0), sum(is_default), sum(level >= 3),
                  sum(level >= 3 AND is_default = 0), sum(level < 3)
           FROM official_ratings
           WHERE rated_on BETWEEN ? AND ? AND (? IS NULL OR district = ?)
           GROUP BY district ORDER BY district""",
        [from_on.isoformat(), to_on.isoformat(), scope.district, scope.district],
    ).fetchall()
    return tuple(OfficialCounts(*row) for row in rows)
