"""The editor's words: what found nothing, what is due for review, reload."""

from __future__ import annotations

from datetime import timedelta

from bot.desk import Desk
from bot.dialogue import Incoming, Reply
from bot.loading import load_current
from bot.records import gaps as gap_records
from bot.views import knowledge as view
from knowledge.changes import changes

SHOWN = 20
REVIEW_AHEAD = timedelta(days=14)


def gaps(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """List the questions that found nothing."""
    del incoming, argument
    return view.gaps_reply(gap_records.gaps(desk.db, limit=SHOWN), desk.base)


def review(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """List the entries due for review within 14 days."""
    del incoming, argument
    until = desk.today() + REVIEW_AHEAD
    due = [e for e in desk.base.entries.values() if e.review_on <= until]
    return view.review_reply(sorted(due, key=lambda e: e.review_on), desk.today())


def reload(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Read the knowledge files again; a bad set leaves the old one in force."""
    del incoming, argument
    old = desk.base
    fresh, problems = load_current(desk.settings, today=desk.today())
    if fresh is None:
        return view.refused_reply(problems)
    desk.library.current = fresh
    return view.reloaded_reply(changes(old, fresh.base), problems)
