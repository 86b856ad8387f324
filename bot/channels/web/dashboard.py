"""The dashboard: figures, charts drawn here, and every count a link to the rows behind it.

Everything is asked of the same functions as in the conversation, with the visitor's own scope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from html import escape

from bot.channels.web.board_query import address, board_link
from bot.channels.web.render import lines_html
from bot.desk import Desk
from bot.dialogue import Person
from bot.figure_words import PERIODS, lies_within
from bot.handlers.qualification import STAFF_OVERSEERS, by_district
from bot.handlers.statistics import all_rates, bad_of, counted_by, facts_of
from bot.records.official_ratings import Sync
from bot.reports.charts import bars_svg, trend_svg
from bot.reports.feedback import Listed, rectifications_within, services_behind
from bot.reports.qualification import staff_by_unit, target_of, total_of
from bot.reports.rates import NO_DATA, Shown, rates_of
from bot.reports.statistics import UNASSIGNED, By, Counts, Narrow, Query
from bot.views import page_words as wording
from bot.views import qualification
from bot.views import statistics as view
from bot.views.official import SYNCS
from bot.views.places import district_key, window_name
from bot.views.rating import LEVELS
from bot.views.rectifications import STATES, entry_name
from bot.views.text import format_moment
from reminders.rectification_rules import told_from

FIRST_ROWS = 20
ROWS_A_PAGE = 50
Cells = Sequence[str]
_CURRENT = ' aria-current="page"'


def dashboard_html(desk: Desk, person: Person, query: Query) -> str:
    """Return figures, charts, rates with both parts, and the rows behind them, as HTML."""
    return (
        _periods(desk, query)
        + _chooser(desk, person, query)
        + f'<div class="told board">{"".join(_parts(desk, person, query))}</div>'
    )


def _periods(desk: Desk, query: Query) -> str:
    """Return links to other periods of the very same part."""
    links = []
    for word in wording.BOARD_PERIODS.values():
        from_on, to_on = PERIODS[word](desk.today())
        there = replace(query, from_on=from_on, to_on=to_on)
        current = _CURRENT if there == query else ""
        links.append(
            f'<a class="button" href="{address(desk, "/dashboard", there)}"{current}>{word}</a>'
        )
    return f'<nav class="row of-6" aria-label="时段">{"".join(links)}</nav>'


def _chooser(desk: Desk, person: Person, query: Query) -> str:
    """Return the form that chooses days, district, window and item within the own scope."""
    base, narrow = desk.base, query.narrow
    places = [(d.id, d.name, Narrow(district=d.name)) for d in base.districts]
    halls = [h for h in base.places.values() if h.district is None]
    places += [(h.id, h.name, Narrow(hall=h.id)) for h in halls]
    windows = [
        (w.code, window_name(base, w.code), Narrow(window=w.code))
        for hall in base.places.values()
        if narrow.district in (None, hall.district) and narrow.hall in (None, hall.id)
        for w in hall.windows
    ]
    items = [(e.id, e.short_name, Narrow(entry=e.id)) for e in base.entries.values()]
    fields = view.board_fields(base, query)

    def select(name: str, label: str, options: Sequence[tuple[str, str, Narrow]]) -> str:
        chosen = fields.get(name)
        own = [o for o in options if lies_within(base, person.scope, o[2])]
        shown = "".join(
            f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>'
            f"{escape(text)}</option>"
            for value, text, _ in own
        )
        return (
            f'<label>{label}<select name="{name}"><option value="">{wording.ALL}</option>'
            f"{shown}</select></label>"
        )

    return (
        '<form class="choose" method="get" action="/dashboard">'
        f'<label>{wording.FROM}<input type="date" name="from" value="{query.from_on}"></label>'
        f'<label>{wording.TO}<input type="date" name="to" value="{query.to_on}"></label>'
        + select("district", wording.DISTRICT, places)
        + select("window", wording.WINDOW, windows)
        + select("item", wording.ITEM, items)
        + f'<button type="submit" class="main">{wording.CHOOSE}</button></form>'
    )


def _parts(desk: Desk, person: Person, query: Query) -> Iterator[str]:
    base, scope, today = desk.base, person.scope, desk.today()
    facts, printed = facts_of(desk, person, query), rates_of(desk.settings.rates)
    least = desk.settings.ratings.min_for_rate
    lines = view.total_lines(
        base, scope, facts, rates=printed, today=today, at=desk.now(), least=least
    )
    yield lines_html("\n".join((view.HEADING, *lines)), ())
    yield _behind(desk, query, facts.by_window.total)
    words = view.chart_words(base, scope, query)
    yield _heading(wording.CHART)
    yield bars_svg(words, view.window_bars(base, facts.by_window))
    if facts.by_day is not None:
        yield trend_svg(words, view.day_bars(facts.by_day, today))
    yield _heading(wording.RATES)
    yield _table(wording.RATE_HEADER, map(_rate, all_rates(desk, person, query, facts.figures)))
    if facts.official:
        yield _heading(view.OFFICIAL_HEADING)
        yield lines_html("\n".join(view.official_lines(facts, printed)), ())
    yield from _counts(desk, person, query, facts)
    if person.role in STAFF_OVERSEERS:
        yield _heading(qualification.TITLE)
        yield _qualified(desk, person, query)
    yield _heading(wording.BAD_ROWS)
    total = facts.figures.bad_with_voided or 0
    yield _bad(desk, person, query, 0, FIRST_ROWS, total)
    yield _heading(wording.RECTIFICATIONS)
    yield _opened(desk, person, query)
    yield _download(desk, query)


def _behind(desk: Desk, query: Query, total: Counts) -> str:
    """Return the three counts as links to what they count."""
    links = (
        f'<a class="button" href="{_rows_address(desk, query, listed)}">{name} {number}</a>'
        for listed, name, number in (
            (Listed.GOOD, wording.GOOD, total.good),
            (Listed.BAD, wording.BAD_ROWS, total.bad),
            (Listed.UNRATED, wording.UNRATED, total.unrated),
        )
    )
    return f'<p class="row of-3 counts">{"".join(links)}</p>'


def _rows_address(desk: Desk, query: Query, listed: Listed) -> str:
    return address(desk, "/dashboard/rows", query, kind=listed.value)


def _counts(desk: Desk, person: Person, query: Query, facts: view.StatisticsFacts) -> Iterator[str]:
    """Yield the tables by district, window, item and day; every name and count leads on."""
    base = desk.base

    def to_district(key: str) -> Query:
        is_hall = key in base.places
        narrow = replace(
            query.narrow, hall=key if is_hall else None, district=None if is_hall else key
        )
        return replace(query, narrow=narrow)

    yield _heading(wording.DISTRICTS)
    found = counted_by(desk, person, query, By.DISTRICT).rows
    yield _count_table(
        desk,
        wording.DISTRICT,
        found,
        lambda key: district_key(base, key),
        to_district,
        without_data=_missing_units(desk, person, query, {c.key for c in found}),
    )
    yield _heading(wording.WINDOWS)
    yield _count_table(
        desk,
        wording.WINDOW,
        facts.by_window.rows,
        lambda key: window_name(base, key),
        lambda key: replace(query, narrow=replace(query.narrow, window=key)),
    )
    yield _heading(wording.ITEMS)
    yield _count_table(
        desk,
        wording.ITEM,
        facts.by_entry.rows,
        lambda key: entry_name(base, key),
        lambda key: replace(query, narrow=replace(query.narrow, entry=key)),
    )
    if facts.by_day is not None:
        yield _heading(wording.DAYS)
        yield _days(desk, query, facts.by_day.rows)


def _missing_units(desk: Desk, person: Person, query: Query, found: set[str]) -> tuple[str, ...]:
    """Return the districts, and 市民之家, of the scope and filter that have nothing at all."""
    narrow, base = query.narrow, desk.base
    if narrow.window is not None:
        return ()
    units = [(d.name, Narrow(district=d.name)) for d in base.districts]
    units += [(h.id, Narrow(hall=h.id)) for h in base.places.values() if h.district is None]
    return tuple(
        key
        for key, unit in units
        if key not in found
        and lies_within(base, person.scope, unit)
        and (narrow.district, narrow.hall) in ((None, None), (unit.district, unit.hall))
    )


def _days(desk: Desk, query: Query, rows: Iterable[Counts]) -> str:
    """Return a row for every day: 0 where nothing was, no data for days to come."""
    found = {c.key: c for c in rows}
    cells: list[Cells] = []
    for day in view.days_of(query):
        there = replace(query, from_on=day, to_on=day)
        if day > desk.today():
            cells.append((str(day), NO_DATA, NO_DATA, NO_DATA))
        else:
            counts = found.get(day.isoformat(), Counts(day.isoformat()))
            cells.append((board_link(desk, there, str(day)), *_linked(desk, there, counts)))
    return _table((wording.DAY, *wording.COUNT_HEADER), cells)


def _count_table(
    desk: Desk,
    what: str,
    rows: Iterable[Counts],
    named: Callable[[str], str],
    there: Callable[[str], Query],
    *,
    without_data: Iterable[str] = (),
) -> str:
    cells: list[Cells] = [
        (board_link(desk, there(c.key), named(c.key)), *_linked(desk, there(c.key), c))
        for c in rows
    ]
    cells += [
        (board_link(desk, there(key), named(key)), NO_DATA, NO_DATA, NO_DATA)
        for key in without_data
    ]
    return _table((what, *wording.COUNT_HEADER), cells)


def _linked(desk: Desk, there: Query, counts: Counts) -> Cells:
    """Return the three counts, each a link to the rows it counts; 0 has none."""
    return tuple(
        f'<a href="{_rows_address(desk, there, listed)}">{number}</a>' if number else "0"
        for listed, number in (
            (Listed.GOOD, counts.good),
            (Listed.BAD, counts.bad),
            (Listed.UNRATED, counts.unrated),
        )
    )


def _heading(text: str) -> str:
    return f"<h2>{escape(text)}</h2>"


def _table(header: Cells, rows: Iterable[Cells]) -> str:
    """Return a table of cells that are HTML already."""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
    if not body:
        return f"<p>{escape(wording.NO_ROWS)}</p>"
    return (
        '<div class="sideways" tabindex="0" role="region" aria-label="'
        f'{escape(header[0])}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _rate(rate: Shown) -> Cells:
    parts = (rate.name, rate.text, str(rate.rate.numerator), str(rate.rate.denominator))
    return tuple(escape(part) for part in parts)


def _qualified(desk: Desk, person: Person, query: Query) -> str:
    """Return 持证上岗率 by district, or by unit in the one district that is looked at."""
    district = query.narrow.district or person.scope.district
    units = (
        by_district(desk, person.scope)
        if district is None
        else staff_by_unit(desk.db, person.scope, district)
    )
    if not any(unit.is_known for unit in units):
        return f"<p>{escape(NO_DATA)}。{escape(qualification.HOW)}</p>"
    target, rates = target_of(desk.settings.staff), rates_of(desk.settings.rates)
    rows = (*units, total_of(units, qualification.TOTAL))
    cells = (qualification.row(unit, rates, target) for unit in rows)
    return _table(qualification.header(target), (tuple(map(escape, row)) for row in cells))


def _bad(desk: Desk, person: Person, query: Query, offset: int, limit: int, total: int) -> str:
    """Return some bad ratings; each number leads to its rectification and the answer shown."""
    found = bad_of(desk, person, query, offset=offset, limit=limit)
    rows = (
        (
            _rectification_link(one.number),
            escape(format_moment(one.rated_at)),
            escape(LEVELS[one.level]),
            escape(view.reason_words(one)),
            escape(entry_name(desk.base, one.entry_id)),
            escape(
                window_name(desk.base, one.window) if one.window else one.district or UNASSIGNED
            ),
            escape(one.official or SYNCS[Sync.UNSYNCED]),
            escape(wording.VOIDED if one.voided else ""),
        )
        for one in found
    )
    table = _table(wording.BAD_HEADER, rows)
    if offset == 0 and total > len(found) and limit == FIRST_ROWS:
        there = _rows_address(desk, query, Listed.BAD)
        table += (
            f'<p>{wording.first_of(len(found), total)} <a href="{there}">{wording.SEE_ALL}</a></p>'
        )
    return table


def _rectification_link(number: str | None) -> str:
    if number is None:
        return escape(wording.NOT_TOLD)
    return f'<a href="/dashboard/rectification/{escape(number)}">{escape(number)}</a>'


def _opened(desk: Desk, person: Person, query: Query) -> str:
    opened = rectifications_within(desk.db, person, query.from_on, query.to_on, query.narrow)
    rules, now = desk.settings.rectification_rules(), desk.now()
    rows = (
        (
            _rectification_link(one.number if told_from(one, rules) <= now else None),
            escape(entry_name(desk.base, one.entry_id)),
            escape(one.scope.district or ""),
            escape(STATES[one.state]),
        )
        for one in opened[:FIRST_ROWS]
    )
    table = _table(wording.RECTIFICATION_HEADER, rows)
    if len(opened) > FIRST_ROWS:
        there = _rows_address(desk, query, Listed.BAD)
        said = wording.first_of(FIRST_ROWS, len(opened))
        table += f'<p>{said} <a href="{there}">{wording.SEE_ALL}</a></p>'
    return table


def _download(desk: Desk, query: Query) -> str:
    there = address(desk, "/dashboard/sheet", query)
    return f'<p class="tools"><a class="button" href="{there}">{escape(wording.DOWNLOAD)}</a></p>'


# -- the rows behind a count


def rows_html(desk: Desk, person: Person, query: Query, listed: Listed, page: int) -> str:
    """Return a page of the services behind a count, as HTML."""
    offset = page * ROWS_A_PAGE
    facts = facts_of(desk, person, query)
    total = {
        Listed.GOOD: facts.by_window.total.good,
        Listed.BAD: facts.figures.bad_with_voided or 0,
        Listed.UNRATED: facts.by_window.total.unrated,
    }[listed]
    if listed is Listed.BAD:
        table = _bad(desk, person, query, offset, ROWS_A_PAGE, total)
    else:
        table = _services(desk, person, query, listed, offset)
    shown = view.asked_words(desk.base, person.scope, query)
    name = {Listed.GOOD: wording.GOOD, Listed.BAD: wording.BAD_ROWS}.get(listed, wording.UNRATED)
    void = facts.figures.voided_bad
    said = wording.rows_of(name, total, void if listed is Listed.BAD else 0)
    last = min(offset + ROWS_A_PAGE, total)
    place = wording.from_to(offset + 1, last, total) if total > ROWS_A_PAGE else ""
    return (
        f"<p>{escape(shown)}{escape(said)}{escape(place)}</p>"
        f'<div class="told board">{table}</div>'
        + _turns(desk, query, listed, page, has_more=last < total)
    )


def _services(desk: Desk, person: Person, query: Query, listed: Listed, offset: int) -> str:
    owned = [e.id for e in desk.base.entries.values() if e.owner == person.scope.department]
    found = services_behind(
        desk.db,
        person.scope,
        query.from_on,
        query.to_on,
        listed,
        entries_of_department=owned,
        narrow=query.narrow,
        offset=offset,
        limit=ROWS_A_PAGE,
    )
    rows = (
        (
            escape(row.day),
            escape(LEVELS[row.level] if row.level else wording.UNRATED),
            escape(entry_name(desk.base, row.entry_id)),
            escape(
                window_name(desk.base, row.window) if row.window else row.district or UNASSIGNED
            ),
            escape(row.official or SYNCS[Sync.UNSYNCED]),
        )
        for row in found
    )
    return _table(wording.SERVICE_HEADER, rows)


def _turns(desk: Desk, query: Query, listed: Listed, page: int, *, has_more: bool) -> str:
    links = []
    for text, there, is_there in (
        (wording.EARLIER_PAGE, page - 1, page > 0),
        (wording.LATER_PAGE, page + 1, has_more),
    ):
        if is_there:
            fields = {"kind": listed.value, "page": str(there)}
            to = address(desk, "/dashboard/rows", query, **fields)
            links.append(f'<a class="button" href="{to}">{text}</a>')
    links.append(
        f'<a class="button" href="{address(desk, "/dashboard", query)}">{wording.BACK}</a>'
    )
    return f'<p class="tools">{"".join(links)}</p>'
