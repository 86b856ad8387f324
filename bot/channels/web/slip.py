"""The open page of a slip (告知单): to read, to print, and to fit one screenshot.

It shows no identity, sets no cookie and is not to be indexed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from bot.channels.web.pages import Pages
from bot.channels.web.render import hidden_fields, lines_html, png_address
from bot.views.materials import (
    CONDITIONAL,
    DECLARABLE,
    DEFERRABLE,
    ELSEWHERE,
    EXEMPT,
    REFERENCE,
    REQUIRED,
)
from bot.views.slip import SlipPage

ESSENTIAL = frozenset({REQUIRED, DEFERRABLE, DECLARABLE, EXEMPT, CONDITIONAL, ELSEWHERE, REFERENCE})
# A name ends with its form in 【】 or with —— and a remark; a bracket after that is detail.
_DETAILED = re.compile(r"(.*?(?:】|——)[^（]*)（.*）")


def slip_html(pages: Pages, slip: SlipPage) -> str:
    """Return the whole slip, for reading and for an A4 sheet."""
    return _filled(pages, "slip.html", slip, _lines(slip))


def slip_image_html(pages: Pages, slip: SlipPage) -> str:
    """Return the essentials of a slip, small enough for one screenshot."""
    return _filled(pages, "slip_image.html", slip, tuple(essential_lines(slip)))


def _filled(pages: Pages, template: str, slip: SlipPage, lines: tuple[str, ...]) -> str:
    head, body = _split_head(lines, frozenset(slip.reply.headings))
    return pages.fill(
        template,
        title=escape(slip.title),
        number=escape(slip.number),
        head="".join(f"<p>{escape(line)}</p>" for line in head),
        body=lines_html("\n".join(body), slip.reply.headings),
        foot=_foot(slip),
        hidden=hidden_fields(None),
    )


def _lines(slip: SlipPage) -> tuple[str, ...]:
    """Return the lines without title and foot, which have places of their own."""
    placed = {slip.title, *slip.foot}
    return tuple(line for line in slip.reply.text.splitlines() if line not in placed)


def _split_head(
    lines: tuple[str, ...], headings: frozenset[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split off the lines about the slip itself, up to the first gap or heading."""
    end = next((n for n, line in enumerate(lines) if not line or line in headings), 0)
    return lines[:end], lines[end:]


def _foot(slip: SlipPage) -> str:
    picture = (
        f'<img class="code" src="{png_address(slip.qr_png)}" alt="扫码打开这张告知单">'
        if slip.qr_png
        else ""
    )
    return picture + "".join(f"<p>{escape(line)}</p>" for line in slip.foot)


def essential_lines(slip: SlipPage) -> Iterator[str]:
    """Yield what is above the first heading, and the materials without their details."""
    headings = frozenset(slip.reply.headings)
    shown = True
    for line in _lines(slip):
        if line in headings:
            shown = line in ESSENTIAL
        is_detail = line.startswith("   ") and not line.lstrip().startswith("· ")
        if shown and not is_detail:
            yield _without_details(line)


def _without_details(line: str) -> str:
    """Cut the bracket of details at the end of a material's line, not one within its name."""
    found = _DETAILED.fullmatch(line)
    return found[1] if found else line
