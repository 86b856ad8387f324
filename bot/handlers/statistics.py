"""Counts for those who answer for windows, and what stands behind them, within their scope.

What is asked for is read in `bot.figure_words`.
"""

from __future__ import annotations

from datetime import timedelta

from bot.desk import Desk
from bot.dialogue import Channel, Document, Incoming, Person, Refusal, Reply
from bot.figure_words import Asked, read_token, read_words
from bot.places import place_of_window
from bot.records.integrity import flags_of
from bot.records.official_ratings import OfficialCounts, official_counts, sync_counts
from bot.reports import feedback
from bot.reports.rates import Figures, Indicator, Period, Shown, rank, rates_of
from bot.reports.statistics import (
    UNASSIGNED,
    By,
    Query,
    Ratings,
    count_rated_until,
    count_ratings,
)
from bot.views import statistics as view
from bot.views.statistics_sheet import figures_sheet

MOST_ROWS = 2000
"""How many rows a sheet made in a conversation holds; `stats export` has no such limit."""


def today(desk: Desk, incoming: Incoming, words: str) -> Reply:
    """Answer figures asked for in words; without any, count today."""
    person = incoming.person
    wish = read_words(desk.base, person.scope, words, desk.today())
    if len(wish.choices) > 1:
        return view.choose_reply(desk.base, wish.asked, wish.from_on, wish.to_on, wish.choices)
    query = wish.query
    match wish.asked:
        case Asked.COUNTS:
            return _counted(desk, incoming, query)
        case Asked.BAD:
            return _bad(desk, incoming, query, 0)
        case Asked.UNRATED:
            return _unrated(desk, incoming, query)
        case Asked.RANKING:
            return _ranking(desk, incoming, query)
        case Asked.RATES:
            return _rates(desk, incoming, query)
        case Asked.ODDITIES:
            return _oddities(desk, incoming, query)
        case Asked.CHART:
            return _chart(desk, incoming, query)


