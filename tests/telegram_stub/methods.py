"""The methods that send no message: one function each, which checks and changes the world."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from tests.telegram_stub.formatting import (
    is_usable_url,
    length_of,
)
from tests.telegram_stub.parameters import required
from tests.telegram_stub.records import (
    CallbackAnswer,
    Json,
    Malformed,
    bad_request,
)
from tests.telegram_stub.world import BOT_USERNAME, Chat, ChatState, Webhook, World

MAX_ANSWER = 200
MAX_COMMANDS = 100
MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
_SCOPES_WITH_CHAT = frozenset({"chat", "chat_administrators", "chat_member"})
_SCOPES = _SCOPES_WITH_CHAT | {
    "default",
    "all_private_chats",
    "all_group_chats",
    "all_chat_administrators",
}

Method = Callable[[World, Json, Callable[[str], None]], Any]
"""Take the world, the parameters and a function that records a violation."""


def get_me(world: World, _params: Json, _violate: Callable[[str], None]) -> Json:
    """Describe the bot."""
    return {
        **world.bot(),
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": True,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


# -- answering queries


def answer_callback_query(world: World, params: Json, violate: Callable[[str], None]) -> bool:
    """Answer a pressed button, once and in time."""
    query = world.callbacks.get(required(params, "callback_query_id"))
    if query is None or world.is_stale(query):
        raise bad_request(TOO_OLD)
    if query.answer is not None:
        # After a repeated delivery a second answer is the bot's right, before it is a mistake.
        if world.delivered.get(query.update_id, 0) < 2:
            violate("callback query answered twice")
        raise bad_request(TOO_OLD)
    text = params.get("text", "")
    if length_of(text) > MAX_ANSWER:
        raise Malformed("MESSAGE_TOO_LONG")
    address = params.get("url", "")
    if address and not address.startswith((f"https://t.me/{BOT_USERNAME}?", "tg://")):
        raise Malformed("URL_INVALID")
    if params.get("cache_time", 0) < 0:
        raise Malformed("cache_time must not be negative")
    query.answer = CallbackAnswer(text, params.get("show_alert", False), address)
    return True


# -- files, chats


def get_file(world: World, params: Json, _violate: Callable[[str], None]) -> Json:
    """Say where a file can be fetched."""
    stored = world.files.get(required(params, "file_id"))
    if stored is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    size = len(stored.upload.content)
    if size > MAX_DOWNLOAD_BYTES:
        raise bad_request("file is too big")
    return {
        "file_id": stored.file_id,
        "file_unique_id": f"u-{stored.file_id}",
        "file_size": size,
        "file_path": stored.path,
    }


def get_chat(world: World, params: Json, _violate: Callable[[str], None]) -> Json:
    """Describe a chat."""
    chat = world.known_chat(required(params, "chat_id"))
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription")
    return {
        **chat.to_json(),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys((*gifts, "gifts_from_channels"), False),
    }


def leave_chat(world: World, params: Json, _violate: Callable[[str], None]) -> bool:
    """Leave a group."""
    chat = world.known_chat(required(params, "chat_id"))
    if chat.type == "private":
        raise Malformed("chat member status can't be changed in private chats")
    world.writable_chat(chat.id)
    chat.state = ChatState.LEFT
    member_changed(world, chat, by=world.bot_id, old="member", new="left")
    return True


def member_changed(world: World, chat: Chat, *, by: int, old: str, new: str) -> int:
    """Queue a my_chat_member update."""
    return world.add_update(
        "my_chat_member",
        {
            "chat": chat.to_json(),
            "from": world.sender(by),
            "date": world.now(),
            "old_chat_member": _member(world, old),
            "new_chat_member": _member(world, new),
        },
    )


def _member(world: World, status: str) -> Json:
    until: Json = {"until_date": 0} if status == "kicked" else {}
    return {"user": world.bot(), "status": status, **until}


# -- commands, descriptions, menu


def set_my_commands(world: World, params: Json, violate: Callable[[str], None]) -> bool:
    """Set the command menu of a scope and language."""
    commands = params.get("commands")
    if not isinstance(commands, list):
        raise Malformed("can't parse commands JSON object")
    if len(commands) > MAX_COMMANDS:
        raise Malformed("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        _check_command(command)
    names = [command["command"] for command in commands]
    for name in {name for name in names if names.count(name) > 1}:
        violate(f"command {name!r} listed twice")
    world.commands[_scope_key(world, params)] = commands
    return True


def delete_my_commands(world: World, params: Json, _violate: Callable[[str], None]) -> bool:
    """Remove the command menu of a scope and language."""
    world.commands.pop(_scope_key(world, params), None)
    return True


def get_my_commands(world: World, params: Json, _violate: Callable[[str], None]) -> list[Json]:
    """Return the command menu of a scope and language."""
    return world.commands.get(_scope_key(world, params), [])


def set_my_description(world: World, params: Json, _violate: Callable[[str], None]) -> bool:
    """Set what an empty chat shows."""
    return _describe(world, params, "description", 512)


def set_my_short_description(world: World, params: Json, _violate: Callable[[str], None]) -> bool:
    """Set what the profile shows."""
    return _describe(world, params, "short_description", 120)


def set_chat_menu_button(world: World, params: Json, violate: Callable[[str], None]) -> bool:
    """Set the button beside the text field, for one private chat or for all."""
    chat_id = params.get("chat_id")
    if chat_id is not None and world.known_chat(chat_id).type != "private":
        raise Malformed("chat menu button is for private chats")
    button = params.get("menu_button", {"type": "default"})
    match button:
        case {"type": "commands" | "default", **rest}:
            for name in rest:
                violate(f"unknown field {name!r} in menu_button")
        case {"type": "web_app", "text": str(label), "web_app": {"url": str(address)}}:
            if not label or not address.startswith("https://") or not is_usable_url(address):
                raise Malformed("BUTTON_URL_INVALID")
        case _:
            raise Malformed("can't parse menu_button JSON object")
    world.menu_buttons[chat_id] = button
    return True


def _describe(world: World, params: Json, name: str, longest: int) -> bool:
    text = params.get(name, "")
    if length_of(text) > longest:
        raise Malformed(f"{name} is too long")
    world.descriptions[(name, _language(params))] = text
    return True


def _check_command(command: object) -> None:
    match command:
        case {"command": str(name), "description": str(text), **rest} if not rest:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", name):
                raise Malformed(f"BOT_COMMAND_INVALID: {name!r}")
            if not text.strip() or length_of(text) > 256:
                raise Malformed(f"BOT_COMMAND_DESCRIPTION_INVALID: {name!r}")
        case _:
            raise Malformed("can't parse BotCommand: command and description expected")


def _scope_key(world: World, params: Json) -> tuple[str, str]:
    scope = params.get("scope") or {"type": "default"}
    if not isinstance(scope, dict) or scope.get("type") not in _SCOPES:
        raise Malformed("can't parse BotCommandScope: unsupported type")
    key: str = scope["type"]
    fields = {"type"}
    if key in _SCOPES_WITH_CHAT:
        chat = world.known_chat(scope.get("chat_id"))
        if key != "chat" and chat.type == "private":
            raise Malformed(f"scope {key} is for groups")
        key += f":{chat.id}"
        fields.add("chat_id")
    if scope["type"] == "chat_member":
        if scope.get("user_id") not in world.users:
            raise bad_request("user not found")
        key += f":{scope['user_id']}"
        fields.add("user_id")
    if scope.keys() - fields:
        raise Malformed(f"unknown fields in scope: {sorted(scope.keys() - fields)}")
    return key, _language(params)


def _language(params: Mapping[str, Any]) -> str:
    code: str = params.get("language_code", "")
    if not re.fullmatch(r"([a-z]{2})?", code):
        raise Malformed("LANG_CODE_INVALID: two letters of ISO 639-1")
    return code


# -- updates, webhook, session


def set_webhook(world: World, params: Json, violate: Callable[[str], None]) -> bool:
    """Choose where updates are pushed; Telegram wants HTTPS, loopback may do without."""
    address = params.get("url", "")
    if address and not _is_webhook_url(address):
        raise Malformed("bad webhook: An HTTPS URL must be provided for webhook")
    secret = params.get("secret_token", "")
    if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        raise Malformed("secret token contains unallowed characters")
    if not 1 <= params.get("max_connections", 40) <= 100:
        raise Malformed("max_connections must be between 1 and 100")
    for problem in (
        world.allow_updates(params["allowed_updates"]) if "allowed_updates" in params else ()
    ):
        violate(problem)
    _drop_pending(world, params)
    world.webhook = Webhook(
        url=address,
        secret_token=secret,
        max_connections=params.get("max_connections", 40),
        ip_address=params.get("ip_address", ""),
        has_certificate="certificate" in params,
    )
    world.on_update()
    return True


def delete_webhook(world: World, params: Json, _violate: Callable[[str], None]) -> bool:
    """Go back to polling."""
    _drop_pending(world, params)
    world.webhook = Webhook()
    return True


def get_webhook_info(world: World, _params: Json, _violate: Callable[[str], None]) -> Json:
    """Describe the webhook."""
    webhook = world.webhook
    described: Json = {
        "url": webhook.url,
        "has_custom_certificate": webhook.has_certificate,
        "pending_update_count": len(world.updates),
        "allowed_updates": sorted(world.allowed_updates),
    }
    if webhook.url:
        described["max_connections"] = webhook.max_connections
    if webhook.ip_address:
        described["ip_address"] = webhook.ip_address
    if webhook.last_error_at is not None:
        described["last_error_date"] = webhook.last_error_at
        described["last_error_message"] = webhook.last_error
    return described


def close(_world: World, _params: Json, _violate: Callable[[str], None]) -> bool:
    """Close the instance before it moves to another server."""
    return True


def log_out(world: World, _params: Json, _violate: Callable[[str], None]) -> bool:
    """Leave this server for good; every later call is refused."""
    world.is_logged_out = True
    return True


def _drop_pending(world: World, params: Json) -> None:
    if params.get("drop_pending_updates"):
        world.updates.clear()


def _is_webhook_url(address: str) -> bool:
    parts = urlsplit(address)
    if parts.hostname in {"127.0.0.1", "localhost"}:
        return parts.scheme in {"http", "https"}
    return parts.scheme == "https" and is_usable_url(address)
