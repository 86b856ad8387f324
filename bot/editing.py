"""Editors' changes carried out: into the files through the checker, and told to whom it matters.

Nothing here waits inside a transaction: planning and writing take seconds in a large knowledge
base, so they run in a worker thread, and only what came of it is recorded.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.database import transaction
from bot.desk import Desk, Knowledge
from bot.dialogue import Person, Refusal
from bot.loading import CACHE, search_over
from bot.records import gaps
from bot.records.gaps import Wish
from bot.records.knowledge_edits import (
    Due,
    KnowledgeEdit,
    Origin,
    Proposal,
    State,
    edits_in,
    finish,
    not_told_yet,
    note_told,
    propose,
)
from bot.settings import SHIPPED_KNOWLEDGE, Settings
from knowledge.editing.edits import Act, Edit
from knowledge.editing.plan import ChangedMeanwhileError, Plan, plan_edits, write_plan
from knowledge.model import KnowledgeBase
from knowledge.positions import entry_file
from knowledge.problems import Problem
from knowledge.search.engine import Search
from knowledge.search.golden import golden_problems
from knowledge.search.understanding import Outcome
from reminders import outbox
from reminders.alerts import Alert
from reminders.recipients import Recipient, Role, Scope

REVIEW_AHEAD = timedelta(days=14)
MOST_REASONS = 10


def may_write(settings: Settings) -> bool:
    """Tell whether the knowledge folder is the editors' own and not part of the program."""
    return settings.knowledge_dir.resolve() != SHIPPED_KNOWLEDGE.resolve()


def with_own_knowledge(settings: Settings) -> Settings:
    """Give the demonstration a fresh copy of the shipped knowledge, so that it can be edited."""
    folder = settings.data_dir / "knowledge"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(settings.knowledge_dir, folder)
    return settings.model_copy(update={"knowledge_dir": folder})


def needs_second(settings: Settings) -> bool:
    """Tell whether changes wait for a second editor: by setting, outside demonstration."""
    return settings.knowledge.two_person and not settings.demo


def pause_edit(entry_id: str, reason: str | None) -> Edit:
    """Return the edit that stops answering from an entry, or with None answers again."""
    act = Act.REMOVE if reason is None else Act.SET
    return Edit(entry_file(entry_id), act, ("paused",), reason)


def alias_edit(entry_id: str, alias: str) -> Edit:
    """Return the edit that gives an entry one more alias."""
    return Edit(entry_file(entry_id), Act.ADD, ("aliases",), alias)


def hand_in(
    db: Database, settings: Settings, proposal: Proposal, person: Person | None, *, now: datetime
) -> KnowledgeEdit:
    """Take a proposal: approved at once, or waiting, which the other editors are told.

    Pausing never waits: a wrong answer must stop at once.
    Raises Refusal `knowledge_shipped` where the folder must not be written.
    """
    if not may_write(settings):
        raise Refusal("knowledge_shipped")
    waits = needs_second(settings) and not _is_pause(proposal)
    state = State.WAITING if waits else State.APPROVED
    edit = propose(db, proposal, person.id if person else None, state, now=now)
    if waits:
        alert = Alert(
            kind="edit_waiting",
            recipient=Recipient(role=Role.EDITOR),
            facts={"edit": str(edit.id)},
            dedupe_key=f"edit_waiting:{edit.id}",
        )
        outbox.put(db, (alert,), now=now)
    return edit


def _is_pause(proposal: Proposal) -> bool:
    return all(e.path == ("paused",) and e.act is Act.SET for e in proposal.edits)


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """What became of the approved changes: in words, for those who wait for it."""

    written: int = 0
    failures: tuple[str, ...] = ()


def carry_out(db: Database, settings: Settings, *, now: datetime) -> CarriedOut:
    """Write every approved change that the checker lets pass; tell why the others are not.

    Doing it again after a crash changes nothing twice, since edits are idempotent.
    """
    written, failures = 0, []
    for edit in edits_in(db, State.APPROVED):
        failure = _write(settings, edit, now)
        with _short(db):
            if failure is None:
                finish(db, edit, State.WRITTEN, now=now)
            else:
                # A pause stays in force and is tried again: the answer is wrong all the same.
                if not _is_pause(edit.proposal):
                    finish(db, edit, State.FAILED, failure=failure, now=now)
                _undo_gap(db, edit)
                outbox.put(db, _failed_alerts(edit, failure), now=now)
        if failure is None:
            written += 1
        else:
            failures.append(failure)
    return CarriedOut(written, tuple(failures))


def _short(db: Database) -> AbstractContextManager[None]:
    """Return a transaction of its own, or nothing inside a handler's."""
    return nullcontext() if db.conn.in_transaction else transaction(db)


def _write(settings: Settings, edit: KnowledgeEdit, now: datetime) -> str | None:
    """Write one change; return what kept it from being written."""
    folder = settings.knowledge_dir
    cache_dir = settings.data_dir / CACHE
    if not may_write(settings):
        return "知识库还是程序自带的那份，不能改：先用 python -m bot knowledge init 抄一份"
    plan = plan_edits(folder, edit.proposal.edits, today=now.date(), cache_dir=cache_dir)
    if plan.errors:
        return "\n".join(str(problem) for problem in plan.errors[:MOST_REASONS])
    if not plan.may_write:
        return None
    dropped = failed_questions(settings, plan)
    if dropped:
        return "\n".join(str(problem) for problem in dropped[:MOST_REASONS])
    try:
        write_plan(folder, plan)
    except ChangedMeanwhileError as error:
        return f"{error} 刚被别人改过：请再试一次"
    except OSError as error:
        return f"知识库文件写不进去（{error.strerror}）：请管理员检查权限"
    return None


