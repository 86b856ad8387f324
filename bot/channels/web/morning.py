"""/dashboard/print: a unit's page for the morning meeting, for those who answer for it."""

from __future__ import annotations

from functools import partial
from html import escape
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from bot.channels.web.lights import words_html
from bot.channels.web.print_page import sheet_html
from bot.channels.web.site import Site
from bot.channels.web.staff_pages import OVERSEERS, visitor
from bot.database import reading, transaction
from bot.desk import Desk
from bot.dialogue import Person
from bot.records.audit import Deed, record_deed
from bot.reports.unit_sheet import UnitSheet, unit_sheets
from bot.views import page_words as wording
from bot.views.unit_sheet import TITLE, printed, unit_line


async def show_print(site: Site, request: Request) -> Response:
    """Show one unit's page, or the units to choose from, within the visitor's scope."""
    person = visitor(site, request)
    if person is None or person.role not in OVERSEERS:
        return site.pages.notice(wording.NOT_FOR_YOU, 403)
    desk, unit = site.desk, request.query_params.get("unit")
    sheets = await site.beside.compute(desk, partial(_sheets, person, unit))
    if unit is None:
        return site.pages.plain(TITLE, _choices(sheets))
    if not sheets:
        return site.pages.notice(wording.NOT_FOUND, 404)
    with transaction(desk.db):
        record_deed(desk.db, person, Deed.SAW_LIST, f"print:{desk.today()}", now=desk.now())
    return site.pages.plain(TITLE, sheet_html(printed(sheets[0]), heading=False))


def _sheets(person: Person, unit: str | None, desk: Desk) -> tuple[UnitSheet, ...]:
    with reading(desk.db):
        return unit_sheets(
            desk.db,
            person.scope,
            desk.calendar,
            desk.settings.oversight.rules(),
            on=desk.today(),
            units=None if unit is None else (unit,),
        )


def _choices(sheets: tuple[UnitSheet, ...]) -> str:
    links = "".join(
        f'<p><a class="button" href="/dashboard/print?{urlencode({"unit": sheet.unit})}">'
        f"{words_html(unit_line(sheet))}</a></p>"
        for sheet in sheets
    )
    return links or f"<p>{escape(wording.NO_UNITS)}</p>"
