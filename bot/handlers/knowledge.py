"""The editor's words: what found nothing, what is due for review, reload."""

from __future__ import annotations

from datetime import timedelta

from bot.desk import Desk
from bot.dialogue import Incoming, Reply
from bot.records import gaps as gap_records
from bot.reloading import read_again
from bot.views import knowledge as view

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
    """Read the knowledge files again; a bad set leaves the old one in force.

    In a running program this is done beside the answering and told when it is done.
    """
    del argument
    if desk.library.reload_later is not None:
        desk.library.reload_later(incoming.person.id)
        return view.reloading_reply()
    reloaded = read_again(desk.base, desk.settings, today=desk.today())
    if reloaded.fresh is not None:
        desk.library.current = reloaded.fresh
    return view.reload_told_reply(reloaded.told)
