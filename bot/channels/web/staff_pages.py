"""What staff open: binding to a role, the dashboard."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.channels.web.board_query import read_query
from bot.channels.web.dashboard import dashboard_html, rows_html
from bot.channels.web.guard import read_form
from bot.channels.web.render import body_of, hidden_fields
from bot.channels.web.say import say_to_core
from bot.channels.web.session import keep_session, known_person, person_of, session_of
from bot.channels.web.site import Site
from bot.database import reading, transaction
from bot.desk import Desk
from bot.dialogue import Channel, Incoming, Person, Refusal, Role
from bot.handlers import rectifications
from bot.handlers.certificates import REGISTRARS, is_opt_in_code, sheet
from bot.handlers.statistics import MOST_ROWS, export
from bot.records.audit import Deed, record_deed
from bot.records.people import CODE_ALPHABET, CODE_LENGTH
from bot.reports.feedback import Listed
from bot.reports.statistics import Query
from bot.views import page_words as wording
from bot.views.certificates import sheet_name
from bot.views.page_words import Notice
from bot.views.refusals import refusal_reply
from bot.views.statistics import sheet_name as feedback_sheet_name
from bot.views.statistics import subject_of

OVERSEERS = frozenset({Role.LEAD, Role.DEPARTMENT, Role.SUPERVISOR, Role.ADMINISTRATOR})
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_PAGE = 6


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
    """Show those who answer for windows the counts of a period, charts, and rows to drill into.

    Opening it changes nothing but the audit log.
    """
    return await _shown(site, request, "dashboard", dashboard_html)


async def show_rows(site: Site, request: Request) -> Response:
    """Show the services behind a count, a page at a time."""
    fields = request.query_params
    kind, page = fields.get("kind", ""), fields.get("page", "0")
    if kind not in set(Listed) or not page.isdecimal() or len(page) > LONGEST_PAGE:
        return site.pages.notice(wording.ADDRESS_WRONG, 400)
    listed, number = Listed(kind), int(page)
    return await _shown(
        site,
        request,
        "dashboard",
        lambda desk, person, query: rows_html(desk, person, query, listed, number),
    )


Html = Callable[[Desk, Person, Query], str]


async def _shown(site: Site, request: Request, verb: str, html: Html) -> Response:
    """Show a page of figures within the visitor's scope, and write down that they looked."""
    person = visitor(site, request)
    if person is None or person.role not in OVERSEERS:
        return site.pages.notice(wording.NOT_FOR_YOU, 403)
    try:
        query = read_query(site.desk, person, request.query_params)
        body = await site.beside.compute(site.desk, partial(_read, person, query, html))
    except Refusal as refusal:
        return _refused(site, refusal)
    _write_down(site, person, Deed.SAW_LIST, subject_of(site.desk.base, verb, query))
    return site.pages.plain(wording.BOARD, body)


def _read(person: Person, query: Query, html: Html, desk: Desk) -> str:
    """Return a page as HTML, read at a desk of its own: it takes up to a second."""
    with reading(desk.db):
        return html(desk, person, query)


def _refused(site: Site, refusal: Refusal) -> Response:
    match refusal.reason:
        case "outside_scope":
            return site.pages.notice(wording.OUTSIDE_SCOPE, 403)
        case "future_day":
            return site.pages.notice(wording.NO_DATA_YET, 200)
    return site.pages.notice(wording.ADDRESS_WRONG, 400)


def _write_down(site: Site, person: Person, deed: Deed, subject: str) -> None:
    with transaction(site.desk.db):
        record_deed(site.desk.db, person, deed, subject, now=site.desk.now())


async def show_rectification(site: Site, request: Request) -> Response:
    """Show a rectification and the very answer the person was shown."""
    person, desk = visitor(site, request), site.desk
    if person is None or person.role not in OVERSEERS:
        return site.pages.notice(wording.NOT_FOR_YOU, 403)
    number = str(request.path_params["number"])
    incoming = Incoming(person, Channel.WEB)
    try:
        detail = rectifications.show(desk, incoming, (number,))
    except Refusal:
        return site.pages.notice(wording.NOT_FOUND, 404)
    _write_down(site, person, Deed.SAW, f"rect:{number}")
    try:
        answer = "".join(body_of(rectifications.show_answer(desk, incoming, (number,)), None))
        _write_down(site, person, Deed.SAW_ANSWER, f"rectans:{number}")
    except Refusal as refusal:
        answer = "".join(body_of(refusal_reply(refusal), None))
    body = (
        f'<div class="told">{"".join(body_of(detail, None))}</div>'
        f"<h2>{wording.ANSWER_SHOWN}</h2>"
        f'<div class="told">{answer}</div>{_to_chat(number)}'
    )
    return site.pages.plain(wording.RECTIFICATION.format(number=escape(number)), body)


def _to_chat(number: str) -> str:
    """Return the button that opens the rectification in the conversation, to act on it."""
    return (
        f'<form class="buttons" method="post" action="/say">{hidden_fields(None)}'
        f'<button type="submit" name="token" value="rect:{escape(number)}">'
        f"{wording.TO_HANDLE}</button></form>"
    )


async def send_sheet(site: Site, request: Request) -> Response:
    """Send the workbook of a query within the visitor's scope, and write it down."""
    person, desk = visitor(site, request), site.desk
    if person is None or person.role not in OVERSEERS:
        return site.pages.notice(wording.NOT_FOR_YOU, 403)
    try:
        query = read_query(desk, person, request.query_params)
    except Refusal as refusal:
        return _refused(site, refusal)
    _write_down(site, person, Deed.EXPORTED, subject_of(desk.base, "sheet", query))
    content = await site.beside.compute(desk, partial(_sheet, person, query))
    name = quote(feedback_sheet_name(desk.base, person.scope, query), safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
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
