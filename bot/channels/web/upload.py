"""The page's form for tables (办件, 证照, 人员): a file and its kind, handed to the core.

What the core says of it stands in the conversation, with 确认导入 beneath. The file is held in
memory only; who may send one is asked before it is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bot.channels.web.guard import MOST_FIELDS, TEXT_BYTES
from bot.channels.web.render import hidden_fields
from bot.channels.web.say import page_answer, say_to_core
from bot.channels.web.session import LARGE_COOKIE, session_of
from bot.channels.web.site import Site
from bot.channels.web.staff_pages import visitor
from bot.dialogue import Document, Person, Upload
from bot.handlers.imports import UPLOADERS, faulty_sheet
from bot.importing.columns import Kind
from bot.importing.sheets import MEGABYTE
from bot.importing.uploads import UPLOAD_LIMIT
from bot.views import imports as wording
from bot.views import page_words

BODY_BYTES = UPLOAD_LIMIT + TEXT_BYTES
# A browser that is cut off while it still sends shows its own error instead of our words.
MOST_DRAINED = 10 * UPLOAD_LIMIT
MULTIPART = "multipart/form-data"


class _TooLarge(Exception):  # noqa: N818 - an expected "no"
    """More was sent than a file may hold."""


@dataclass(frozen=True, slots=True)
class _Posted:
    """What the form sent: its text fields, and the file where one was chosen."""

    fields: Mapping[str, str]
    upload: Upload | None


class _InMemory(MultiPartParser):
    """Reads a posted form without putting the file on the disk."""

    spool_max_size = BODY_BYTES


async def show_upload(site: Site, request: Request) -> Response:
    """Show the form to those who import tables."""
    if _uploader(site, request) is None:
        return site.pages.notice(page_words.NOT_FOR_YOU, 403)
    return _form(site)


def _uploader(site: Site, request: Request) -> Person | None:
    person = visitor(site, request)
    return person if person is not None and person.role in UPLOADERS else None


def _form(site: Site, warning: str = "", status: int = 200) -> HTMLResponse:
    kinds = "".join(
        f'<label class="choice"><input type="radio" name="kind" value="{kind}"'
        f"{' checked' if kind == Kind.CASES else ''}> {escape(name)}</label>"
        for kind, name in wording.KINDS.items()
    )
    templates = " ".join(
        f'<a class="button" href="/upload/template/{kind}">{escape(name)}模板</a>'
        for kind, name in wording.KINDS.items()
    )
    body = site.pages.fill(
        "upload.html",
        warning=f'<p class="warning" role="alert">{escape(warning)}</p>' if warning else "",
        hidden=hidden_fields(None),
        kinds=kinds,
        templates=templates,
        megabytes=str(UPLOAD_LIMIT // MEGABYTE),
    )
    return site.pages.plain("上传表格", body, status=status)


async def take_upload(site: Site, request: Request) -> Response:
    """Hand a table over to the core, and show the conversation with what it says."""
    if _uploader(site, request) is None:
        return site.pages.notice(page_words.NOT_FOR_YOU, 403)
    try:
        posted = await _read(request)
    except _TooLarge:
        return _form(site, wording.too_large_line(UPLOAD_LIMIT // MEGABYTE), 413)
    kind = posted.fields.get("kind", "")
    if kind not in set(Kind):
        return _form(site, wording.CHOOSE_KIND, 400)
    if posted.upload is None:
        return _form(site, wording.CHOOSE_FILE, 400)
    if len(posted.upload.content) > UPLOAD_LIMIT:
        return _form(site, wording.too_large_line(UPLOAD_LIMIT // MEGABYTE), 413)
    session = session_of(request, site.desk, site.kiosk)
    fields = {"token": f"import:{kind}", "key": posted.fields.get("key", "")}
    said = await say_to_core(site, session, fields, posted.upload)
    return page_answer(site, session, said, is_large=LARGE_COOKIE in request.cookies)


async def _read(request: Request) -> _Posted:
    """Read the posted form; raise _TooLarge, or HTTPException where it is no such form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != MULTIPART:
        raise HTTPException(415)
    parser = _InMemory(request.headers, _limited(request), max_files=1, max_fields=MOST_FIELDS)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise HTTPException(400) from error
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    sent = form.get("file")
    if not isinstance(sent, UploadFile) or not sent.filename:
        return _Posted(fields, None)
    content = await sent.read()
    await sent.close()
    return _Posted(fields, Upload(sent.filename, content))


async def _limited(request: Request) -> AsyncGenerator[bytes, None]:
    """Yield what is sent up to the limit, and take in some more so that an answer is heard."""
    read = 0
    async for chunk in request.stream():
        read += len(chunk)
        if read > MOST_DRAINED:
            break
        if read <= BODY_BYTES:
            yield chunk
    if read > BODY_BYTES:
        raise _TooLarge


async def send_faulty(site: Site, request: Request) -> Response:
    """Send the bad rows of a table that waits for the visitor's word."""
    person = _uploader(site, request)
    key = str(request.path_params["key"])
    # Thousands of coloured cells take a second; nothing but the table in memory is needed.
    document = await asyncio.to_thread(faulty_sheet, site.desk, person, key) if person else None
    if document is None:
        return site.pages.notice(wording.TABLE_GONE, 404)
    return _attached(document)


async def send_template(site: Site, request: Request) -> Response:
    """Send the template of a kind, with its example row."""
    from bot.importing.faulty import template

    kind = str(request.path_params["kind"])
    if _uploader(site, request) is None or kind not in set(Kind):
        raise HTTPException(404)
    name = f"{wording.KINDS[kind]}模板.xlsx"
    return _attached(Document(name, await asyncio.to_thread(template, Kind(kind))))


def _attached(document: Document) -> Response:
    name = quote(document.name.replace("/", "_"), safe="")
    return Response(
        document.content,
        media_type="application/octet-stream",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
    )
