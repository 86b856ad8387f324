"""The page's files: HTML with gaps to fill, and what is served under /static/."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from bot.views.page_words import Notice

FOLDER = Path(__file__).parent / "page"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file served as it is; its digest is part of its address."""

    content: bytes
    media_type: str
    digest: str


@dataclass(frozen=True, slots=True)
class Pages:
    """All templates and assets, read once."""

    templates: Mapping[str, Template]
    assets: Mapping[str, Asset]

    def fill(self, name: str, **html: str) -> str:
        """Fill a template; every value is HTML already."""
        return self.templates[name].substitute(self._addresses(), **html)

    def _addresses(self) -> dict[str, str]:
        """Return the addresses of the assets, as $chat_js and so on."""
        return {
            name.replace(".", "_"): f"/static/{name}?v={asset.digest}"
            for name, asset in self.assets.items()
        }

    def plain(self, title: str, body: str, *, status: int = 200, robots: str = "") -> HTMLResponse:
        """Return a page with a title, a body of HTML and the way back."""
        page = self.fill("plain.html", title=escape(title), body=body, robots=robots)
        return HTMLResponse(page, status)

    def notice(self, notice: Notice, status: int) -> HTMLResponse:
        """Return a short page that says what to do instead."""
        body = "".join(f"<p>{escape(line)}</p>" for line in notice.lines)
        return self.plain(notice.title, body, status=status)

    def asset_response(self, name: str, version: str | None, headers: Headers) -> Response:
        """Return an asset; kept for ever where the address names its content."""
        asset = self.assets.get(name)
        if asset is None:
            raise HTTPException(404)
        etag = f'"{asset.digest}"'
        kept = FOR_EVER if version == asset.digest else "no-cache"
        told = {"ETag": etag, "Cache-Control": kept}
        if headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=told)
        return Response(asset.content, media_type=asset.media_type, headers=told)


def read_pages(folder: Path = FOLDER) -> Pages:
    """Read every template and asset of the folder."""
    templates = {
        path.name: Template(path.read_text(encoding="utf-8")) for path in folder.glob("*.html")
    }
    assets = {path.name: _asset(path) for path in folder.iterdir() if path.suffix in MEDIA_TYPES}
    return Pages(templates, assets)


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:16]
    return Asset(content, MEDIA_TYPES[path.suffix], digest)
