"""Editors' changes on their way into the knowledge files: proposed, approved, written or not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from bot.dialogue import Person, Refusal
from knowledge.editing.edits import Edit, from_json, to_json


class Origin(StrEnum):
    """Where a change comes from."""

    SHEET = "sheet"
    CONFIRMATION = "confirmation"
    GAP = "gap"
    CHAT = "chat"


class State(StrEnum):
    """How far a change has come."""

    WAITING = "waiting"
    APPROVED = "approved"
    WRITTEN = "written"
    DECLINED = "declined"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change to the files, in words, with the citizen's text before and after."""

    origin: Origin
    entry_id: str | None
    edits: tuple[Edit, ...]
    told: tuple[str, ...]
    preview: str


@dataclass(frozen=True, slots=True)
class KnowledgeEdit:
    """A proposal under its number: who made it, when, and what became of it."""

    id: int
    proposal: Proposal
    made_by: int | None
    made_at: datetime
    state: State
    failure: str | None


_COLUMNS = "id, origin, entry_id, edits, told, preview, made_by, made_at, state, failure"


def propose(
    db: Database, proposal: Proposal, person_id: int | None, state: State, *, now: datetime
) -> KnowledgeEdit:
    """Keep a proposal, waiting for a second editor or approved as it is."""
    cursor = db.execute(
        """INSERT INTO knowledge_edits (origin, entry_id, edits, told, preview, made_by, made_at,
               state) VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            proposal.origin,
            proposal.entry_id,
            to_json(proposal.edits),
            json.dumps(proposal.told, ensure_ascii=False),
            proposal.preview,
            person_id,
            now.isoformat(),
            state,
        ],
    )
    return edit_by_id(db, int(cursor.lastrowid or 0))


def edit_by_id(db: Database, edit_id: int) -> KnowledgeEdit:
    """Return a change; raise Refusal `edit_unknown`."""
    row = db.execute(f"SELECT {_COLUMNS} FROM knowledge_edits WHERE id = ?", [edit_id]).fetchone()
    if row is None:
        raise Refusal("edit_unknown")
    return _edit(row)


def edits_in(db: Database, state: State) -> tuple[KnowledgeEdit, ...]:
    """Return the changes in one state, oldest first."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM knowledge_edits WHERE state = ? ORDER BY id", [state]
    ).fetchall()
    return tuple(_edit(row) for row in rows)


def _edit(row: Any) -> KnowledgeEdit:
    edit_id, origin, entry_id, edits, told, preview, made_by, made_at, state, failure = row
    words = tuple(json.loads(told))
    proposal = Proposal(Origin(origin), entry_id, from_json(edits), words, preview)
    at = datetime.fromisoformat(made_at)
    return KnowledgeEdit(edit_id, proposal, made_by, at, State(state), failure)


def decide(
    db: Database, edit: KnowledgeEdit, person: Person, state: State, *, now: datetime
) -> None:
    """Approve or decline a change as the second editor.

    Raises Refusal `edit_own` for one's own, `edit_decided` where somebody was faster.
    """
    if edit.made_by == person.id:
        raise Refusal("edit_own")
    changed = db.execute(
        """UPDATE knowledge_edits SET state = ?, decided_by = ?, decided_at = ?
           WHERE id = ? AND state = 'waiting'""",
        [state, person.id, now.isoformat(), edit.id],
    ).rowcount
    if not changed:
        raise Refusal("edit_decided")


def finish(
    db: Database, edit: KnowledgeEdit, state: State, *, failure: str | None = None, now: datetime
) -> None:
    """Note that an approved change was written, or why it could not be."""
    db.execute(
        """UPDATE knowledge_edits SET state = ?, failure = ?, finished_at = ?
           WHERE id = ? AND state = 'approved'""",
        [state, failure, now.isoformat(), edit.id],
    )


@dataclass(frozen=True, slots=True)
class Due:
    """An entry whose review comes near, or which is past its hard date."""

    entry_id: str
    kind: str
    on: date


def not_told_yet(db: Database, due: Sequence[Due]) -> tuple[Due, ...]:
    """Return those of which no notice has been given."""
    rows = db.execute("SELECT entry_id, kind, on_day FROM review_notices").fetchall()
    told = {(entry_id, kind, on_day) for entry_id, kind, on_day in rows}
    return tuple(d for d in due if (d.entry_id, d.kind, d.on.isoformat()) not in told)


def note_told(db: Database, due: Sequence[Due], *, now: datetime) -> None:
    """Remember that notice was given."""
    for one in due:
        db.execute(
            """INSERT OR IGNORE INTO review_notices (entry_id, kind, on_day, told_at)
               VALUES (?, ?, ?, ?)""",
            [one.entry_id, one.kind, one.on.isoformat(), now.isoformat()],
        )
