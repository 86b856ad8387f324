"""Matching the province's ratings with services of ours, for the chat and the command line."""

from __future__ import annotations

import functools
from datetime import date

from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import Person, Refusal
from bot.records.official_ratings import Sync, match_official, officials_in
from bot.reports.official import EntriesOf, sure_matches
from knowledge.checks.wording import key_of
from knowledge.model import KnowledgeBase


def entries_by_item(base: KnowledgeBase) -> EntriesOf:
    """Return what tells which entries an item of the export is, by their names and items' names."""
    named: dict[str, set[str]] = {}
    for entry in base.entries.values():
        names = (entry.name, entry.short_name, *entry.aliases, *(i.name for i in entry.items))
        for name in names:
            named.setdefault(key_of(name), set()).add(entry.id)

    @functools.cache
    def entries_of(item: str | None) -> frozenset[str]:
        return frozenset(named.get(key_of(item), ())) if item else frozenset()

    return entries_of


def match_sure(
    desk: Desk,
    person: Person,
    *,
    by_person_id: int | None,
    from_on: date = date.min,
    to_on: date = date.max,
) -> int:
    """Match what fits one service of ours alone, within a scope; return how many.

    Read and decided first, then written in one short transaction; what somebody else has
    matched in between is left.
    """
    waiting = officials_in(desk.db, person, Sync.UNSYNCED, from_on=from_on, to_on=to_on)
    found = sure_matches(desk.db, waiting, entries_by_item(desk.base))
    matched = 0
    with transaction(desk.db):
        for official, candidate in found:
            try:
                match_official(
                    desk.db,
                    official,
                    candidate.interaction_id,
                    by_person_id=by_person_id,
                    now=desk.now(),
                )
            except Refusal:
                continue
            matched += 1
    return matched
