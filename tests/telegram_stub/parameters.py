"""Which parameters each method takes, and how their text becomes values."""

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from tests.telegram_stub.records import Json, Malformed, Upload


class Kind(StrEnum):
    """The type of a parameter."""

    TEXT = "text"
    INTEGER = "integer"
    TRUTH = "truth"
    JSON = "json"
    FILE = "file"
    CHAT = "chat"


_SENDING: dict[str, Kind] = {
    "business_connection_id": Kind.TEXT,
    "chat_id": Kind.CHAT,
    "message_thread_id": Kind.INTEGER,
    "direct_messages_topic_id": Kind.INTEGER,
    "disable_notification": Kind.TRUTH,
    "protect_content": Kind.TRUTH,
    "allow_paid_broadcast": Kind.TRUTH,
    "message_effect_id": Kind.TEXT,
    "suggested_post_parameters": Kind.JSON,
    "reply_parameters": Kind.JSON,
    "reply_markup": Kind.JSON,
    "parse_mode": Kind.TEXT,
}
_CAPTION: dict[str, Kind] = {"caption": Kind.TEXT, "caption_entities": Kind.JSON}
_EDITED: dict[str, Kind] = {
    "business_connection_id": Kind.TEXT,
    "chat_id": Kind.CHAT,
    "message_id": Kind.INTEGER,
    "inline_message_id": Kind.TEXT,
    "reply_markup": Kind.JSON,
}
_SCOPE: dict[str, Kind] = {"scope": Kind.JSON, "language_code": Kind.TEXT}

PARAMETERS: dict[str, dict[str, Kind]] = {
    "getMe": {},
    "getUpdates": {
        "offset": Kind.INTEGER,
        "limit": Kind.INTEGER,
        "timeout": Kind.INTEGER,
        "allowed_updates": Kind.JSON,
    },
    "setWebhook": {
        "url": Kind.TEXT,
        "certificate": Kind.FILE,
        "ip_address": Kind.TEXT,
        "max_connections": Kind.INTEGER,
        "allowed_updates": Kind.JSON,
        "drop_pending_updates": Kind.TRUTH,
        "secret_token": Kind.TEXT,
    },
    "deleteWebhook": {"drop_pending_updates": Kind.TRUTH},
    "getWebhookInfo": {},
    "setMyCommands": {"commands": Kind.JSON, **_SCOPE},
    "deleteMyCommands": _SCOPE,
    "getMyCommands": _SCOPE,
    "setMyDescription": {"description": Kind.TEXT, "language_code": Kind.TEXT},
    "setMyShortDescription": {"short_description": Kind.TEXT, "language_code": Kind.TEXT},
    "setChatMenuButton": {"chat_id": Kind.INTEGER, "menu_button": Kind.JSON},
    "sendMessage": {
        **_SENDING,
        "text": Kind.TEXT,
        "entities": Kind.JSON,
        "link_preview_options": Kind.JSON,
    },
    "sendPhoto": {
        **_SENDING,
        **_CAPTION,
        "photo": Kind.FILE,
        "show_caption_above_media": Kind.TRUTH,
        "has_spoiler": Kind.TRUTH,
    },
    "sendDocument": {
        **_SENDING,
        **_CAPTION,
        "document": Kind.FILE,
        "thumbnail": Kind.FILE,
        "disable_content_type_detection": Kind.TRUTH,
    },
    "editMessageText": {
        **_EDITED,
        "text": Kind.TEXT,
        "parse_mode": Kind.TEXT,
        "entities": Kind.JSON,
        "link_preview_options": Kind.JSON,
    },
    "editMessageReplyMarkup": _EDITED,
    "sendChatAction": {
        "business_connection_id": Kind.TEXT,
        "chat_id": Kind.CHAT,
        "message_thread_id": Kind.INTEGER,
        "action": Kind.TEXT,
    },
    "answerCallbackQuery": {
        "callback_query_id": Kind.TEXT,
        "text": Kind.TEXT,
        "show_alert": Kind.TRUTH,
        "url": Kind.TEXT,
        "cache_time": Kind.INTEGER,
    },
    "answerInlineQuery": {
        "inline_query_id": Kind.TEXT,
        "results": Kind.JSON,
        "cache_time": Kind.INTEGER,
        "is_personal": Kind.TRUTH,
        "next_offset": Kind.TEXT,
        "button": Kind.JSON,
    },
    "getFile": {"file_id": Kind.TEXT},
    "deleteMessage": {"chat_id": Kind.CHAT, "message_id": Kind.INTEGER},
    "getChat": {"chat_id": Kind.CHAT},
    "leaveChat": {"chat_id": Kind.CHAT},
    "close": {},
    "logOut": {},
}

_INTEGER = re.compile(r"-?\d{1,19}")


def decode(method: str, raw: Mapping[str, object]) -> tuple[Json, list[str]]:
    """Turn the raw fields of a request into typed values, and name the fields nobody knows."""
    kinds = PARAMETERS[method]
    attached = {
        name
        for name in raw
        if any(value == f"attach://{name}" for value in raw.values() if isinstance(value, str))
    }
    params: Json = {}
    problems: list[str] = []
    for name, value in raw.items():
        if name in kinds:
            params[name] = _value(name, kinds[name], value, raw)
        elif name not in attached:
            problems.append(f"unknown parameter {name!r}")
    return params, problems


def required(params: Mapping[str, Any], name: str) -> Any:
    """Return a parameter that must be there."""
    value = params.get(name)
    if value is None or value == "":
        raise Malformed(f"{name} is empty")
    return value


def _value(name: str, kind: Kind, value: object, raw: Mapping[str, object]) -> Any:
    match kind:
        case Kind.INTEGER:
            return _to_integer(name, value)
        case Kind.CHAT if isinstance(value, str) and value.startswith("@"):
            return value
        case Kind.CHAT:
            return _to_integer(name, value)
        case Kind.TRUTH:
            return _to_truth(name, value)
        case Kind.JSON:
            return _to_json(name, value)
        case Kind.FILE:
            return _to_file(name, value, raw)
        case Kind.TEXT:
            if not isinstance(value, str):
                raise Malformed(f"{name} must be text")
            return value


def _to_integer(name: str, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    raise Malformed(f"{name} must be an integer")


def _to_truth(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise Malformed(f"{name} must be true or false")


def _to_json(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise Malformed(f"can't parse {name} JSON object") from error


def _to_file(name: str, value: object, raw: Mapping[str, object]) -> Upload | str:
    if isinstance(value, str) and value.startswith("attach://"):
        value = raw.get(value.removeprefix("attach://"))
        if not isinstance(value, Upload):
            raise Malformed(f"{name}: attached file not found")
    if isinstance(value, Upload | str):
        return value
    raise Malformed(f"{name} must be a file")
