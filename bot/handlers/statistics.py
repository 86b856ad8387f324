"""Counts for those who answer for windows, and what stands behind them, within their scope.

A period, and within the scope a district, a window or an entry: in words (`龙亭区 本周评价`) or
in a button's token (`stats:FROM:TO:KIND:VALUE`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from bot.desk import Desk
from bot.dialogue import Document, Incoming, Person, Refusal, Reply
from bot.places import canonical_district, place_of_window
from bot.records.integrity import flags_of
from bot.records.official_ratings import official_counts, sync_counts
from bot.reports import feedback
from bot.reports.rates import Indicator, Period, Shown, rank, rates_of
from bot.reports.statistics import EVERYTHING, UNASSIGNED, By, Narrow, Ratings, count_ratings
from bot.views import statistics as view
from bot.views.statistics_sheet import figures_sheet
from knowledge.model import KnowledgeBase

MOST_ROWS = 2000
"""How many rows a sheet made in a conversation holds; `stats export` has no such limit."""

_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_PERIOD = re.compile(r"昨日|昨天|今日|今天|本周|本月|\d{4}-\d{1,2}-\d{1,2}")
_KINDS = {"d": "district", "w": "window", "e": "entry"}


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for: a period, and what of the scope."""

    from_on: date
    to_on: date
    narrow: Narrow = EVERYTHING


def today(desk: Desk, incoming: Incoming, words: str) -> Reply:
    """Count the period, district, window or entry named by words; without any, today."""
    return _counted(desk, incoming, read_words(desk, words))


def reads(base: KnowledgeBase, text: str) -> bool:
    """Tell whether a whole message asks for the ratings of something we know."""
    if not text.endswith("评价"):
        return False
    name = _named(text)
    return name != "" and _narrow(base, name) is not None


def _named(words: str) -> str:
    return _PERIOD.sub("", words.strip().removesuffix("评价").removeprefix("/today")).strip()


def read_words(desk: Desk, words: str) -> Query:
    """Read period and filter from words; raise Refusal `filter_unknown`."""
    from_on, to_on = _period(words, desk.today())
    name = _named(words)
    narrow = _narrow(desk.base, name) if name else EVERYTHING
    if narrow is None:
        raise Refusal("filter_unknown", {"words": name})
    return Query(from_on, to_on, narrow)


def _narrow(base: KnowledgeBase, name: str) -> Narrow | None:
    """Return what a name means: a district, a window by code or name, an entry by its names."""
    district = canonical_district(base, name)
    if district is not None:
        return Narrow(district=district)
    if place_of_window(base, name) is not None:
        return Narrow(window=name.strip().lower())
    for hall in base.places.values():
        for window in hall.windows:
            if name in (f"{hall.name}{window.name}", f"{hall.name}·{window.name}"):
                return Narrow(window=window.code)
    for entry in base.entries.values():
        if name in (entry.id, entry.name, entry.short_name, *entry.aliases):
            return Narrow(entry=entry.id)
    return None


def _period(words: str, today_on: date) -> tuple[date, date]:
    named = _DAY.search(words)
    if named:
        try:
            day = date(*(int(part) for part in named.groups()))
        except ValueError:
            raise Refusal("day_unknown") from None
        return day, day
    if "昨" in words:
        return today_on - timedelta(days=1), today_on - timedelta(days=1)
    if "本周" in words:
        return today_on - timedelta(days=today_on.weekday()), today_on
    if "本月" in words:
        return today_on.replace(day=1), today_on
    return today_on, today_on


def _read_token(desk: Desk, arguments: tuple[str, ...]) -> Query:
    """Read period and filter from a button; one that is not ours is refused."""
    if len(arguments) not in (2, 4):
        raise Refusal("button_unknown")
    try:
        from_on, to_on = (date.fromisoformat(argument) for argument in arguments[:2])
    except ValueError:
        raise Refusal("button_unknown") from None
    if from_on > to_on:
        raise Refusal("button_unknown")
    if len(arguments) == 2:
        return Query(from_on, to_on)
    kind, value = arguments[2:]
    if kind not in _KINDS:
        raise Refusal("button_unknown")
    if kind == "d":
        district = canonical_district(desk.base, value)
        if district is None:
            raise Refusal("button_unknown")
        return Query(from_on, to_on, Narrow(district=district))
    return Query(from_on, to_on, Narrow(**{_KINDS[kind]: value}))


