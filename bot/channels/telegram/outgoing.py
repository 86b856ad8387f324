"""A reply as Telegram can carry it: cut into messages, as HTML, with its buttons.

Text is cut before it is formatted, so that no tag is ever cut.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from html import escape
from unicodedata import combining
from urllib.parse import urlsplit

from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import InlineKeyboardMarkupLimit, MessageLimit

from bot.channels.telegram import tables
from bot.dialogue import Button, Reply, Table
from bot.views.telegram_words import more_buttons_line

LONGEST_TEXT = int(MessageLimit.MAX_TEXT_LENGTH)
LONGEST_CAPTION = int(MessageLimit.CAPTION_LENGTH)
MOST_BUTTONS = int(InlineKeyboardMarkupLimit.TOTAL_BUTTON_NUMBER)
MOST_IN_A_ROW = int(InlineKeyboardMarkupLimit.BUTTONS_PER_ROW)
MOST_HEADINGS = 90  # of the 100 entities that Telegram keeps
LONGEST_LABEL = 60
SENTENCE_ENDS = "。！？；!?;"
PAUSES = "，、,： "
JOINERS = "\u200d\ufe0f\ufe0e"


def utf16_length(text: str) -> int:
    """Return a text's length in Telegram's unit."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


# -- cutting


def split_reply(reply: Reply) -> tuple[Reply, ...]:
    """Cut a reply and those after it into what one call each can carry; nothing empty."""
    return tuple(part for message in reply.messages() for part in _parts(message))


def _parts(message: Reply) -> list[Reply]:
    message = _with_fewer_buttons(replace(message, then=(), text=message.text.strip()))
    bare = replace(message, buttons=(), table=None, picture=None, document=None, text="")
    fits_caption = message.table is None and utf16_length(message.text) <= LONGEST_CAPTION
    parts: list[Reply] = []
    if message.picture:
        parts.append(replace(bare, picture=message.picture))
    if message.document:
        parts.append(replace(bare, document=message.document))
    if parts and fits_caption:
        parts[-1] = replace(parts[-1], text=message.text)
    else:
        parts += _text_parts(bare, message.text, message.table)
    if not parts:
        return []
    parts[-1] = replace(parts[-1], buttons=message.buttons)
    if len(parts) > 1 or message.picture or message.document:
        parts = [replace(part, replaces=False) for part in parts]
    return parts


def _text_parts(bare: Reply, text: str, table: Table | None) -> list[Reply]:
    if table is None:
        return [replace(bare, text=piece) for piece in split_text(text) if piece]
    if not tables.is_narrow(table):
        told = f"{text}\n\n{tables.in_lines(table)}".strip()
        return [replace(bare, text=piece) for piece in split_text(told) if piece]
    if utf16_length(text) + 2 + utf16_length(tables.aligned(table)) <= LONGEST_TEXT:
        return [replace(bare, text=text, table=table)]
    pieces = [replace(bare, text=piece) for piece in split_text(text) if piece]
    return [*pieces, *(replace(bare, table=piece) for piece in _table_pieces(table))]


def _table_pieces(table: Table) -> Iterable[Table]:
    """Cut a table between rows, each piece under the header."""
    a_line = tables.WIDEST + 1
    rows = LONGEST_TEXT // a_line - 1
    for start in range(0, len(table.rows), rows):
        yield Table(table.header, table.rows[start : start + rows])


def split_text(text: str, limit: int = LONGEST_TEXT) -> list[str]:
    """Cut a text into pieces of at most so many UTF-16 units, at the best place there is."""
    pieces = []
    rest = text.strip()
    while utf16_length(rest) > limit:
        cut = _best_cut(rest, _fitting(rest, limit))
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*pieces, rest]


def _fitting(text: str, limit: int) -> int:
    """Return how many characters of a text fit into so many UTF-16 units."""
    count = min(limit, len(text))
    while (excess := utf16_length(text[:count]) - limit) > 0:
        count -= (excess + 1) // 2
    return count


def _best_cut(text: str, count: int) -> int:
    """Return where to cut: after a paragraph, a line, a sentence, a pause, else anywhere."""
    least = count // 3
    for end in ("\n\n", "\n"):
        at = text.rfind(end, least, count)
        if at > 0:
            return at
    for marks in (SENTENCE_ENDS, PAUSES):
        at = max(text.rfind(mark, least, count) for mark in marks)
        if at > 0:
            return at + 1
    while count > 1 and (combining(text[count]) or {text[count], text[count - 1]} & set(JOINERS)):
        count -= 1
    return count


def _with_fewer_buttons(message: Reply) -> Reply:
    """Keep the buttons that Telegram can carry; say that there are more where there are."""
    rows = [row[n : n + MOST_IN_A_ROW] for row in _usable(message) for n in _steps(row)]
    kept: list[tuple[Button, ...]] = []
    left = MOST_BUTTONS
    for row in rows:
        kept.append(row[:left])
        left -= len(row[:left])
    left_out = sum(map(len, rows)) - sum(map(len, kept))
    text = message.text
    if left_out:
        text = f"{text}\n\n{more_buttons_line(left_out)}".strip()
    return replace(message, text=text, buttons=tuple(row for row in kept if row))


def _usable(message: Reply) -> Iterable[tuple[Button, ...]]:
    for row in message.buttons:
        yield tuple(b for b in row if b.label.strip() and (b.url is None or is_usable_url(b.url)))


def _steps(row: tuple[Button, ...]) -> range:
    return range(0, len(row), MOST_IN_A_ROW)


def is_usable_url(url: str) -> bool:
    """Tell whether Telegram takes an address on a button: http(s) with a dot, or tg."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if any(c.isspace() for c in url):
        return False
    if parts.scheme == "tg":
        return bool(host)
    return parts.scheme in {"http", "https"} and "." in host.strip(".")


# -- formatting


def to_html(part: Reply) -> str:
    """Write one part as Telegram's HTML; everything variable is escaped."""
    text = escape(part.text, quote=False)
    if part.headings:
        text = _with_bold_headings(part.text, frozenset(part.headings))
    if part.table is None:
        return text
    return f"{text}\n\n<pre>{escape(tables.aligned(part.table), quote=False)}</pre>".strip()


def _with_bold_headings(text: str, headings: frozenset[str]) -> str:
    lines = []
    left = MOST_HEADINGS
    for line in text.split("\n"):
        is_heading = line in headings and bool(line.strip()) and left > 0
        left -= is_heading
        escaped = escape(line, quote=False)
        lines.append(f"<b>{escaped}</b>" if is_heading else escaped)
    return "\n".join(lines)


def to_plain(part: Reply) -> str:
    """Write one part without any formatting."""
    table = tables.aligned(part.table) if part.table else ""
    return f"{part.text}\n\n{table}".strip()


def to_keyboard(part: Reply) -> InlineKeyboardMarkup | None:
    """Write the buttons of one part."""
    if not part.buttons:
        return None
    return InlineKeyboardMarkup([[_to_button(button) for button in row] for row in part.buttons])


def _to_button(button: Button) -> InlineKeyboardButton:
    label = button.label.strip()
    if len(label) > LONGEST_LABEL:
        label = label[: LONGEST_LABEL - 1] + "…"
    return InlineKeyboardButton(label, callback_data=button.token, url=button.url)
