"""Knowledge gaps: masked questions that found nothing, for the editor."""

from __future__ import annotations

import json
from datetime import datetime

from sqlite_utils import Database


def record_gap(
    db: Database, person_id: int, question: str, nearest: tuple[str, ...], *, now: datetime
) -> None:
    """Record a question, already masked, that found nothing."""
    db.execute(
        "INSERT INTO gaps (question, person_id, at, nearest) VALUES (?, ?, ?, ?)",
        [question, person_id, now.isoformat(), json.dumps(list(nearest))],
    )
