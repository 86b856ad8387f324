"""What anybody may open: the conversation, slips, privacy, health, files."""

from __future__ import annotations

import sqlite3
from html import escape
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from bot.channels.web.chat_page import chat_html
from bot.channels.web.render import hidden_fields
from bot.channels.web.say import read_number
from bot.channels.web.session import (
    HOME_COOKIE,
    LARGE_COOKIE,
    YEAR_SECONDS,
    keep_session,
    known_person,
    session_of,
    set_cookie,
)
from bot.channels.web.site import Site
from bot.channels.web.slip import slip_html, slip_image_html
from bot.dialogue import Refusal
from bot.packing import unpack_reply
from bot.places import place_of_window
from bot.records import messages
from bot.views import page_words as wording


async def show_chat(site: Site, request: Request) -> Response:
    """Show the conversation."""
    return _chat(site, request)


async def show_chat_at_window(site: Site, request: Request) -> Response:
    """Show the conversation for somebody who scanned a window's code."""
    code = request.path_params["code"].lower()
    place = place_of_window(site.desk.base, code)
    if place is None:
        return _chat(site, request, warning=wording.WINDOW_UNKNOWN, status=404)
    response = _chat(site, request, window=place.window)
    if site.desk.settings.web.kiosk:
        set_cookie(response, site.desk, HOME_COOKIE, code, YEAR_SECONDS)
    return response


def _chat(
    site: Site,
    request: Request,
    *,
    window: str | None = None,
    warning: str = "",
    status: int = 200,
) -> Response:
    session = session_of(request, site.desk, site.kiosk)
    if site.desk.settings.web.kiosk:
        site.kiosk.touch(session.secret, site.desk.now())
    html = chat_html(
        site,
        session,
        is_large=LARGE_COOKIE in request.cookies,
        window=window,
        place=place_of_window(site.desk.base, window) if window else None,
        warning=warning,
    )
    response = HTMLResponse(html, status)
    keep_session(response, site.desk, session)
    return response


async def show_slip(site: Site, request: Request) -> Response:
    """Show a slip to whoever has its number."""
    try:
        slip = site.core.slip_page(site.desk, request.path_params["number"])
    except Refusal as refusal:
        if refusal.reason == "slip_closed":
            return site.pages.notice(wording.SLIP_ENDED, 410)
        return site.pages.notice(wording.SLIP_UNKNOWN, 404)
    shows_image = request.query_params.get("view") == "image"
    html = slip_image_html(site.pages, slip) if shows_image else slip_html(site.pages, slip)
    response = HTMLResponse(html)
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


async def show_privacy(site: Site, _request: Request) -> Response:
    """Say who keeps what, why, for how long, and whom to turn to."""
    settings = site.desk.settings
    body = site.pages.fill(
        "privacy.html",
        organiser=escape(settings.organiser),
        contact=escape(settings.privacy.contact),
        chat_days=str(settings.privacy.chat_days),
        contact_days=str(settings.privacy.contact_days_after_close),
        slip_days=str(settings.privacy.slip_days),
        hidden=hidden_fields(None),
    )
    return site.pages.plain("个人信息怎么用", body)


async def show_health(site: Site, _request: Request) -> Response:
    """Say whether the database answers and how the other channels are."""
    try:
        site.desk.db.execute("SELECT id FROM people LIMIT 1").fetchone()
    except sqlite3.Error:
        return JSONResponse({"status": "down", "database": "down"}, 503)
    return JSONResponse({"status": "ok", "database": "ok", "channels": dict(site.core.health())})


async def send_file(site: Site, request: Request) -> Response:
    """Send a document of the own conversation."""
    number = read_number(str(request.path_params["number"]))
    person = known_person(site.desk, session_of(request, site.desk, site.kiosk))
    if person is None or not number:
        raise HTTPException(404)
    since = messages.messages_of(site.desk.db, person.id, after=number - 1, limit=100_000)
    packed = next((m.reply for m in since if m.id == number and m.direction == "out"), None)
    document = unpack_reply(packed).document if packed else None
    if document is None:
        raise HTTPException(404)
    name = quote(document.name.replace("/", "_"), safe="")
    return Response(
        document.content,
        media_type="application/octet-stream",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
    )


async def send_asset(site: Site, request: Request) -> Response:
    """Send a file of the page."""
    version = request.query_params.get("v")
    return site.pages.asset_response(request.path_params["name"], version, request.headers)
