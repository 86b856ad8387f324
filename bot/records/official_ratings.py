"""The province's 好差评 as exported: a table of its own, shown beside ours, never added to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from bot.dialogue import Person, Refusal, Scope


class Sync(StrEnum):
    """How a rating of the province's stands beside ours; no state ever adds one to the other."""

    UNSYNCED = "unsynced"
    SYNCED = "synced"
    NONE = "none"


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
                   item, first_seen_at, last_seen_at)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
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


@dataclass(frozen=True, slots=True)
class OfficialStanding:
    """A provincial rating with its state, and what of ours it was matched with."""

    id: int
    rating: OfficialRating
    sync: Sync
    interaction_id: int | None = None


_STANDING = """SELECT o.id, o.number, o.rated_on, o.level, o.is_default, o.district, o.unit, o.item,
    m.official_id IS NOT NULL, m.interaction_id
    FROM official_ratings o LEFT JOIN official_matches m ON m.official_id = o.id"""

_SYNCS = {
    Sync.UNSYNCED: "m.official_id IS NULL",
    Sync.SYNCED: "m.interaction_id IS NOT NULL",
    Sync.NONE: "m.official_id IS NOT NULL AND m.interaction_id IS NULL",
}


def _standing(row: Any) -> OfficialStanding:
    official_id, number, rated_on, level, is_default, district, unit, item, known, ours = row
    day = date.fromisoformat(rated_on)
    rating = OfficialRating(number, day, level, bool(is_default), district, unit, item)
    state = Sync.SYNCED if ours is not None else Sync.NONE if known else Sync.UNSYNCED
    return OfficialStanding(official_id, rating, state, ours)


def official_within(db: Database, person: Person, official_id: int) -> OfficialStanding:
    """Return a provincial rating within a scope; raise Refusal `official_unknown`."""
    row = db.execute(f"{_STANDING} WHERE o.id = ?", [official_id]).fetchone()
    if row is None or not _may_see(person.scope, row[5]):
        raise Refusal("official_unknown")
    return _standing(row)


def official_by_number(db: Database, number: str) -> OfficialStanding | None:
    """Return a provincial rating by its number."""
    row = db.execute(f"{_STANDING} WHERE o.number = ?", [number]).fetchone()
    return _standing(row) if row else None


def _may_see(scope: Scope, district: str | None) -> bool:
    """Tell whether a scope holds a district; the export knows no windows, no departments."""
    if scope.window is not None or scope.department is not None:
        return False
    return scope.district in (None, district)


def officials_in(
    db: Database,
    person: Person,
    state: Sync,
    *,
    from_on: date = date.min,
    to_on: date = date.max,
    limit: int = -1,
    offset: int = 0,
) -> tuple[OfficialStanding, ...]:
    """Return the provincial ratings of a state within a scope, bad ones and latest first."""
    if not _may_see(person.scope, person.scope.district):
        return ()
    rows = db.execute(
        f"""{_STANDING} WHERE {_SYNCS[state]} AND o.rated_on BETWEEN ? AND ?
            AND (? IS NULL OR o.district = ?)
            ORDER BY o.level >= 3, o.rated_on DESC, o.id DESC LIMIT ? OFFSET ?""",
        [*_period(from_on, to_on), person.scope.district, person.scope.district, limit, offset],
    ).fetchall()
    return tuple(_standing(row) for row in rows)


def sync_counts(
    db: Database, person: Person, *, from_on: date = date.min, to_on: date = date.max
) -> dict[Sync, int]:
    """Count the provincial ratings of each state within a scope."""
    if not _may_see(person.scope, person.scope.district):
        return dict.fromkeys(Sync, 0)
    row = db.execute(
        f"""SELECT {", ".join(f"count(*) FILTER (WHERE {_SYNCS[s]})" for s in Sync)}
            FROM official_ratings o LEFT JOIN official_matches m ON m.official_id = o.id
            WHERE o.rated_on BETWEEN ? AND ? AND (? IS NULL OR o.district = ?)""",
        [*_period(from_on, to_on), person.scope.district, person.scope.district],
    ).fetchone()
    return dict(zip(Sync, row, strict=True))


def _period(from_on: date, to_on: date) -> list[str]:
    return [from_on.isoformat(), to_on.isoformat()]


def match_official(
    db: Database,
    official: OfficialStanding,
    interaction_id: int | None,
    *,
    by_person_id: int | None,
    now: datetime,
) -> None:
    """Note that a provincial rating and a service of ours are the same; None: 无对应.

    Both ratings stand as they are. A service has one provincial rating at most; raises Refusal
    `official_taken` where it has another.
    """
    if interaction_id is not None:
        taken = db.execute(
            "SELECT 1 FROM official_matches WHERE interaction_id = ? AND official_id <> ?",
            [interaction_id, official.id],
        ).fetchone()
        if taken:
            raise Refusal("official_taken")
    db.execute(
        """INSERT INTO official_matches (official_id, interaction_id, by_person_id, matched_at)
           VALUES (?, ?, ?, ?)
           ON CONFLICT (official_id) DO UPDATE SET interaction_id = excluded.interaction_id,
               by_person_id = excluded.by_person_id, matched_at = excluded.matched_at""",
        [official.id, interaction_id, by_person_id, now.isoformat()],
    )


def unmatch_official(db: Database, official: OfficialStanding) -> None:
    """Take a match back: the rating is 未同步 again."""
    db.execute("DELETE FROM official_matches WHERE official_id = ?", [official.id])


def official_of_interaction(db: Database, interaction_id: int) -> OfficialRating | None:
    """Return the provincial rating of a service of ours."""
    row = db.execute(f"{_STANDING} WHERE m.interaction_id = ?", [interaction_id]).fetchone()
    return _standing(row).rating if row else None


def official_counts(
    db: Database, person: Person, from_on: date, to_on: date
) -> tuple[OfficialCounts, ...]:
    """Return the province's counts by district, within the scope of who asks.

    The export knows districts, no windows and no departments of ours: whoever answers for less
    than a district is shown none.
    """
    scope = person.scope
    if not _may_see(scope, scope.district):
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
