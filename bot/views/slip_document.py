"""The slip as one printable HTML file that opens on any phone and needs nothing else."""

from __future__ import annotations

import base64
from html import escape

from bot.views.text import Lines

_STYLE = (
    "body{font:16px/1.6 sans-serif;max-width:46em;margin:1em auto;padding:0 1em;color:#111}"
    "h2{font-size:1.15em;border-bottom:1px solid #999;margin:1em 0 .3em}p{margin:.2em 0}"
    "img{width:8em;height:8em}@media print{body{margin:0}}"
)


def slip_html(lines: Lines, number: str, qr: bytes | None) -> str:
    """Return the whole document, every word escaped."""
    headings = set(lines.headings)
    body = "".join(
        f"<h2>{escape(line)}</h2>" if line in headings else f"<p>{escape(line)}</p>"
        for line in lines.text.split("\n")
        if line
    )
    picture = (
        f'<img alt="二维码" src="data:image/png;base64,{base64.b64encode(qr).decode()}">'
        if qr
        else ""
    )
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>告知单 {escape(number)}</title><style>{_STYLE}</style></head>"
        f"<body>{body}{picture}</body></html>"
    )
