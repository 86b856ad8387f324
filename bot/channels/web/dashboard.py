"""The dashboard below its figures: charts drawn here, rows to drill down to, the workbook.

Everything is asked of the same functions as in the conversation, with the visitor's own scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from urllib.parse import urlencode

from bot.desk import Desk
from bot.dialogue import Person
from bot.handlers.qualification import STAFF_OVERSEERS, by_district
from bot.handlers.statistics import Query, all_rates, counted_by
from bot.records.official_ratings import Sync
from bot.reports.charts import bars_svg, trend_svg
from bot.reports.feedback import bad_ratings, rectifications_within, without_untold
from bot.reports.qualification import staff_by_unit, target_of, total_of
from bot.reports.rates import NO_DATA, Shown, rates_of
from bot.reports.statistics import By, Counts
from bot.views import page_words as wording
from bot.views import qualification
from bot.views import statistics as view
from bot.views.official import SYNCS
from bot.views.places import window_name
from bot.views.rating import LEVELS
from bot.views.rectifications import STATES, entry_name
from bot.views.text import format_moment

SHOWN_ROWS = 100
Cells = Sequence[str]


def dashboard_html(desk: Desk, person: Person, query: Query, period: str) -> str:
    """Return charts, rates with both parts, and the rows behind them, as HTML."""
    return "".join(_parts(desk, person, query, period))


def _parts(desk: Desk, person: Person, query: Query, period: str) -> Iterator[str]:
    by_window = counted_by(desk, person, query, By.WINDOW)
    words = view.chart_words(desk.base, person.scope, by_window)
    yield _heading(wording.CHART)
    yield bars_svg(words, view.window_bars(desk.base, by_window))
    if query.from_on < query.to_on:
        by_day = counted_by(desk, person, query, By.DAY)
        yield trend_svg(words, view.day_bars(by_day, desk.today()))
    yield _heading(wording.RATES)
    yield _table(wording.RATE_HEADER, map(_rate, all_rates(desk, person, query)))
    yield _heading(wording.DISTRICTS)
    by_district = counted_by(desk, person, query, By.DISTRICT).rows
    yield _table(wording.COUNT_HEADER, (_district(desk, c, period) for c in by_district))
    if person.role in STAFF_OVERSEERS:
        yield _heading(qualification.TITLE)
        yield _qualified(desk, person, query)
    yield _heading(wording.BAD_ROWS)
    yield _bad(desk, person, query)
    yield _heading(wording.RECTIFICATIONS)
    yield _opened(desk, person, query)
    yield _download(period, query)


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


def _district(desk: Desk, counts: Counts, period: str) -> Cells:
    """Return a district's row; its name leads to its own dashboard."""
    ids = [d.id for d in desk.base.districts if d.name == counts.key]
    name = escape(counts.key)
    if ids:
        address = "/dashboard?" + urlencode({"period": period, "district": ids[0]})
        name = f'<a href="{escape(address)}">{name}</a>'
    return name, str(counts.good), str(counts.bad), str(counts.unrated)


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


def _bad(desk: Desk, person: Person, query: Query) -> str:
    found = bad_ratings(
        desk.db,
        person.scope,
        query.from_on,
        query.to_on,
        entries_of_department=owned_entries(desk, person),
        narrow=query.narrow,
        limit=SHOWN_ROWS,
    )
    rules = desk.settings.rectification_rules()
    found = without_untold(desk.db, found, rules, now=desk.now())
    rows = (
        (
            escape(format_moment(one.rated_at)),
            escape(LEVELS[one.level]),
            escape(entry_name(desk.base, one.entry_id)),
            escape(window_name(desk.base, one.window) if one.window else one.district or ""),
            escape(one.number or ""),
            escape(one.official or SYNCS[Sync.UNSYNCED]),
            escape(wording.VOIDED if one.voided else ""),
        )
        for one in found
    )
    return _table(wording.BAD_HEADER, rows)


def owned_entries(desk: Desk, person: Person) -> list[str]:
    """Return the entries of the visitor's department."""
    department = person.scope.department
    return [e.id for e in desk.base.entries.values() if e.owner == department]


def _opened(desk: Desk, person: Person, query: Query) -> str:
    opened = rectifications_within(desk.db, person, query.from_on, query.to_on, query.narrow)
    rows = (
        (
            escape(one.number),
            escape(entry_name(desk.base, one.entry_id)),
            escape(one.scope.district or ""),
            escape(STATES[one.state]),
        )
        for one in opened[:SHOWN_ROWS]
    )
    return _table(wording.RECTIFICATION_HEADER, rows)


def _download(period: str, query: Query) -> str:
    fields = {"period": period}
    if query.narrow.district is not None:
        fields["district"] = query.narrow.district
    address = escape("/dashboard/sheet?" + urlencode(fields))
    return f'<p class="tools"><a class="button" href="{address}">{escape(wording.DOWNLOAD)}</a></p>'
