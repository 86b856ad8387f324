"""Small posts that change how the page is used: type size, role played, shared tablets."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from bot.channels.web.guard import read_form
from bot.channels.web.say import wants_json
from bot.channels.web.session import (
    HOME_COOKIE,
    LARGE_COOKIE,
    ROLE_COOKIE,
    SESSION_COOKIE,
    YEAR_SECONDS,
    Session,
    keep_session,
    new_session,
    person_of,
    session_of,
    set_cookie,
)
from bot.channels.web.site import Site
from bot.places import place_of_window
from bot.views.refusals import ROLE_NAMES


async def switch_size(site: Site, request: Request) -> Response:
    """Choose normal or large type; without scripts the button takes turns."""
    form = await read_form(request)
    turned = "normal" if LARGE_COOKIE in request.cookies else "large"
    response = _back(request)
    if form.get("size", turned) == "large":
        set_cookie(response, site.desk, LARGE_COOKIE, "1", YEAR_SECONDS)
    else:
        response.delete_cookie(LARGE_COOKIE)
    return response


def _back(request: Request) -> Response:
    """Return to the page the button stood on: a window's page, else the first one."""
    if wants_json(request):
        return JSONResponse({})
    path = urlsplit(request.headers.get("referer", "")).path
    return RedirectResponse(path if path.startswith("/w/") else "/", 303)


async def switch_role(site: Site, request: Request) -> Response:
    """Play another role; in the demonstration only."""
    form = await read_form(request)
    if not site.desk.settings.demo:
        raise HTTPException(404)
    role = next((r for r in ROLE_NAMES if form.get("身份") in {r.value, ROLE_NAMES[r]}), None)
    if role is None:
        raise HTTPException(400)
    session = session_of(request, site.desk, site.kiosk)
    person_of(site.desk, Session(session.secret, session.is_new, role))
    response = RedirectResponse("/", 303)
    keep_session(response, site.desk, session)
    set_cookie(response, site.desk, ROLE_COOKIE, role)
    return response


async def start_anew(site: Site, request: Request) -> Response:
    """Clear a shared tablet for the next person (换下一位)."""
    await read_form(request)
    if not site.desk.settings.web.kiosk:
        raise HTTPException(404)
    site.kiosk.leave(request.cookies.get(SESSION_COOKIE, ""))
    home = request.cookies.get(HOME_COOKIE, "")
    place = place_of_window(site.desk.base, home) if home else None
    response = RedirectResponse(f"/w/{place.window}" if place else "/", 303)
    keep_session(response, site.desk, new_session())
    response.delete_cookie(LARGE_COOKIE)
    response.delete_cookie(ROLE_COOKIE)
    return response


async def keep_awake(site: Site, request: Request) -> Response:
    """Note that somebody still reads on a shared tablet."""
    await read_form(request)
    session = session_of(request, site.desk, site.kiosk)
    if site.desk.settings.web.kiosk and not session.is_new:
        site.kiosk.touch(session.secret, site.desk.now())
    return JSONResponse({"fresh": session.is_new})
