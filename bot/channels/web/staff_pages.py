"""What staff open: binding to a role, the dashboard, uploads."""

from __future__ import annotations

from html import escape

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.channels.web.guard import read_form
from bot.channels.web.render import body_of, hidden_fields
from bot.channels.web.say import say_to_core
from bot.channels.web.session import keep_session, known_person, person_of, session_of
from bot.channels.web.site import Site
from bot.dialogue import Channel, Incoming, Person, Role
from bot.records.people import CODE_ALPHABET, CODE_LENGTH
from bot.views import page_words as wording
from bot.views.page_words import PERIODS, Notice

_CURRENT = ' aria-current="page"'


async def offer_binding(site: Site, request: Request) -> Response:
    """Ask a staff member to confirm; opening a link alone must not use up a code."""
    notice = _binding_refused(site, request)
    if notice is not None:
        return site.pages.notice(notice, 404)
    form = site.pages.fill("join.html", code=escape(_code(request)), hidden=hidden_fields(None))
    return site.pages.plain("绑定工作人员身份", form)


async def bind(site: Site, request: Request) -> Response:
    """Use a binding code, and show the conversation with what came of it."""
    form = await read_form(request)
    notice = _binding_refused(site, request)
    if notice is not None:
        return site.pages.notice(notice, 404)
    session = session_of(request, site.desk, site.kiosk)
    said = say_to_core(
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
    """Show a supervisor the counts of a period."""
    person = _visitor(site, request)
    if person is None or person.role is not Role.SUPERVISOR:
        return site.pages.notice(wording.NOT_FOR_YOU, 403)
    chosen = request.query_params.get("period", "today")
    label, words = PERIODS.get(chosen, PERIODS["today"])
    reply = site.core.respond(site.desk, Incoming(person, Channel.WEB, text=words))
    links = "".join(
        f'<a class="button" href="/dashboard?period={period}"'
        f"{_CURRENT if name == label else ''}>{name}</a>"
        for period, (name, _) in PERIODS.items()
    )
    parts = reply.messages() if reply is not None else ()
    figures = "".join(html for part in parts for html in body_of(part, part.number))
    body = f'<nav class="row of-4" aria-label="时段">{links}</nav><div class="told">{figures}</div>'
    return site.pages.plain(f"{label}服务反馈", body)


def _visitor(site: Site, request: Request) -> Person | None:
    """Return who is at the browser, if known; a role of the demonstration is made known."""
    session = session_of(request, site.desk, site.kiosk)
    if session.role is not Role.CITIZEN:
        return person_of(site.desk, session)
    return known_person(site.desk, session)


async def show_upload(site: Site, request: Request) -> Response:
    """Tell staff that uploads are not there yet."""
    person = _visitor(site, request)
    if person is None or not person.is_staff:
        return site.pages.notice(wording.NOT_FOR_YOU, 403)
    return site.pages.notice(wording.UPLOAD_NOT_YET, 200)
