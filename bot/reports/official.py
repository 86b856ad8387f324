"""Which services of ours the province's ratings may be about: candidates, and the sure ones.

The export knows day, district and item, no person. So only a rating that fits one service of
ours alone, which fits no other, is taken without asking; everything else a supervisor decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlite_utils import Database

from bot.records.official_ratings import OfficialStanding

DAYS_APART = 3
"""How far the day of a provincial rating may lie from that of a service a person may choose."""

EntriesOf = Callable[[str | None], frozenset[str]]
"""Tells which entries an item of the export is; none where it is not known by name."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A service of ours that a provincial rating may be about; no person is named."""

    interaction_id: int
    on: date
    level: int | None
    entry_id: str
    district: str | None
    window: str | None
    number: str | None


_CANDIDATES = """SELECT i.id, coalesce(r.rated_on, i.began_on), r.level, i.entry_id, i.district,
    i.window, z.number
    FROM interactions i LEFT JOIN ratings r ON r.interaction_id = i.id
    LEFT JOIN rectifications z ON z.rating_id = r.id
    LEFT JOIN official_matches m ON m.interaction_id = i.id"""


def _candidate(row: Any) -> Candidate:
    return Candidate(row[0], date.fromisoformat(row[1]), *row[2:])


def candidate_by_id(db: Database, interaction_id: int) -> Candidate | None:
    """Return a service of ours as it stands beside a provincial rating."""
    row = db.execute(f"{_CANDIDATES} WHERE i.id = ?", [interaction_id]).fetchone()
    return _candidate(row) if row else None


def candidates(
    db: Database, official: OfficialStanding, entries_of: EntriesOf, *, limit: int
) -> tuple[Candidate, ...]:
    """Return the services a person may choose from, nearest first: near in time, same district.

    Those of the named item come first, and of those the rated ones.
    """
    rating = official.rating
    apart = timedelta(days=DAYS_APART)
    entries = entries_of(rating.item)
    rows = db.execute(
        f"""{_CANDIDATES}
            WHERE i.began_on BETWEEN ? AND ? AND i.counted = 1 AND i.answered_at IS NOT NULL
              AND m.official_id IS NULL AND (? IS NULL OR i.district = ?)""",
        [
            (rating.rated_on - apart).isoformat(),
            (rating.rated_on + apart).isoformat(),
            rating.district,
            rating.district,
        ],
    ).fetchall()
    found = [_candidate(row) for row in rows]
    found.sort(
        key=lambda one: (
            one.entry_id not in entries,
            one.level is None,
            abs((one.on - rating.rated_on).days),
            one.level != rating.level,
            -one.interaction_id,
        )
    )
    fitting = [one for one in found if one.entry_id in entries] if entries else found
    return tuple(fitting[:limit])


def sure_matches(
    db: Database, officials: Sequence[OfficialStanding], entries_of: EntriesOf
) -> tuple[tuple[OfficialStanding, Candidate], ...]:
    """Return the pairs that fit each other alone: same day, district, item and level.

    A default rating is nobody's word, so it is never taken for somebody's.
    """
    active = [one for one in officials if not one.rating.is_default and one.rating.district]
    days = sorted({one.rating.rated_on.isoformat() for one in active})
    ours: dict[tuple[date, str, int, str], list[Candidate]] = defaultdict(list)
    for day in days:
        rows = db.execute(
            f"""{_CANDIDATES}
                WHERE r.rated_on = ? AND r.voided_at IS NULL AND i.counted = 1
                  AND m.official_id IS NULL AND i.district IS NOT NULL""",
            [day],
        ).fetchall()
        for one in map(_candidate, rows):
            assert one.level is not None
            assert one.district is not None
            ours[(one.on, one.district, one.level, one.entry_id)].append(one)
    fits = {one.id: _fitting(one, ours, entries_of) for one in active}
    wanted: dict[int, int] = defaultdict(int)
    for found in fits.values():
        for candidate in found:
            wanted[candidate.interaction_id] += 1
    return tuple(
        (one, fits[one.id][0])
        for one in active
        if len(fits[one.id]) == 1 and wanted[fits[one.id][0].interaction_id] == 1
    )


def _fitting(
    official: OfficialStanding,
    ours: dict[tuple[date, str, int, str], list[Candidate]],
    entries_of: EntriesOf,
) -> list[Candidate]:
    rating = official.rating
    assert rating.district is not None
    return [
        candidate
        for entry_id in entries_of(rating.item)
        for candidate in ours.get((rating.rated_on, rating.district, rating.level, entry_id), ())
    ]
