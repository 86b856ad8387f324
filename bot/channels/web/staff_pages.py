"""What staff open: binding to a role, the dashboard."""

from __future__ import annotations

from functools import partial
from html import escape
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.channels.web.dashboard import dashboard_html
from bot.channels.web.guard import read_form
from bot.channels.web.render import body_of, hidden_fields
from bot.channels.web.say import say_to_core
from bot.channels.web.session import keep_session, known_person, person_of, session_of
from bot.channels.web.site import Site
from bot.database import reading, transaction
from bot.desk import Desk
from bot.dialogue import Channel, Incoming, Person, Role
from bot.handlers.certificates import REGISTRARS, is_opt_in_code, sheet
from bot.handlers.statistics import MOST_ROWS, Query, export, read_words
from bot.places import canonical_district
from bot.records.audit import Deed, record_deed
from bot.records.people import CODE_ALPHABET, CODE_LENGTH
from bot.views import page_words as wording
from bot.views.certificates import sheet_name
from bot.views.page_words import PERIODS, Notice

OVERSEERS = frozenset({Role.LEAD, Role.DEPARTMENT, Role.SUPERVISOR, Role.ADMINISTRATOR})
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CURRENT = ' aria-current="page"'


async def offer_binding(site: Site, request: Request) -> Response:
    """Ask a staff member or a holder to confirm; opening a link alone uses up no code."""
    notice = _binding_refused(site, request)
    if notice is not None:
        return site.pages.notice(notice, 404)
    code = _code(request)
    is_holders = is_opt_in_code(site.desk, code)
    form = site.pages.fill(
        "join_holder.html" if is_holders else "join.html",
        code=escape(code),
        hidden=hidden_fields(None),
    )
    return site.pages.plain(wording.JOIN_HOLDER if is_holders else wording.JOIN_STAFF, form)


async def bind(site: Site, request: Request) -> Response:
    """Use a binding code, and show the conversation with what came of it."""
    form = await read_form(request)
    notice = _binding_refused(site, request)
    if notice is not None:
        return site.pages.notice(notice, 404)
    session = session_of(request, site.desk, site.kiosk)
    said = await say_to_core(
        site, session, {"text": f"/bind {_code(request)}", "key": form.get("key", "")}
    )
    site.core.settle(site.desk, said.key)
    response = RedirectResponse("/#end", 303)
    keep_session(response, site.desk, session)
    return response


def _code(request: Request) -> str:
    return str(request.path_params["code"]).strip().upper()


def _binding_refused(site: Site, request: Request) -> Notice | None:
    if site.desk.settings.web.kiosk:
        return wording.JOIN_NOT_HERE
    code = _code(request)
    fits = len(code) == CODE_LENGTH and set(code) <= set(CODE_ALPHABET)
    return None if fits else wording.CODE_MALFORMED


async def show_dashboard(site: Site, request: Request) -> Response:
    """Show those who answer for windows the counts of a period, charts, and rows to drill into."""
    person = visitor(site, request)
    if person is None or person.role not in OVERSEERS:
        return site.pages.notice(wording.NOT_FOR_YOU, 403)
    period, label, words = _asked(site, request)
    body = await site.beside.compute(site.desk, partial(_board, site, person, period, words))
    return site.pages.plain(f"{label}服务反馈", body)


def _board(site: Site, person: Person, period: str, words: str, desk: Desk) -> str:
    """Return the dashboard as HTML, read at a desk of its own: it takes up to a second."""
    reply = site.core.respond(desk, Incoming(person, Channel.WEB, text=words))
    links = "".join(
        f'<a class="button" href="/dashboard?period={key}"'
        f"{_CURRENT if key == period else ''}>{name}</a>"
        for key, (name, _) in PERIODS.items()
    )
    query = read_words(desk, words)
    subject = f"dashboard:{query.from_on}:{query.to_on}"
    with transaction(desk.db):
        record_deed(desk.db, person, Deed.SAW_LIST, subject, now=desk.now())
    parts = reply.messages() if reply is not None else ()
    figures = "".join(html for part in parts for html in body_of(part, part.number))
    with reading(desk.db):
        below = dashboard_html(desk, person, query, period)
    return (
        f'<nav class="row of-4" aria-label="时段">{links}</nav>'
        f'<div class="told">{figures}</div><div class="told board">{below}</div>'
    )


def _asked(site: Site, request: Request) -> tuple[str, str, str]:
    """Return the period's key, its label, and the words that ask for it and for a district."""
    chosen = request.query_params.get("period", "today")
    period = chosen if chosen in PERIODS else "today"
    label, words = PERIODS[period]
    named = request.query_params.get("district", "")
    district = canonical_district(site.desk.base, named) if named else None
    return period, label, f"{district} {words}" if district else words


async def send_sheet(site: Site, request: Request) -> Response:
    """Send the workbook of a period within the visitor's scope, and write it down."""
    person = visitor(site, request)
    if person is None or person.role not in OVERSEERS:
        return site.pages.notice(wording.NOT_FOR_YOU, 403)
    _, _, words = _asked(site, request)
    query = read_words(site.desk, words)
    desk = site.desk
    subject = f"sheet:{query.from_on}:{query.to_on}"
    with transaction(desk.db):
        record_deed(desk.db, person, Deed.EXPORTED, subject, now=desk.now())
    content = await site.beside.compute(desk, partial(_sheet, person, query))
    name = f"ratings-{query.from_on}-{query.to_on}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=XLSX, headers=headers)


def _sheet(person: Person, query: Query, desk: Desk) -> bytes:
    with reading(desk.db):
        return export(desk, person, query, limit=MOST_ROWS)


async def send_certificates(site: Site, request: Request) -> Response:
    """Send the register within the visitor's scope, however long; beside the loop."""
    person = visitor(site, request)
    if person is None or person.role not in REGISTRARS:
        return site.pages.notice(wording.NOT_FOR_YOU, 403)
    content, _ = await site.beside.work(site.desk, lambda own: sheet(own, person))
    name = quote(sheet_name(site.desk.today()), safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(content, media_type=XLSX, headers=headers)


def visitor(site: Site, request: Request) -> Person | None:
    """Return who is at the browser, if known; a role of the demonstration is made known."""
    session = session_of(request, site.desk, site.kiosk)
    if session.role is not Role.CITIZEN:
        return person_of(site.desk, session)
    return known_person(site.desk, session)