def for_period(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Count the period and filter of a button."""
    return _counted(desk, incoming, _read_token(desk, arguments))


def _counted(desk: Desk, incoming: Incoming, query: Query) -> Reply:
    _check_day(desk, query)
    person = incoming.person
    before = _earlier(query)
    facts = view.StatisticsFacts(
        by_window=counted_by(desk, person, query, By.WINDOW),
        by_entry=counted_by(desk, person, query, By.ENTRY),
        by_day=counted_by(desk, person, query, By.DAY) if query.from_on < query.to_on else None,
        before=counted_by(desk, person, before, By.DAY),
        figures=feedback.figures(
            desk.db,
            person,
            query.from_on,
            query.to_on,
            entries_of_department=_owned(desk, person),
            narrow=query.narrow,
        ),
        official=official_counts(desk.db, person, query.from_on, query.to_on)
        if query.narrow == EVERYTHING
        else (),
        synced=sync_counts(desk.db, person, from_on=query.from_on, to_on=query.to_on),
        narrow=query.narrow,
    )
    return view.ratings_reply(
        desk.base,
        person.scope,
        facts,
        rates=rates_of(desk.settings.rates),
        today=desk.today(),
        at=desk.now(),
        least=desk.settings.ratings.min_for_rate,
    )


def _check_day(desk: Desk, query: Query) -> None:
    if query.from_on > desk.today():
        raise Refusal("future_day")


def _earlier(query: Query) -> Query:
    """Return the period to compare with, of equal length: a week ago, or just before."""
    days = Period(query.from_on, query.to_on).days
    shift = timedelta(days=7 if days <= 7 else days)
    return Query(query.from_on - shift, query.to_on - shift, query.narrow)


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


def bad(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List the bad ratings of a period; each leads to its rectification and the answer shown."""
    query = _read_token(desk, arguments)
    person = incoming.person
    found = feedback.bad_ratings(
        desk.db,
        person.scope,
        query.from_on,
        query.to_on,
        entries_of_department=_owned(desk, person),
        narrow=query.narrow,
    )
    rules = desk.settings.rectification_rules()
    found = feedback.without_untold(desk.db, found, rules, now=desk.now())
    return view.bad_reply(desk.base, found, query.from_on, query.to_on)


def unrated(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List the entries that were answered in a period and never rated."""
    query = _read_token(desk, arguments)
    counted = counted_by(desk, incoming.person, query, By.ENTRY)
    return view.unrated_reply(desk.base, [c for c in counted.rows if c.rated == 0], counted)


def oddities(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List what looks odd about the ratings of a period; every one of them counts on."""
    query = _read_token(desk, arguments)
    found = flags_of(desk.db, incoming.person.scope, query.from_on, query.to_on)
    return view.oddities_reply(desk.base, found, query.from_on, query.to_on)


def ranking(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Rank the windows by 好评率, from so many ratings on; fewer are shown, not ranked."""
    query = _read_token(desk, arguments)
    counted = counted_by(desk, incoming.person, query, By.WINDOW)
    least = desk.settings.ratings.min_for_rate
    rows = [(c.key, c.good_rate) for c in counted.rows if c.key != UNASSIGNED and c.rated]
    return view.ranking_reply(
        desk.base, rank(rows, least), counted, rates_of(desk.settings.rates), least
    )


def rates(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show every rate with numerator and denominator, and how it is reckoned."""
    query = _read_token(desk, arguments)
    _check_day(desk, query)
    return view.rates_reply(
        desk.base,
        all_rates(desk, incoming.person, query),
        query.from_on,
        query.to_on,
        incoming.person.scope,
    )


def all_rates(desk: Desk, person: Person, query: Query) -> tuple[Shown, ...]:
    """Return every rate that can be known of a period within a scope."""
    printed = rates_of(desk.settings.rates)
    counted = feedback.figures(
        desk.db,
        person,
        query.from_on,
        query.to_on,
        entries_of_department=_owned(desk, person),
        narrow=query.narrow,
    )
    of_ratings = [
        counted.shown(indicator, printed)
        for indicator in (
            Indicator.GOOD,
            Indicator.ACTIVE_GOOD,
            Indicator.ACTIVE_RATING,
            Indicator.UNRATED,
            Indicator.ITEM_COVERAGE,
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
    query = _read_token(desk, arguments)
    _check_day(desk, query)
    person = incoming.person
    by_day = counted_by(desk, person, query, By.DAY) if query.from_on < query.to_on else None
    by_window = counted_by(desk, person, query, By.WINDOW)
    return view.chart_reply(desk.base, person.scope, by_window, by_day, desk.today())


def sheet(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Hand over the figures with the rows behind them; not through Telegram under `deny`."""
    query = _read_token(desk, arguments)
    _check_day(desk, query)
    if incoming.discreet:
        raise Refusal("sheet_on_page")
    person = incoming.person
    content = export(desk, person, query, limit=MOST_ROWS)
    name = f"服务反馈-{query.from_on:%Y%m%d}-{query.to_on:%Y%m%d}.xlsx"
    return view.sheet_reply(Document(name, content), query.from_on, query.to_on, MOST_ROWS)


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
    )
