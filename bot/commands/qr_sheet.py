"""A sheet of cards with QR codes, to print and cut up."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

_STYLE = (
    "body{font-family:sans-serif;color:#111;margin:1em}"
    ".card{display:inline-block;width:16em;border:1px solid #999;border-radius:8px;"
    "padding:1em;margin:.5em;text-align:center;page-break-inside:avoid;vertical-align:top}"
    "h1{font-size:1.3em}h2{margin:.2em 0;font-size:1.5em}"
    "img{width:13em;height:13em}p{margin:.3em 0}"
)


@dataclass(frozen=True, slots=True)
class Card:
    """What stands on one card; `png` is its QR code, if there is an address to lead to."""

    head: str
    png: bytes | None
    lines: tuple[str, ...]


def qr_sheet(title: str, cards: Iterable[Card], note: str = "") -> str:
    """Return the sheet as one HTML file that needs nothing else."""
    intro = f"<h1>{escape(title)}</h1><p>{escape(note)}</p>" if note else ""
    return (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style><body>{intro}{''.join(map(_card, cards))}</body></html>"
    )


def _card(card: Card) -> str:
    image = ""
    if card.png is not None:
        data = base64.b64encode(card.png).decode()
        image = f'<img alt="{escape(card.lines[0])}" src="data:image/png;base64,{data}">'
    lines = "".join(f"<p>{escape(line)}</p>" for line in card.lines)
    return f'<div class="card"><h2>{escape(card.head)}</h2>{image}{lines}</div>'
