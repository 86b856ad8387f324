"""What stands between the network and the page: headers, hosts, origins, sizes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TEXT_BYTES = 64 * 1024
# A form writes one Chinese character, three bytes of text, as nine (%E5%BC%80).
FORM_BYTES = 3 * TEXT_BYTES
MOST_FIELDS = 20
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

SECURITY_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # Not no-referrer: with it browsers send "Origin: null" on our own forms.
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
)
NOT_KEPT = "no-store"


class SecurityHeaders:
    """Puts the security headers on every answer; what says nothing of caching is not kept."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, adding headers to the start of an HTTP answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_security_headers(MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, receive, send_with_headers)


def add_security_headers(headers: MutableHeaders) -> None:
    """Add what every answer carries, leaving what is there."""
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", NOT_KEPT)


def is_loopback_host(headers: Headers) -> bool:
    """Tell whether the address bar showed this very machine.

    A foreign name that was made to point here (DNS rebinding) does not count.
    """
    return _host_of(f"//{headers.get('host', '')}") in LOOPBACK


def _host_of(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def is_own_origin(headers: Headers, public_url: str | None) -> bool:
    """Tell whether a post came from our own page.

    Origin decides, else the Referer; a browser's own Sec-Fetch-Site may only say no to them, or
    yes where both are missing. What says nothing at all is refused.
    """
    site = headers.get("sec-fetch-site")
    if site not in {None, "same-origin", "none"}:
        return False
    source = headers.get("origin") or headers.get("referer")
    if source is None:
        return site == "same-origin"
    return _is_ours(source, headers, public_url)


def _is_ours(source: str, headers: Headers, public_url: str | None) -> bool:
    try:
        parts = urlsplit(source)
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return False
    if public_url is not None:
        public = urlsplit(public_url)
        if (parts.scheme, parts.netloc) == (public.scheme, public.netloc):
            return True
        if not is_loopback_host(headers):
            return False
    return parts.netloc == headers.get("host")


async def read_form(request: Request) -> Mapping[str, str]:
    """Read a posted form's text fields; raise HTTPException where it is too long or no form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await _read_limited(request)
    if body and kind != "application/x-www-form-urlencoded":
        raise HTTPException(415)
    try:
        pairs = parse_qsl(
            body.decode("utf-8", errors="replace"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:
        raise HTTPException(400) from error
    if sum(len(value.encode()) for _, value in pairs) > TEXT_BYTES:
        raise HTTPException(413)
    return dict(pairs)


async def _read_limited(request: Request) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > FORM_BYTES:
        raise HTTPException(413)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES:
            raise HTTPException(413)
    return bytes(body)
