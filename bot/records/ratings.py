"""Ratings (服务反馈): one an interaction, five levels, correctable until the unit is told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from bot.dialogue import Person, Refusal
from bot.records.interactions import own_interaction

GOOD_FROM = 3


class Reason(StrEnum):
    """What a bad rating was about."""

    ANSWER = "answer"
    PROCESS = "process"
    SERVICE = "service"


class Writing(StrEnum):
    """What a person may still write to a rating: their words, then the one addition (追评)."""

    WORDS = "words"
    ADDENDUM = "more"


@dataclass(frozen=True, slots=True)
class Rating:
    """What somebody said of one interaction."""

    id: int
    interaction_id: int
    level: int
    rated_at: datetime
    reason: Reason | None
    tags: tuple[str, ...]
    words: str | None
    addendum: str | None
    told_at: datetime | None = None

    @property
    def is_good(self) -> bool:
        """Tell whether the level is one of the upper three (国办发〔2019〕51号)."""
        return self.level >= GOOD_FROM


def rating_of(db: Database, interaction_id: int) -> Rating | None:
    """Return the rating of an interaction, if there is one."""
    row = db.execute(
        """SELECT id, interaction_id, level, rated_at, reason, tags, words, addendum, told_at
           FROM ratings WHERE interaction_id = ?""",
        [interaction_id],
    ).fetchone()
    return _rating(row) if row else None


def rating_by_id(db: Database, rating_id: int) -> Rating:
    """Return a rating that is known to be there."""
    row = db.execute(
        """SELECT id, interaction_id, level, rated_at, reason, tags, words, addendum, told_at
           FROM ratings WHERE id = ?""",
        [rating_id],
    ).fetchone()
    return _rating(row)


def bad_ratings_of(db: Database, person: Person, *, limit: int = 20) -> tuple[int, ...]:
    """Return the person's own latest ratings of the lower two levels, by id."""
    rows = db.execute(
        """SELECT r.id FROM ratings r JOIN interactions i ON i.id = r.interaction_id
           WHERE i.person_id = ? AND r.level < ? ORDER BY r.id DESC LIMIT ?""",
        [person.id, GOOD_FROM, limit],
    ).fetchall()
    return tuple(row[0] for row in rows)


def void_rating(db: Database, rating_id: int, *, now: datetime) -> None:
    """Void a rating that an appeal has shown to be mistaken, untrue or malicious; it stays."""
    db.execute(
        "UPDATE ratings SET voided_at = coalesce(voided_at, ?) WHERE id = ?",
        [now.isoformat(), rating_id],
    )


def _rating(row: Any) -> Rating:
    rating_id, interaction_id, level, rated_at, reason, tags, words, addendum, told_at = row
    return Rating(
        rating_id,
        interaction_id,
        level,
        datetime.fromisoformat(rated_at),
        Reason(reason) if reason else None,
        tuple(json.loads(tags)),
        words,
        addendum,
        datetime.fromisoformat(told_at) if told_at else None,
    )


def rate(db: Database, person: Person, interaction_id: int, level: int, *, now: datetime) -> Rating:
    """Record a rating; the same level twice changes nothing.

    Raises Refusal: `interaction_unknown`, `not_rateable` for staff's own and unanswered ones,
    `already_rated` where another level stands.
    """
    interaction = own_interaction(db, person, interaction_id)
    if not (interaction.counted and interaction.answered) or person.is_staff:
        raise Refusal("not_rateable")
    before = rating_of(db, interaction_id)
    if before is not None and before.level != level:
        raise Refusal("already_rated", {"level": before.level})
    if before is None:
        db.execute(
            "INSERT INTO ratings (interaction_id, level, rated_at, rated_on) VALUES (?, ?, ?, ?)",
            [interaction_id, level, now.isoformat(), now.date().isoformat()],
        )
    return before or _stored(db, interaction_id)


def _stored(db: Database, interaction_id: int) -> Rating:
    rating = rating_of(db, interaction_id)
    assert rating is not None
    return rating


def own_rating(db: Database, person: Person, interaction_id: int) -> Rating:
    """Return the person's own rating; raise Refusal `not_rated` if there is none."""
    own_interaction(db, person, interaction_id)
    rating = rating_of(db, interaction_id)
    if rating is None:
        raise Refusal("not_rated")
    return rating


def may_correct(rating: Rating, *, now: datetime, minutes: int) -> bool:
    """Tell whether a mis-tap may still be corrected: the unit has not been told yet."""
    return rating.reason is None and now - rating.rated_at <= timedelta(minutes=minutes)


def may_add_tags(rating: Rating, *, now: datetime, minutes: int) -> bool:
    """Tell whether tags may be added: several may be chosen (domain rules 1.2), in one sitting."""
    return rating.told_at is None or now - rating.told_at <= timedelta(minutes=minutes)