def _read(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Query:
    return read_token(desk.base, incoming.person.scope, arguments)[0]


def for_period(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Count the period and filter of a button."""
    return _counted(desk, incoming, _read(desk, incoming, arguments))


def _counted(desk: Desk, incoming: Incoming, query: Query) -> Reply:
    person = incoming.person
    return view.ratings_reply(
        desk.base,
        person.scope,
        facts_of(desk, person, query),
        rates=rates_of(desk.settings.rates),
        today=desk.today(),
        at=desk.now(),
        least=desk.settings.ratings.min_for_rate,
        board=_board_address(desk, incoming, view.board_path(desk.base, query)),
    )


def _board_address(desk: Desk, incoming: Incoming, path: str) -> str | None:
    """Return where the dashboard is: on the page right here, elsewhere where it is known."""
    return path if incoming.channel is Channel.WEB else desk.links.page_url(path)


def facts_of(desk: Desk, person: Person, query: Query) -> view.StatisticsFacts:
    """Count a period with what stands behind it; reads only."""
    _check_day(desk, query)
    return view.StatisticsFacts(
        by_window=counted_by(desk, person, query, By.WINDOW),
        by_entry=counted_by(desk, person, query, By.ENTRY),
        by_day=counted_by(desk, person, query, By.DAY) if query.from_on < query.to_on else None,
        before=_before(desk, person, query),
        figures=figures_of(desk, person, query),
        official=_official(desk, person, query),
        synced=sync_counts(desk.db, person, from_on=query.from_on, to_on=query.to_on),
        narrow=query.narrow,
    )


def _official(desk: Desk, person: Person, query: Query) -> tuple[OfficialCounts, ...]:
    """Return the province's counts beside ours; their export knows districts alone."""
    found = official_counts(desk.db, person, query.from_on, query.to_on)
    district = query.narrow.district
    return tuple(one for one in found if district in (None, one.district))


def _check_day(desk: Desk, query: Query) -> None:
    if query.from_on > desk.today():
        raise Refusal("future_day")


def _before(desk: Desk, person: Person, query: Query) -> view.Before:
    """Count the equal period before: a week ago, or as many days just before.

    A day that is still going on is compared with the same hours, so the last day ends where
    the present one stands.
    """
    to_on = min(query.to_on, desk.today())
    days = Period(query.from_on, to_on).days
    shift = timedelta(days=7 if days <= 7 else days)
    from_on, last_on = query.from_on - shift, to_on - shift
    until = desk.now() - shift if to_on == desk.today() else None
    if until is None:
        earlier = Query(from_on, last_on, query.narrow)
        counts = counted_by(desk, person, earlier, By.DAY).total
    else:
        counts = count_rated_until(
            desk.db,
            person.scope,
            from_on,
            until,
            entries_of_department=_owned(desk, person),
            narrow=query.narrow,
        )
    return view.Before(from_on, last_on, until, counts)


def _owned(desk: Desk, person: Person) -> list[str]:
    department = person.scope.department
    return [e.id for e in desk.base.entries.values() if e.owner == department]


def counted_by(desk: Desk, person: Person, query: Query, by: By) -> Ratings:
    """Count a query within the scope of a person."""
    return count_ratings(
        desk.db,
        person.scope,
        query.from_on,
        query.to_on,
        by,
        entries_of_department=_owned(desk, person),
        narrow=query.narrow,
    )


def figures_of(desk: Desk, person: Person, query: Query) -> Figures:
    """Return the exact counts of a query within the scope of a person."""
    owners = {e.id: e.owner for e in desk.base.entries.values() if e.owner is not None}
    return feedback.figures(
        desk.db,
        person,
        query.from_on,
        query.to_on,
        entries_of_department=_owned(desk, person),
        narrow=query.narrow,
        owners=owners,
    )


def bad(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List the bad ratings of a period; each leads to its rectification and the answer shown."""
    query, page = read_token(desk.base, incoming.person.scope, arguments)
    return _bad(desk, incoming, query, page)


def _bad(desk: Desk, incoming: Incoming, query: Query, page: int) -> Reply:
    _check_day(desk, query)
    person = incoming.person
    found = bad_of(desk, person, query, offset=page * view.BAD_A_PAGE, limit=view.BAD_A_PAGE)
    counts = figures_of(desk, person, query)
    return view.bad_reply(desk.base, person.scope, query, found, counts, page)


def bad_of(
    desk: Desk, person: Person, query: Query, *, offset: int, limit: int
) -> tuple[feedback.BadRating, ...]:
    """Return some bad ratings of a query within the scope of a person, latest first."""
    found = feedback.bad_ratings(
        desk.db,
        person.scope,
        query.from_on,
        query.to_on,
        entries_of_department=_owned(desk, person),
        narrow=query.narrow,
        offset=offset,
        limit=limit,
    )
    rules = desk.settings.rectification_rules()
    return feedback.without_untold(desk.db, found, rules, now=desk.now())


def unrated(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List the entries that were answered in a period and never rated."""
    return _unrated(desk, incoming, _read(desk, incoming, arguments))


def _unrated(desk: Desk, incoming: Incoming, query: Query) -> Reply:
    _check_day(desk, query)
    counted = counted_by(desk, incoming.person, query, By.ENTRY)
    rows = [c for c in counted.rows if c.rated == 0]
    return view.unrated_reply(desk.base, incoming.person.scope, query, rows, counted)


def oddities(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List what looks odd about the ratings of a period; every one of them counts on."""
    return _oddities(desk, incoming, _read(desk, incoming, arguments))


def _oddities(desk: Desk, incoming: Incoming, query: Query) -> Reply:
    _check_day(desk, query)
    scope, narrow = incoming.person.scope, query.narrow
    found = [
        flag
        for flag in flags_of(desk.db, scope, query.from_on, query.to_on)
        if narrow.district in (None, flag.scope.district)
        and narrow.window in (None, flag.scope.window)
        and narrow.entry in (None, flag.entry_id)
        and (narrow.hall is None or _hall_of(desk, flag.scope.window) == narrow.hall)
    ]
    return view.oddities_reply(desk.base, scope, query, found)


def _hall_of(desk: Desk, window: str | None) -> str | None:
    place = place_of_window(desk.base, window) if window else None
    return place.hall if place else None


def ranking(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Rank the windows by 好评率, from so many ratings on; fewer are shown, not ranked."""
    return _ranking(desk, incoming, _read(desk, incoming, arguments))


def _ranking(desk: Desk, incoming: Incoming, query: Query) -> Reply:
    _check_day(desk, query)
    counted = counted_by(desk, incoming.person, query, By.WINDOW)
    least = desk.settings.ratings.min_for_rate
    rows = [(c.key, c.good_rate) for c in counted.rows if c.key != UNASSIGNED and c.rated]
    printed = rates_of(desk.settings.rates)
    scope = incoming.person.scope
    return view.ranking_reply(desk.base, scope, query, rank(rows, least), printed, least)


def rates(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show every rate with numerator and denominator, and how it is reckoned."""
    return _rates(desk, incoming, _read(desk, incoming, arguments))


def _rates(desk: Desk, incoming: Incoming, query: Query) -> Reply:
    _check_day(desk, query)
    person = incoming.person
    return view.rates_reply(desk.base, person.scope, query, all_rates(desk, person, query))


def all_rates(
    desk: Desk, person: Person, query: Query, figures: Figures | None = None
) -> tuple[Shown, ...]:
    """Return every rate that can be known of a period within a scope.

    `figures` are those of the query where they were counted already.
    """
    printed = rates_of(desk.settings.rates)
    counted = figures or figures_of(desk, person, query)
    of_ratings = [
        counted.shown(indicator, printed)
        for indicator in (
            Indicator.GOOD,
            Indicator.ACTIVE_GOOD,
            Indicator.ACTIVE_RATING,
            Indicator.UNRATED,
            Indicator.ITEM_COVERAGE,
            Indicator.DEPARTMENT_COVERAGE,
        )
    ]
    duties = feedback.duty_rates(
        desk.db,
        person,
        desk.calendar,
        desk.settings.rectification_rules(),
        query.from_on,
        query.to_on,
        today=desk.today(),
        narrow=query.narrow,
    )
    shown = [one for one in of_ratings if one is not None]
    return (*shown, *(printed.shown(indicator, rate) for indicator, rate in duties.items()))


def chart(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Draw the bars by window and the trend by day."""
    return _chart(desk, incoming, _read(desk, incoming, arguments))


def _chart(desk: Desk, incoming: Incoming, query: Query) -> Reply:
    _check_day(desk, query)
    person = incoming.person
    by_day = counted_by(desk, person, query, By.DAY) if query.from_on < query.to_on else None
    by_window = counted_by(desk, person, query, By.WINDOW)
    return view.chart_reply(desk.base, person.scope, query, by_window, by_day, desk.today())


def board(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Lead to the dashboard on the page, where its address is known."""
    del argument
    return view.board_reply(_board_address(desk, incoming, "/dashboard"))


def sheet(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Hand over the figures with the rows behind them; not through Telegram under `deny`."""
    query = _read(desk, incoming, arguments)
    _check_day(desk, query)
    if incoming.discreet:
        raise Refusal("sheet_on_page")
    person = incoming.person
    content = export(desk, person, query, limit=MOST_ROWS)
    name = view.sheet_name(desk.base, person.scope, query)
    return view.sheet_reply(desk.base, person.scope, query, Document(name, content), MOST_ROWS)


def export(desk: Desk, person: Person, query: Query, *, limit: int) -> bytes:
    """Return the workbook of a period within a scope: figures, and the rows behind them."""
    rows = feedback.detail_rows(
        desk.db,
        person.scope,
        query.from_on,
        query.to_on,
        entries_of_department=_owned(desk, person),
        narrow=query.narrow,
        limit=limit,
    )
    opened = feedback.rectifications_within(
        desk.db, person, query.from_on, query.to_on, query.narrow
    )
    return figures_sheet(
        desk.base,
        by_window=counted_by(desk, person, query, By.WINDOW),
        by_entry=counted_by(desk, person, query, By.ENTRY),
        by_day=counted_by(desk, person, query, By.DAY),
        rates=all_rates(desk, person, query),
        rows=rows,
        rectifications=opened,
        limit=limit,
        shown=view.narrow_words(desk.base, person.scope, query.narrow),
    )
