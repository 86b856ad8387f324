"""Knowledge gaps: masked questions that found nothing, grouped by likeness for the editor."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rapidfuzz import fuzz, process
from sqlite_utils import Database

from bot.dialogue import Person, Refusal
from knowledge.normalise import fold

ALIKE = 72
MOST_QUESTIONS = 400
"""Comparing more would hold up answers; the rarest wait until the frequent ones are settled."""
EXAMPLES = 3


class Settled(StrEnum):
    """What became of a gap."""

    ALIAS = "alias"
    ENTRY = "entry"
    DROPPED = "dropped"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Gap:
    """One wording that found nothing, how often it came, and which entries were nearest."""

    id: int
    question: str
    times: int
    nearest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GapGroup:
    """Wordings that ask for the same thing, the most frequent first."""

    gaps: tuple[Gap, ...]

    @property
    def id(self) -> int:
        """Return the id of the wording that stands for all."""
        return self.gaps[0].id

    @property
    def question(self) -> str:
        """Return the wording that stands for all."""
        return self.gaps[0].question

    @property
    def times(self) -> int:
        """Return how often it was asked in any wording."""
        return sum(gap.times for gap in self.gaps)

    @property
    def examples(self) -> tuple[str, ...]:
        """Return some wordings."""
        return tuple(gap.question for gap in self.gaps[:EXAMPLES])

    @property
    def nearest(self) -> tuple[str, ...]:
        """Return the nearest three entries over all wordings."""
        return tuple(dict.fromkeys(entry for gap in self.gaps for entry in gap.nearest))[:3]


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody who wants to be told when their question is answered."""

    gap_id: int
    person_id: int
    question: str


@dataclass(frozen=True, slots=True)
class EntryTask:
    """An entry that an editor is to write (建条目)."""

    id: int
    question: str
    times: int
    opened_at: datetime


def record_gap(
    db: Database, person_id: int, question: str, nearest: tuple[str, ...], *, now: datetime
) -> int:
    """Record a question, already masked, that found nothing; return its id."""
    cursor = db.execute(
        "INSERT INTO gaps (question, person_id, at, nearest) VALUES (?, ?, ?, ?)",
        [question, person_id, now.isoformat(), json.dumps(list(nearest))],
    )
    return int(cursor.lastrowid or 0)


def gaps(db: Database, *, limit: int) -> tuple[Gap, ...]:
    """Return the open wordings that found nothing, the most frequent first."""
    rows = db.execute(
        """SELECT min(id), question, count(*), max(nearest) FROM gaps WHERE settled_at IS NULL
           GROUP BY question ORDER BY count(*) DESC, max(at) DESC LIMIT ?""",
        [limit],
    ).fetchall()
    return tuple(
        Gap(gap_id, question, times, tuple(json.loads(near)))
        for gap_id, question, times, near in rows
    )


def gap_groups(db: Database) -> tuple[GapGroup, ...]:
    """Return the open gaps grouped by likeness, the most frequent group first."""
    groups = group_alike(gaps(db, limit=MOST_QUESTIONS))
    return tuple(sorted(groups, key=lambda group: -group.times))


def group_alike(found: Sequence[Gap]) -> list[GapGroup]:
    """Put each wording to the first group whose most frequent wording is like it."""
    heads: list[str] = []
    groups: list[list[Gap]] = []
    for gap in found:
        text = fold(gap.question)
        like = process.extractOne(text, heads, scorer=fuzz.ratio, score_cutoff=ALIKE)
        if like is None:
            heads.append(text)
            groups.append([gap])
        else:
            groups[like[2]].append(gap)
    return [GapGroup(tuple(group)) for group in groups]


def gap_group(db: Database, gap_id: int) -> GapGroup:
    """Return the open group that holds a wording; raise Refusal `gap_settled`."""
    for group in gap_groups(db):
        if any(gap.id == gap_id for gap in group.gaps):
            return group
    raise Refusal("gap_settled")


def settle_group(db: Database, group: GapGroup, settled: Settled, *, now: datetime) -> None:
    """Note what became of all wordings of a group."""
    questions = json.dumps([gap.question for gap in group.gaps], ensure_ascii=False)
    db.execute(
        """UPDATE gaps SET settled_as = ?, settled_at = ?
           WHERE settled_at IS NULL AND question IN (SELECT value FROM json_each(?))""",
        [settled, now.isoformat(), questions],
    )


def reopen_question(db: Database, question: str) -> None:
    """Open a wording again whose alias could not be written."""
    db.execute(
        """UPDATE gaps SET settled_as = NULL, settled_at = NULL
           WHERE question = ? AND settled_as = 'alias'""",
        [question],
    )


def wish_to_be_told(db: Database, gap_id: int, person: Person, *, now: datetime) -> None:
    """Remember who wants to be told; only who asked the question may."""
    changed = db.execute(
        """INSERT OR IGNORE INTO gap_wishes (gap_id, person_id, wished_at)
           SELECT id, person_id, ? FROM gaps WHERE id = ? AND person_id = ?""",
        [now.isoformat(), gap_id, person.id],
    ).rowcount
    known = db.execute(
        "SELECT 1 FROM gap_wishes WHERE gap_id = ? AND person_id = ?", [gap_id, person.id]
    ).fetchone()
    if not changed and known is None:
        raise Refusal("button_unknown")


def open_wishes(db: Database) -> tuple[Wish, ...]:
    """Return who still waits for an answer, each with the question they asked."""
    rows = db.execute(
        """SELECT w.gap_id, w.person_id, g.question FROM gap_wishes w
           JOIN gaps g ON g.id = w.gap_id WHERE w.told_at IS NULL ORDER BY w.gap_id"""
    ).fetchall()
    return tuple(Wish(*row) for row in rows)


def grant_wish(db: Database, wish: Wish, *, now: datetime) -> None:
    """Note that somebody is being told, and that their question is answered."""
    db.execute(
        "UPDATE gap_wishes SET told_at = ? WHERE gap_id = ? AND person_id = ?",
        [now.isoformat(), wish.gap_id, wish.person_id],
    )
    db.execute(
        """UPDATE gaps SET settled_as = 'answered', settled_at = ?
           WHERE question = ? AND settled_at IS NULL""",
        [now.isoformat(), wish.question],
    )


def open_entry_task(db: Database, group: GapGroup, person: Person, *, now: datetime) -> None:
    """Note once that an entry is to be written for a group of questions."""
    db.execute(
        """INSERT OR IGNORE INTO entry_tasks (gap_id, question, times, opened_by, opened_at)
           VALUES (?, ?, ?, ?, ?)""",
        [group.id, group.question, group.times, person.id, now.isoformat()],
    )


def entry_tasks(db: Database) -> tuple[EntryTask, ...]:
    """Return the entries still to be written, the most asked for first."""
    rows = db.execute(
        """SELECT id, question, times, opened_at FROM entry_tasks
           WHERE done_at IS NULL ORDER BY times DESC, id"""
    ).fetchall()
    return tuple(EntryTask(i, q, times, datetime.fromisoformat(at)) for i, q, times, at in rows)


def finish_entry_task(db: Database, task_id: int, *, now: datetime) -> None:
    """Note that an entry has been written."""
    db.execute(
        "UPDATE entry_tasks SET done_at = ? WHERE id = ? AND done_at IS NULL",
        [now.isoformat(), task_id],
    )
