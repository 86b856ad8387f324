"""What an address of the dashboard asks for, and the addresses its links lead to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from html import escape
from urllib.parse import urlencode

from bot.desk import Desk
from bot.dialogue import Person, Refusal
from bot.figure_words import PERIODS, check_within, hall_of_its_own
from bot.places import canonical_district
from bot.reports.statistics import UNASSIGNED, Narrow, Query
from bot.views.page_words import BOARD_PERIODS
from bot.views.statistics import board_fields, board_path


def read_query(desk: Desk, person: Person, fields: Mapping[str, str]) -> Query:
    """Read period and filter; raise Refusal `day_unknown`, `filter_unknown`, `outside_scope`."""
    from_on, to_on = _days(desk, fields)
    narrow = Narrow(
        window=fields.get("window") or None,
        entry=fields.get("item") or None,
    )
    named = fields.get("district")
    if named:
        narrow = replace(narrow, **_place(desk, named))
    check_within(desk.base, person.scope, narrow)
    return Query(from_on, to_on, narrow)


def _days(desk: Desk, fields: Mapping[str, str]) -> tuple[date, date]:
    today = desk.today()
    if not fields.get("from") and not fields.get("day"):
        word = BOARD_PERIODS.get(fields.get("period", ""), "今日")
        return PERIODS[word](today)
    try:
        first = date.fromisoformat(fields.get("day") or fields["from"])
        last = date.fromisoformat(fields.get("day") or fields.get("to") or first.isoformat())
    except ValueError:
        raise Refusal("day_unknown") from None
    if last < first:
        raise Refusal("period_backwards")
    return first, last


def _place(desk: Desk, named: str) -> dict[str, str]:
    if named == UNASSIGNED:
        return {"district": UNASSIGNED}
    district = canonical_district(desk.base, named)
    if district is not None:
        return {"district": district}
    hall = hall_of_its_own(desk.base, named)
    if hall is None:
        raise Refusal("filter_unknown", {"words": named})
    return {"hall": hall}


def board_link(desk: Desk, query: Query, text: str) -> str:
    """Return a link to the dashboard of a query, as HTML."""
    return f'<a href="{escape(board_path(desk.base, query))}">{escape(text)}</a>'


def address(desk: Desk, path: str, query: Query, **more: str) -> str:
    """Return an address below the dashboard for a query, escaped for HTML."""
    return escape(f"{path}?{urlencode({**board_fields(desk.base, query), **more})}")
