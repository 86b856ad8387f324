"""Knowledge gaps: masked questions that found nothing, for the editor."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class Gap:
    """A question that found nothing, how often it came, and what was nearest."""

    question: str
    times: int
    nearest: tuple[str, ...]


def record_gap(
    db: Database, person_id: int, question: str, nearest: tuple[str, ...], *, now: datetime
) -> None:
    """Record a question, already masked, that found nothing."""
    db.execute(
        "INSERT INTO gaps (question, person_id, at, nearest) VALUES (?, ?, ?, ?)",
        [question, person_id, now.isoformat(), json.dumps(list(nearest))],
    )


def gaps(db: Database, *, limit: int) -> tuple[Gap, ...]:
    """Return the questions that found nothing, the most frequent first."""
    rows = db.execute(
        """SELECT question, count(*), max(nearest) FROM gaps
           GROUP BY question ORDER BY count(*) DESC, max(at) DESC LIMIT ?""",
        [limit],
    ).fetchall()
    return tuple(Gap(question, times, tuple(json.loads(near))) for question, times, near in rows)
