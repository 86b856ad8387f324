"""One neutral invitation for an interaction left unrated, three days later, and 退订 for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlite_utils import Database

LATEST_DAYS = 14
"""After an outage nobody is asked about what they have long forgotten."""


@dataclass(frozen=True, slots=True)
class Uninvited:
    """An interaction without a rating whose person may be asked once."""

    interaction_id: int
    person_id: int


def uninvited(
    db: Database, *, today: date, after_days: int, shared_tablets: bool
) -> tuple[Uninvited, ...]:
    """Return the interactions to invite for: answered, unrated, never asked, not refused.

    Where the page stands on shared tablets nobody of the page can be reached again.
    """
    last_on = today - timedelta(days=after_days)
    first_on = last_on - timedelta(days=LATEST_DAYS)
    rows = db.execute(
        """SELECT i.id, i.person_id FROM interactions i
           LEFT JOIN ratings r ON r.interaction_id = i.id
           JOIN people p ON p.id = i.person_id
           WHERE i.began_on BETWEEN ? AND ? AND i.counted = 1 AND i.answered_at IS NOT NULL
             AND i.invited_at IS NULL AND r.id IS NULL AND p.role = 'citizen'
             AND p.erased_at IS NULL AND NOT (? AND i.channel = 'web')
             AND NOT EXISTS (SELECT 1 FROM invitation_refusals f WHERE f.person_id = i.person_id)
             AND EXISTS (SELECT 1 FROM addresses a
                 WHERE a.person_id = i.person_id AND a.unusable_at IS NULL)
           ORDER BY i.id""",
        [first_on.isoformat(), last_on.isoformat(), int(shared_tablets)],
    ).fetchall()
    return tuple(Uninvited(*row) for row in rows)


def mark_invited(db: Database, interaction_id: int, *, now: datetime) -> bool:
    """Note the one invitation of an interaction; tell whether it is the first."""
    return (
        db.execute(
            "UPDATE interactions SET invited_at = ? WHERE id = ? AND invited_at IS NULL",
            [now.isoformat(), interaction_id],
        ).rowcount
        == 1
    )


def refuse_invitations(db: Database, person_id: int, *, now: datetime) -> None:
    """Never invite somebody again (退订)."""
    db.execute(
        "INSERT OR IGNORE INTO invitation_refusals (person_id, at) VALUES (?, ?)",
        [person_id, now.isoformat()],
    )


def has_refused(db: Database, person_id: int) -> bool:
    """Tell whether somebody asked not to be invited."""
    query = "SELECT 1 FROM invitation_refusals WHERE person_id = ?"
    return db.execute(query, [person_id]).fetchone() is not None
