"""Replies as HTML. The only place where text becomes mark-up, and everything is escaped here."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import chain

from bot.channels.web.lights import words_html
from bot.dialogue import Button, Document, Picture, Reply, Table
from bot.packing import unpack_reply
from bot.records.messages import Message

# What a phone can dial or open: an address, a landline with area code, a service number.
_LINK = re.compile(
    r"(?P<url>https?://[^\s<>“”‘’（）《》，。；、！？]+)"
    r"|(?<![\d-])(?P<phone>0\d{2,3}-\d{7,8}|12345|12393|12333|12329|12366)(?![\d-])"
)
_NUMBERED = re.compile(r"\d{1,2}\. ")
LINKED_PARTS = 4
_HIDDEN_COMMANDS = ("/start", "/bind", "绑定 ")


@dataclass(frozen=True, slots=True)
class Shown:
    """One message of the conversation as HTML; `number` is None where it was not recorded."""

    number: int | None
    html: str


def show_message(message: Message, window: str | None = None) -> Shown | None:
    """Return a recorded message as HTML; None where nothing of it is kept or to be shown."""
    if message.direction == "in":
        if not message.text or message.text.startswith(_HIDDEN_COMMANDS):
            return None
        return Shown(message.id, _said(message.id, message.text))
    if message.reply is None:
        return show_reply(Reply(message.text), message.id, window) if message.text else None
    return show_reply(unpack_reply(message.reply), message.id, window)


def _said(number: int, text: str) -> str:
    lines = "<br>".join(words_html(line) for line in text.splitlines())
    return (
        f'<article class="said" id="m-{number}" data-number="{number}">'
        f'<p><span class="unseen">您说：</span>{lines}</p></article>'
    )


def show_reply(reply: Reply, number: int | None, window: str | None = None) -> Shown:
    """Return one reply, without those that follow it, as HTML."""
    named = f' id="m-{number}" data-number="{number}"' if number is not None else ""
    body = "".join(chain(body_of(reply, number), _buttons(reply.buttons, number, window)))
    return Shown(number, f'<article class="told"{named} tabindex="-1">{body}</article>')


def body_of(reply: Reply, number: int | None) -> Iterator[str]:
    """Yield a reply's text, table, picture and document as HTML."""
    anchor = f"m-{number}" if number is not None else None
    yield lines_html(reply.text, reply.headings, anchor)
    if reply.table is not None:
        yield table_html(reply.table)
    if reply.picture is not None:
        yield _picture(reply.picture)
    if reply.document is not None and number is not None:
        yield _document(reply.document, number)


def lines_html(text: str, headings: Iterable[str], anchor: str | None = None) -> str:
    """Return lines as paragraphs, the first one strong, those named as headings.

    With `anchor`, a text of many parts gets links to them, before the first one.
    """
    named = frozenset(headings)
    lines = [line for line in text.splitlines() if line.strip()]
    starts = [n for n, line in enumerate(lines) if line in named]
    html = [_line(line, named, n, anchor) for n, line in enumerate(lines)]
    if anchor is not None and len(starts) >= LINKED_PARTS:
        html.insert(starts[0], _contents([(n, lines[n]) for n in starts], anchor))
    return "".join(html)


def _line(line: str, headings: frozenset[str], n: int, anchor: str | None) -> str:
    if line in headings:
        named = f' id="{anchor}-{n}"' if anchor is not None else ""
        return f"<h3{named}>{words_html(line)}</h3>"
    if n == 0:
        return f'<p class="first"><strong>{linked(line)}</strong></p>'
    return f"<p{_layout(line)}>{linked(line.strip())}</p>"


def _contents(parts: list[tuple[int, str]], anchor: str) -> str:
    links = " ".join(
        f'<a href="#{anchor}-{n}">{words_html(heading.partition("（")[0])}</a>'
        for n, heading in parts
    )
    return f'<nav class="parts" aria-label="这一条里有">{links}</nav>'


def _layout(line: str) -> str:
    if line.startswith("   "):
        return ' class="more dot"' if line.lstrip().startswith("· ") else ' class="more"'
    if line.startswith(("· ", "• ")):
        return ' class="dot"'
    return ' class="numbered"' if _NUMBERED.match(line) else ""


def linked(text: str) -> str:
    """Return a text escaped, with web addresses and phone numbers as links."""
    html, end = [], 0
    for found in _LINK.finditer(text):
        shown = escape(found[0])
        address = shown if found["url"] else f"tel:{shown.replace('-', '')}"
        html += [
            words_html(text[end : found.start()]),
            f'<a href="{address}" rel="noopener">{shown}</a>',
        ]
        end = found.end()
    return "".join([*html, words_html(text[end:])])


def table_html(table: Table) -> str:
    """Return a table that scrolls sideways where it is too wide."""
    head = "".join(f'<th scope="col">{words_html(cell)}</th>' for cell in table.header)
    rows = "".join(
        "<tr>" + "".join(f"<td>{words_html(cell)}</td>" for cell in row) + "</tr>"
        for row in table.rows
    )
    return (
        '<div class="sideways" role="region" aria-label="表格" tabindex="0">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _picture(picture: Picture) -> str:
    return f'<img src="{png_address(picture.png)}" alt="{escape(picture.description)}">'


def png_address(png: bytes) -> str:
    """Return a picture's bytes as an address that needs no further request."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _document(document: Document, number: int) -> str:
    return (
        f'<p><a class="button" href="/file/{number}" download="{escape(document.name)}">'
        f"下载：{escape(document.name)}</a></p>"
    )


def _buttons(
    rows: tuple[tuple[Button, ...], ...], number: int | None, window: str | None
) -> Iterator[str]:
    if not rows:
        return
    yield '<form class="buttons" method="post" action="/say" accept-charset="utf-8">'
    yield hidden_fields(window)
    if number is not None:
        yield f'<input type="hidden" name="message" value="{number}">'
    for row in rows:
        cells = "".join(_button(button) for button in row)
        yield f'<div class="row of-{min(len(row), 6)}">{cells}</div>'
    yield "</form>"


def _button(button: Button) -> str:
    if button.url is not None:
        return (
            f'<a class="button" href="{escape(_safe_address(button.url))}" rel="noopener">'
            f"{words_html(button.label)}</a>"
        )
    return (
        f'<button type="submit" name="token" value="{escape(button.token or "")}">'
        f"{words_html(button.label)}</button>"
    )


def _safe_address(url: str) -> str:
    """Return an address as it is if following it runs no script, else the page itself."""
    return url if url.startswith(("https://", "http://", "tel:", "/")) else "/"


def hidden_fields(window: str | None) -> str:
    """Return what every form carries: a key that makes a second post harmless, the window."""
    key = f'<input type="hidden" name="key" value="{secrets.token_urlsafe(12)}">'
    at = f'<input type="hidden" name="window" value="{escape(window)}">' if window else ""
    return key + at