def writing_left(rating: Rating, *, now: datetime, minutes: int, hours: int) -> Writing | None:
    """Return what may still be written (domain rules 1.3).

    Until the unit is told the words may be written anew; after that what was written stands, and
    one addition may be made within the hours allowed.
    """
    age = now - rating.rated_at
    if may_correct(rating, now=now, minutes=minutes):
        return Writing.WORDS
    if rating.words is None and age <= timedelta(minutes=minutes):
        return Writing.WORDS
    return Writing.ADDENDUM if rating.addendum is None and age <= timedelta(hours=hours) else None


def correct_rating(
    db: Database, person: Person, interaction_id: int, level: int, *, now: datetime, minutes: int
) -> Rating:
    """Change the level of a mis-tap; raise Refusal `too_late_to_correct` once it stands.

    Tags belong to the level they were chosen for.
    """
    rating = own_rating(db, person, interaction_id)
    if rating.level == level:
        return rating
    check_correctable(rating, now=now, minutes=minutes)
    db.execute(
        "UPDATE ratings SET level = ?, tags = '[]', changed_at = ? WHERE interaction_id = ?",
        [level, now.isoformat(), interaction_id],
    )
    return _stored(db, interaction_id)


def check_correctable(rating: Rating, *, now: datetime, minutes: int) -> None:
    """Raise Refusal `too_late_to_correct` once a rating stands."""
    if not may_correct(rating, now=now, minutes=minutes):
        more = rating.interaction_id if rating.addendum is None else None
        raise Refusal("too_late_to_correct", {"level": rating.level, "more": more})


def choose_reason(
    db: Database,
    person: Person,
    interaction_id: int,
    reason: Reason,
    tag: str,
    *,
    now: datetime,
    minutes: int,
) -> Rating:
    """Record what a bad rating was about; from then on its level stands.

    The first reason stands; further tags are added to it for some minutes. Raises Refusal
    `reason_not_asked`, and `reason_stands` once that time is over.
    """
    rating = own_rating(db, person, interaction_id)
    if rating.is_good:
        raise Refusal("reason_not_asked")
    if tag in rating.tags:
        return rating
    if not may_add_tags(rating, now=now, minutes=minutes):
        more = rating.interaction_id if rating.addendum is None else None
        raise Refusal("reason_stands", {"more": more})
    db.execute(
        """UPDATE ratings SET reason = coalesce(reason, ?), tags = ?, told_at = coalesce(told_at, ?)
           WHERE interaction_id = ?""",
        [reason, json.dumps([*rating.tags, tag]), now.isoformat(), interaction_id],
    )
    return _stored(db, interaction_id)


def add_praise(
    db: Database, person: Person, interaction_id: int, tag: str, *, now: datetime, hours: int
) -> Rating:
    """Add a tag to a good rating; none is ever needed."""
    rating = own_rating(db, person, interaction_id)
    if not rating.is_good:
        raise Refusal("button_unknown")
    if now - rating.rated_at > timedelta(hours=hours):
        raise Refusal("too_late_for_addendum", {"hours": hours})
    tags = list(dict.fromkeys([*rating.tags, tag]))
    db.execute(
        "UPDATE ratings SET tags = ? WHERE interaction_id = ?", [json.dumps(tags), interaction_id]
    )
    return _stored(db, interaction_id)


def write_words(
    db: Database,
    person: Person,
    interaction_id: int,
    words: str,
    *,
    now: datetime,
    minutes: int,
    hours: int,
) -> Rating:
    """Keep the person's own words, already masked; once the unit is told, what was written stands.

    Raises Refusal `words_stand`, and `too_late_for_addendum` after the hours allowed.
    """
    rating = own_rating(db, person, interaction_id)
    if rating.words == words:
        return rating
    if rating.words is not None and not may_correct(rating, now=now, minutes=minutes):
        raise Refusal("words_stand")
    if now - rating.rated_at > timedelta(hours=hours):
        raise Refusal("too_late_for_addendum", {"hours": hours})
    db.execute("UPDATE ratings SET words = ? WHERE interaction_id = ?", [words, interaction_id])
    return _stored(db, interaction_id)


def check_addendum(rating: Rating, *, now: datetime, hours: int) -> None:
    """Raise Refusal where nothing may be added: `addendum_exists`, `too_late_for_addendum`."""
    if rating.addendum is not None:
        raise Refusal("addendum_exists")
    if now - rating.rated_at > timedelta(hours=hours):
        raise Refusal("too_late_for_addendum", {"hours": hours})


def add_addendum(
    db: Database, person: Person, interaction_id: int, words: str, *, now: datetime, hours: int
) -> Rating:
    """Add one addendum (追评) within the hours allowed; it changes no count."""
    rating = own_rating(db, person, interaction_id)
    check_addendum(rating, now=now, hours=hours)
    db.execute(
        "UPDATE ratings SET addendum = ?, addendum_at = ? WHERE interaction_id = ?",
        [words, now.isoformat(), interaction_id],
    )
    return _stored(db, interaction_id)