def failed_questions(settings: Settings, plan: Plan) -> tuple[Problem, ...]:
    """Return the golden questions that would be understood wrongly after a change.

    Training takes seconds where wordings change; what is learnt is kept for the reload after it.
    """
    assert plan.after is not None
    search = search_over(plan.after, settings.data_dir / CACHE)
    search.train()
    return golden_problems(plan.after, search, settings.knowledge_dir)


def _undo_gap(db: Database, edit: KnowledgeEdit) -> None:
    if edit.proposal.origin is Origin.GAP:
        for one in edit.proposal.edits:
            gaps.reopen_question(db, str(one.value))


def _failed_alerts(edit: KnowledgeEdit, failure: str) -> tuple[Alert, ...]:
    maker = Recipient(person_id=edit.made_by) if edit.made_by else Recipient(role=Role.EDITOR)
    facts = {"edit": str(edit.id), "failure": failure}
    return (Alert("edit_failed", maker, facts, f"edit_failed:{edit.id}"),)


def with_pauses(db: Database, knowledge: Knowledge) -> Knowledge:
    """Return the knowledge with pauses that are decided but not in the files yet."""
    entries = dict(knowledge.base.entries)
    for edit in edits_in(db, State.APPROVED):
        for one in edit.proposal.edits:
            entry = entries.get(edit.proposal.entry_id or "")
            if entry is not None and one.path == ("paused",):
                entries[entry.id] = entry.model_copy(update={"paused": one.value})
    if entries == dict(knowledge.base.entries):
        return knowledge
    return replace(knowledge, base=knowledge.base.model_copy(update={"entries": entries}))


def pause_now(desk: Desk) -> None:
    """Put decided pauses into force before the files are written."""
    desk.library.current = with_pauses(desk.db, desk.library.current)


def tell_wishers(db: Database, search: Search, *, now: datetime) -> int:
    """Tell everybody whose question is understood now; each is told once."""
    wishes = gaps.open_wishes(db)
    answers = _answers(search, {wish.question for wish in wishes})
    granted = [wish for wish in wishes if wish.question in answers]
    if granted:
        with _short(db):
            for wish in granted:
                gaps.grant_wish(db, wish, now=now)
            outbox.put(db, [_answered(w, answers[w.question]) for w in granted], now=now)
    return len(granted)


def _answers(search: Search, questions: Iterable[str]) -> dict[str, str]:
    understood = {question: search.understand(question) for question in questions}
    return {
        question: found.candidates[0].entry_id
        for question, found in understood.items()
        if found.outcome is Outcome.SURE
    }


def _answered(wish: Wish, entry_id: str) -> Alert:
    return Alert(
        kind="gap_answered",
        recipient=Recipient(person_id=wish.person_id),
        facts={"question": wish.question, "entry": entry_id},
        dedupe_key=f"gap_answered:{wish.gap_id}:{wish.person_id}",
    )


def due_for_review(base: KnowledgeBase, *, now: datetime) -> tuple[Due, ...]:
    """Return what is due within 14 days or past its hard date, the earliest first."""
    today = now.date()
    due = [
        Due(entry.id, "review", entry.review_on)
        for entry in base.entries.values()
        if entry.review_on <= today + REVIEW_AHEAD
    ]
    due += [
        Due(entry.id, "expired", entry.expires_on)
        for entry in base.entries.values()
        if entry.expires_on is not None and entry.expires_on < today
    ]
    return tuple(sorted(due, key=lambda d: (d.on, d.entry_id)))


def put_review_digests(desk: Desk) -> int:
    """Tell each owner unit, and the editors, once of what comes due; return how many messages."""
    db, base, now = desk.db, desk.base, desk.now()
    fresh = not_told_yet(db, due_for_review(base, now=now))
    if not fresh:
        return 0
    by_owner: dict[str | None, list[Due]] = {None: list(fresh)}
    for due in fresh:
        owner = base.entries[due.entry_id].owner
        if owner is not None:
            by_owner.setdefault(owner, []).append(due)
    alerts = [_digest(owner, due, now) for owner, due in by_owner.items()]
    with _short(db):
        note_told(db, fresh, now=now)
        return outbox.put(db, alerts, now=now)


def _digest(owner: str | None, due: list[Due], now: datetime) -> Alert:
    """Return the digest of one unit; without one, the editors' of all."""
    facts = json.dumps([[d.entry_id, d.kind, d.on.isoformat()] for d in due])
    recipient = (
        Recipient(role=Role.EDITOR)
        if owner is None
        else Recipient(role=Role.DEPARTMENT, scope=Scope(None, owner))
    )
    key = f"review_due:{owner or 'editor'}:{now.isoformat()}"
    return Alert("review_due", recipient, {"due": facts}, key)
