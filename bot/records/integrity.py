"""Flags on ratings that look odd. Nothing is deleted and no count changes: a person looks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlite_utils import Database

from bot.dialogue import Person, Scope
from bot.records.interactions import Interaction

SHORTEST_WORDS = 4
"""Shorter words (很好, 不错) are said by many in good faith."""


class Oddity(StrEnum):
    """What looks odd about ratings (`domain.md` 1.3)."""

    OWN_WINDOW = "own_window"
    MANY_A_DAY = "many_a_day"
    BURST = "burst"
    TOO_FAST = "too_fast"
    SAME_WORDS = "same_words"
    STAFF_PHONE = "staff_phone"


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on something is odd."""

    a_day: int = 5
    seconds: int = 5
    burst: int = 10
    burst_minutes: int = 10
    same_words: int = 3


@dataclass(frozen=True, slots=True)
class IntegrityFlag:
    """Something odd on a day: where, and how many ratings it is about."""

    oddity: Oddity
    subject: str
    on: date
    scope: Scope
    entry_id: str | None
    number: int


def _flag(
    db: Database,
    oddity: Oddity,
    subject: str,
    interaction: Interaction | None,
    number: int,
    now: datetime,
    *,
    window: str | None = None,
    district: str | None = None,
) -> None:
    place = interaction.place if interaction else None
    db.execute(
        """INSERT INTO integrity_flags
               (kind, subject, on_day, at, district, window, entry_id, number)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (kind, subject, on_day) DO UPDATE SET number = excluded.number""",
        [
            oddity,
            subject,
            now.date().isoformat(),
            now.isoformat(),
            place.district if place else district,
            place.window if place else window,
            interaction.entry_id if interaction else None,
            number,
        ],
    )


def flag_own_window(db: Database, person: Person, *, now: datetime) -> None:
    """Log that somebody of the staff tried to rate; the rating itself is refused."""
    scope = person.scope
    _flag(
        db,
        Oddity.OWN_WINDOW,
        f"person:{person.id}",
        None,
        1,
        now,
        window=scope.window,
        district=scope.district,
    )


def flag_staff_phone(db: Database, interaction: Interaction, *, now: datetime) -> None:
    """Flag that the phone left with a rating is that of somebody of the staff."""
    subject = f"interaction:{interaction.id}"
    _flag(db, Oddity.STAFF_PHONE, subject, interaction, 1, now)


def flag_rating(
    db: Database, interaction: Interaction, answered_at: datetime, limits: Limits, *, now: datetime
) -> None:
    """Look at a rating just made: too soon after the answer, too many by one account today."""
    if now - answered_at < timedelta(seconds=limits.seconds):
        _flag(db, Oddity.TOO_FAST, f"interaction:{interaction.id}", interaction, 1, now)
    today = db.execute(
        """SELECT count(*) FROM interactions i JOIN ratings r ON r.interaction_id = i.id
           WHERE i.person_id = ? AND i.last_at >= ? AND r.rated_on = ?""",
        [
            interaction.person_id,
            (now - timedelta(days=31)).isoformat(),
            now.date().isoformat(),
        ],
    ).fetchone()[0]
    if today > limits.a_day:
        subject = f"person:{interaction.person_id}"
        _flag(db, Oddity.MANY_A_DAY, subject, interaction, today, now)


def look_through_day(db: Database, day: date, limits: Limits, *, now: datetime) -> None:
    """Flag bursts at one window and identical words, over a day's ratings."""
    rows = db.execute(
        """SELECT r.rated_at, r.words, i.district, i.window FROM ratings r
           JOIN interactions i ON i.id = r.interaction_id
           WHERE r.rated_on = ? AND i.counted = 1 ORDER BY r.rated_at""",
        [day.isoformat()],
    ).fetchall()
    by_window: dict[tuple[str | None, str], list[datetime]] = {}
    same: dict[str, list[tuple[str | None, str | None]]] = {}
    for rated_at, words, district, window in rows:
        if window is not None:
            by_window.setdefault((district, window), []).append(datetime.fromisoformat(rated_at))
        if words and len(words.strip()) >= SHORTEST_WORDS:
            same.setdefault(words.strip(), []).append((district, window))
    for (district, window), times in by_window.items():
        most = _most_within(times, timedelta(minutes=limits.burst_minutes))
        if most > limits.burst:
            subject = f"window:{window}"
            _flag(db, Oddity.BURST, subject, None, most, now, window=window, district=district)
    for words, places in same.items():
        if len(places) >= limits.same_words:
            where = places[0] if len(set(places)) == 1 else (None, None)
            subject = f"words:{hashlib.sha256(words.encode()).hexdigest()[:12]}"
            _flag(
                db,
                Oddity.SAME_WORDS,
                subject,
                None,
                len(places),
                now,
                window=where[1],
                district=where[0],
            )


def _most_within(times: Sequence[datetime], period: timedelta) -> int:
    """Return how many of some ordered instants lie within one period at most."""
    most, first = 0, 0
    for last, at in enumerate(times):
        while at - times[first] > period:
            first += 1
        most = max(most, last - first + 1)
    return most


def flags_of(db: Database, scope: Scope, from_on: date, to_on: date) -> tuple[IntegrityFlag, ...]:
    """Return what was flagged in a period within a scope; a department sees none of windows."""
    rows = db.execute(
        """SELECT kind, subject, on_day, district, window, entry_id, number FROM integrity_flags
           WHERE on_day BETWEEN ? AND ? ORDER BY id""",
        [from_on.isoformat(), to_on.isoformat()],
    ).fetchall()
    flags = (
        IntegrityFlag(
            Oddity(kind), subject, date.fromisoformat(day), Scope(district, None, window), entry, n
        )
        for kind, subject, day, district, window, entry, n in rows
    )
    return tuple(flag for flag in flags if scope.covers(flag.scope))
