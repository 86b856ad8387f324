"""Replies as JSON text and back, for what must outlive the process: receipts, history, outbox."""

from __future__ import annotations

import base64
import json
from typing import Any

from bot.dialogue import Button, Document, Picture, Reply, Table


def pack_reply(reply: Reply) -> str:
    """Write a reply, with those that follow it, as JSON."""
    return json.dumps(_packed(reply), ensure_ascii=False, separators=(",", ":"))


def unpack_reply(text: str) -> Reply:
    """Read what pack_reply wrote."""
    return _unpacked(json.loads(text))


def _packed(reply: Reply) -> dict[str, Any]:
    packed: dict[str, Any] = {"text": reply.text}
    if reply.headings:
        packed["headings"] = reply.headings
    if reply.table:
        packed["table"] = [reply.table.header, reply.table.rows]
    if reply.buttons:
        packed["buttons"] = [[[b.label, b.token, b.url] for b in row] for row in reply.buttons]
    if reply.picture:
        png = base64.b64encode(reply.picture.png).decode()
        packed["picture"] = [png, reply.picture.description]
    if reply.document:
        content = base64.b64encode(reply.document.content).decode()
        packed["document"] = [reply.document.name, content]
    if reply.replaces:
        packed["replaces"] = True
    if reply.then:
        packed["then"] = [_packed(later) for later in reply.then]
    if reply.number is not None:
        packed["number"] = reply.number
    return packed


def _unpacked(packed: dict[str, Any]) -> Reply:
    table, picture, document = (packed.get(key) for key in ("table", "picture", "document"))
    return Reply(
        text=packed["text"],
        headings=tuple(packed.get("headings", ())),
        table=Table(tuple(table[0]), tuple(tuple(row) for row in table[1])) if table else None,
        buttons=tuple(tuple(Button(*b) for b in row) for row in packed.get("buttons", ())),
        picture=Picture(base64.b64decode(picture[0]), picture[1]) if picture else None,
        document=Document(document[0], base64.b64decode(document[1])) if document else None,
        replaces=packed.get("replaces", False),
        then=tuple(_unpacked(later) for later in packed.get("then", ())),
        number=packed.get("number"),
    )
