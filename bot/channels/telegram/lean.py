"""Leaves out of Telegram's objects what nobody here reads, before the library builds them.

A message of ours comes back whole, with every entity and button, after each send and with each
pressed button; of it we use the ids alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegram.request import HTTPXRequest

OF_OUR_MESSAGE = ("message_id", "date", "chat")
OF_AN_ANSWERED_MESSAGE = (*OF_OUR_MESSAGE, "from")


class LeanRequest(HTTPXRequest):
    """Reads of a sent message only its id, date and chat."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Parse an answer of the Bot API."""
        answer: dict[str, Any] = HTTPXRequest.parse_json_payload(payload)
        result = answer.get("result")
        if isinstance(result, dict) and "message_id" in result:
            answer["result"] = _only(result, OF_OUR_MESSAGE)
        return answer


def lean_update(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return an update without the texts and buttons of the messages it refers to."""
    update = dict(raw)
    query, message = update.get("callback_query"), update.get("message")
    if isinstance(query, dict) and isinstance(query.get("message"), dict):
        update["callback_query"] = {**query, "message": _only(query["message"], OF_OUR_MESSAGE)}
    if isinstance(message, dict) and isinstance(message.get("reply_to_message"), dict):
        answered = _only(message["reply_to_message"], OF_AN_ANSWERED_MESSAGE)
        update["message"] = {**message, "reply_to_message": answered}
    return update


def _only(thing: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: thing[name] for name in names if name in thing}
