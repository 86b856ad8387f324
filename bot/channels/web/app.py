"""The web page as a Starlette application: its routes, and who may come in at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.channels.web.guard import (
    SecurityHeaders,
    add_security_headers,
    is_loopback_host,
    is_own_origin,
)
from bot.channels.web.morning import show_print
from bot.channels.web.open_pages import (
    send_asset,
    send_file,
    show_chat,
    show_chat_at_window,
    show_health,
    show_privacy,
    show_slip,
)
from bot.channels.web.pages import read_pages
from bot.channels.web.progress import ask_progress, show_feedback, show_progress
from bot.channels.web.say import read_on, say, wants_json
from bot.channels.web.site import Core, Site
from bot.channels.web.staff_pages import (
    bind,
    offer_binding,
    send_certificates,
    send_sheet,
    show_dashboard,
    show_rectification,
    show_rows,
)
from bot.channels.web.switches import keep_awake, start_anew, switch_role, switch_size
from bot.channels.web.upload import send_faulty, send_template, show_upload, take_upload
from bot.desk import Desk
from bot.views import page_words as wording

Endpoint = Callable[[Site, Request], Awaitable[Response]]


def build_web(desk: Desk, core: Core) -> Starlette:
    """Build the application; it opens nothing and starts nothing by itself."""
    site = Site(desk, core, read_pages())
    routes = [
        _get("/", show_chat, site),
        _get("/w/{code}", show_chat_at_window, site),
        _get("/join/{code}", offer_binding, site),
        _post("/join/{code}", bind, site),
        _get("/slip/{number}", show_slip, site),
        _get("/progress", ask_progress, site),
        _get("/progress/{number}", show_progress, site),
        _get("/feedback/{key}", show_feedback, site),
        _get("/dashboard", show_dashboard, site),
        _get("/dashboard/print", show_print, site),
        _get("/dashboard/sheet", send_sheet, site),
        _get("/dashboard/rows", show_rows, site),
        _get("/dashboard/rectification/{number}", show_rectification, site),
        _get("/certificates/sheet", send_certificates, site),
        _get("/upload", show_upload, site),
        _post("/upload", take_upload, site),
        _get("/upload/faulty/{key}", send_faulty, site),
        _get("/upload/template/{kind}", send_template, site),
        _get("/privacy", show_privacy, site),
        _get("/healthz", show_health, site),
        _post("/say", say, site),
        _get("/messages", read_on, site),
        _get("/file/{number:int}", send_file, site),
        _post("/large", switch_size, site),
        _post("/demo/role", switch_role, site),
        _post("/next", start_anew, site),
        _post("/still", keep_awake, site),
        _get("/static/{name}", send_asset, site),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={
            HTTPException: partial(_refuse, site),
            ClientDisconnect: _gone,
            Exception: partial(_apologise, site),
        },
    )


def _get(path: str, endpoint: Endpoint, site: Site) -> Route:
    return Route(path, partial(_at_home, endpoint, site), methods=["GET"], name=f"get {path}")


def _post(path: str, endpoint: Endpoint, site: Site) -> Route:
    """Return a route for posts; each one must come from our own page."""
    guarded = partial(_from_own_page, endpoint)
    return Route(path, partial(_at_home, guarded, site), methods=["POST"], name=f"post {path}")


async def _at_home(endpoint: Endpoint, site: Site, request: Request) -> Response:
    """Answer the demonstration on this machine only."""
    if site.desk.settings.demo and not is_loopback_host(request.headers):
        raise HTTPException(421)
    return await endpoint(site, request)


async def _from_own_page(endpoint: Endpoint, site: Site, request: Request) -> Response:
    if not is_own_origin(request.headers, site.desk.settings.web.public_url):
        raise HTTPException(403)
    return await endpoint(site, request)


async def _refuse(site: Site, request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    notice = wording.notice_for(error.status_code)
    if wants_json(request):
        return JSONResponse({"error": "".join(notice.lines)}, error.status_code, error.headers)
    return site.pages.notice(notice, error.status_code)


async def _gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=400)


async def _apologise(site: Site, request: Request, _error: Exception) -> Response:
    response = await _refuse(site, request, HTTPException(500))
    # This answer is made outside the middleware.
    add_security_headers(MutableHeaders(raw=response.raw_headers))
    return response
