"""省好差评: what the province exported, matched rating by rating with services of ours."""

from __future__ import annotations

from bot.desk import Desk
from bot.dialogue import Incoming, Refusal, Reply
from bot.official import entries_by_item, match_sure
from bot.records.official_ratings import (
    OfficialStanding,
    Sync,
    match_official,
    official_within,
    officials_in,
    sync_counts,
    unmatch_official,
)
from bot.reports.official import candidate_by_id, candidates
from bot.views import official as view

PER_PAGE = 8
MOST_CANDIDATES = 6


def show(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """List what is not matched yet."""
    del argument
    return _page(desk, incoming, Sync.UNSYNCED, 0)


def turn(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List the ratings of a state, a page at a time."""
    state, offset = (*arguments, "", "0")[:2] if arguments else (Sync.UNSYNCED, "0")
    if state not in set(Sync) or not _is_number(offset):
        raise Refusal("button_unknown")
    return _page(desk, incoming, Sync(state), int(offset))


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) < 16


def _page(desk: Desk, incoming: Incoming, state: Sync, offset: int) -> Reply:
    person = incoming.person
    page = view.OfficialPage(
        state=state,
        shown=officials_in(desk.db, person, state, limit=PER_PAGE, offset=offset),
        counts=sync_counts(desk.db, person),
        offset=offset,
        per_page=PER_PAGE,
    )
    return view.list_reply(page, discreet=incoming.discreet)


def _within(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> OfficialStanding:
    if not arguments or not all(_is_number(argument) for argument in arguments):
        raise Refusal("button_unknown")
    return official_within(desk.db, incoming.person, int(arguments[0]))


def look(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show one rating, and what of ours it is or may be about."""
    return _shown(desk, incoming, _within(desk, incoming, arguments))


def _shown(desk: Desk, incoming: Incoming, one: OfficialStanding) -> Reply:
    matched = one.interaction_id
    ours = candidate_by_id(desk.db, matched) if matched is not None else None
    possible = (
        candidates(desk.db, one, entries_by_item(desk.base), limit=MOST_CANDIDATES)
        if one.sync is Sync.UNSYNCED
        else ()
    )
    return view.detail_reply(desk.base, one, ours, possible, discreet=incoming.discreet)


def link(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Match a rating with the service somebody chose; one of another district is refused."""
    one = _within(desk, incoming, arguments)
    ours = candidate_by_id(desk.db, int(arguments[1])) if len(arguments) == 2 else None
    if ours is None or incoming.person.scope.district not in (None, ours.district):
        raise Refusal("button_unknown")
    _match(desk, incoming, one, ours.interaction_id)
    return look(desk, incoming, arguments[:1])


def mark_none(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Note that no service of ours belongs to a rating."""
    _match(desk, incoming, _within(desk, incoming, arguments), None)
    return _page(desk, incoming, Sync.UNSYNCED, 0)


def _match(
    desk: Desk, incoming: Incoming, one: OfficialStanding, interaction_id: int | None
) -> None:
    match_official(desk.db, one, interaction_id, by_person_id=incoming.person.id, now=desk.now())


def undo(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Take a match back."""
    unmatch_official(desk.db, _within(desk, incoming, arguments))
    return look(desk, incoming, arguments[:1])


def match_all(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Match what fits one service of ours alone; takes seconds, so it has its own transaction."""
    del arguments
    person = incoming.person
    matched = match_sure(desk, person, by_person_id=person.id)
    return view.matched_reply(matched, sync_counts(desk.db, person)[Sync.UNSYNCED])
