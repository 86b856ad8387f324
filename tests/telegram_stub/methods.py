"""One function per Bot API method: check the parameters, change the world, return the result."""

import re
import struct
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from tests.telegram_stub.formatting import (
    FormattedText,
    is_usable_url,
    length_of,
    parse_html,
    plain_text,
)
from tests.telegram_stub.keyboards import check_any_markup, check_inline_markup
from tests.telegram_stub.parameters import required
from tests.telegram_stub.records import (
    CallbackAnswer,
    Json,
    Malformed,
    Post,
    Refused,
    Upload,
    bad_request,
)
from tests.telegram_stub.world import BOT_USERNAME, Chat, ChatState, StoredFile, Webhook, World

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_ANSWER = 200
MAX_COMMANDS = 100
MAX_DOCUMENT_BYTES = 50 * 1024 * 1024
MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
_ACTIONS = frozenset(
    ["typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note"]
)
_PREVIEW_FIELDS = frozenset(
    ["is_disabled", "url", "prefer_small_media", "prefer_large_media", "show_above_text"]
)
_REPLY_FIELDS = frozenset(
    ["message_id", "chat_id", "allow_sending_without_reply", "quote", "quote_parse_mode", "quote_entities", "quote_position", "checklist_task_id", "poll_option_id"]
)
_SCOPES_WITH_CHAT = frozenset({"chat", "chat_administrators", "chat_member"})
_SCOPES = _SCOPES_WITH_CHAT | {
    "default",
    "all_private_chats",
    "all_group_chats",
    "all_chat_administrators",
}
_IMAGE_MARKS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")

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


# -- sending and editing


def send_message(world: World, params: Json, violate: Callable[[str], None]) -> Json:
    """Send text."""
    chat = world.writable_chat(required(params, "chat_id"))
    _check_preview(params, violate)
    formatted = _formatted(params, "text", "entities", violate)
    _check_text(formatted)
    return _send(world, chat, params, violate, formatted=formatted, source=params["text"])


def send_photo(world: World, params: Json, violate: Callable[[str], None]) -> Json:
    """Send a picture."""
    return _send_file(world, params, violate, kind="photo", max_bytes=MAX_PHOTO_BYTES)


def send_document(world: World, params: Json, violate: Callable[[str], None]) -> Json:
    """Send a file."""
    return _send_file(world, params, violate, kind="document", max_bytes=MAX_DOCUMENT_BYTES)


def edit_message_text(world: World, params: Json, violate: Callable[[str], None]) -> Json:
    """Change text and inline keyboard; a keyboard left out is removed."""
    post = _editable(world, params)
    if post.media:
        raise bad_request("there is no text in the message to edit")
    _check_preview(params, violate)
    formatted = _formatted(params, "text", "entities", violate)
    _check_text(formatted)
    markup = _inline_markup(params, violate)
    if (formatted.text, formatted.entities, markup) == (post.text, post.entities, post.markup):
        raise bad_request(NOT_MODIFIED)
    changed = world.change_post(
        post,
        text=formatted.text,
        entities=formatted.entities,
        source=params["text"],
        markup=markup,
        edited_at=world.now(),
        edit_count=post.edit_count + 1,
    )
    return world.message(changed)


def edit_message_reply_markup(world: World, params: Json, violate: Callable[[str], None]) -> Json:
    """Change or remove the inline keyboard."""
    post = _editable(world, params)
    markup = _inline_markup(params, violate)
    if markup == post.markup:
        raise bad_request(NOT_MODIFIED)
    changed = world.change_post(
        post, markup=markup, edited_at=world.now(), edit_count=post.edit_count + 1
    )
    return world.message(changed)


def delete_message(world: World, params: Json, _violate: Callable[[str], None]) -> bool:
    """Delete a message of the bot, or in a private chat of the person."""
    chat = world.writable_chat(required(params, "chat_id"))
    post = world.find_post(chat.id, required(params, "message_id"))
    if post is None:
        raise bad_request("message to delete not found")
    if post.sender_id != world.bot_id and chat.type != "private":
        raise bad_request("message can't be deleted")
    world.change_post(post, is_deleted=True)
    return True


def send_chat_action(world: World, params: Json, _violate: Callable[[str], None]) -> bool:
    """Show that an answer is being prepared."""
    chat = world.writable_chat(required(params, "chat_id"))
    action = required(params, "action")
    if action not in _ACTIONS:
        raise Malformed("wrong parameter action in request")
    world.chat_actions.append((chat.id, action))
    return True


def _send(
    world: World,
    chat: Chat,
    params: Json,
    violate: Callable[[str], None],
    *,
    formatted: FormattedText,
    source: str,
    media: Json | None = None,
    upload: Upload | None = None,
) -> Json:
    markup = _any_markup(params, violate)
    post = world.add_post(
        chat.id,
        world.bot_id,
        text=formatted.text,
        entities=formatted.entities,
        source=source,
        markup=markup,
        media=media,
        upload=upload,
        reply_to=_replied(world, chat, params, violate),
        is_silent=params.get("disable_notification", False),
    )
    if markup and "keyboard" in markup:
        chat.reply_markup = markup
    elif markup and "remove_keyboard" in markup:
        chat.reply_markup = None
    return world.message(post)


def _send_file(
    world: World,
    params: Json,
    violate: Callable[[str], None],
    *,
    kind: str,
    max_bytes: int,
) -> Json:
    chat = world.writable_chat(required(params, "chat_id"))
    given = params.get(kind)
    if not given:
        raise Malformed(f"there is no {kind} in the request")
    formatted = _formatted(params, "caption", "caption_entities", violate)
    if length_of(formatted.text) > MAX_CAPTION:
        raise Malformed("message caption is too long")
    stored = _stored_file(world, given, kind, max_bytes)
    return _send(
        world,
        chat,
        params,
        violate,
        formatted=formatted,
        source=params.get("caption", ""),
        media=media_of(stored),
        upload=stored.upload,
    )


def media_of(stored: StoredFile) -> Json:
    """Return the fields of a message that describe its file."""
    file: Json = {
        "file_id": stored.file_id,
        "file_unique_id": f"u-{stored.file_id}",
        "file_size": len(stored.upload.content),
    }
    match stored.kind:
        case "photo":
            width, height = _dimensions(stored.upload.content)
            return {"photo": [{**file, "width": width, "height": height}]}
        case "voice":
            return {"voice": {**file, "duration": 3, "mime_type": "audio/ogg"}}
        case "sticker":
            shape = {"width": 512, "height": 512, "is_animated": False, "is_video": False}
            return {"sticker": {**file, **shape, "type": "regular", "emoji": "🙏"}}
        case _:
            return {"document": {**file, "file_name": stored.upload.file_name}}


def _stored_file(world: World, given: Upload | str, kind: str, max_bytes: int) -> StoredFile:
    if isinstance(given, str):
        stored = world.files.get(given)
        if stored is None:
            raise Malformed("wrong file identifier/HTTP URL specified")
        if stored.kind != kind:
            raise Malformed(f"can't use file of type {stored.kind} as {kind}")
        return stored
    size = len(given.content)
    if size > MAX_DOCUMENT_BYTES:
        raise Refused(413, "Request Entity Too Large")
    if size > max_bytes:
        raise Malformed(f"file is too big: {size} bytes")
    if size == 0:
        raise Malformed("file must be non-empty")
    if kind == "photo":
        _check_picture(given.content)
    return world.store_file(kind, given)


def _check_picture(content: bytes) -> None:
    if not content.startswith(_IMAGE_MARKS):
        raise Malformed("IMAGE_PROCESS_FAILED")
    width, height = _dimensions(content)
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise Malformed("PHOTO_INVALID_DIMENSIONS")


def _dimensions(content: bytes) -> tuple[int, int]:
    """Read the size of a PNG; other formats get a usual size."""
    if content.startswith(_IMAGE_MARKS[0]) and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return width, height
    return 640, 480


def _formatted(
    params: Json, text_name: str, entities_name: str, violate: Callable[[str], None]
) -> FormattedText:
    source = params.get(text_name, "")
    entities = params.get(entities_name)
    if entities and params.get("parse_mode"):
        violate(f"both parse_mode and {entities_name}: Telegram ignores one")
    match params.get("parse_mode", ""):
        case "":
            formatted = plain_text(source)
        case mode if mode.upper() == "HTML":
            formatted = parse_html(source)
        case _:
            raise Malformed("unsupported parse_mode: this house writes HTML only")
    if entities:
        formatted = FormattedText(formatted.text, _checked_entities(entities, formatted.text))
    for problem in formatted.problems:
        violate(problem)
    return formatted


def _checked_entities(entities: object, text: str) -> tuple[Json, ...]:
    if not isinstance(entities, list):
        raise Malformed("can't parse entities: array expected")
    for entity in entities:
        match entity:
            case {"type": str(), "offset": int(offset), "length": int(length), **_rest}:
                if offset < 0 or length < 1 or offset + length > length_of(text):
                    raise Malformed("can't parse entities: entity lies outside the text")
            case _:
                raise Malformed("can't parse entities: type, offset and length expected")
    return tuple(entities)


def _check_text(formatted: FormattedText) -> None:
    if not formatted.text:
        raise Malformed("message text is empty")
    if length_of(formatted.text) > MAX_TEXT:
        raise Malformed("message is too long")


def _check_preview(params: Json, violate: Callable[[str], None]) -> None:
    options = params.get("link_preview_options", {})
    if not isinstance(options, dict):
        raise Malformed("can't parse link_preview_options JSON object")
    for name in options.keys() - _PREVIEW_FIELDS:
        violate(f"unknown field {name!r} in link_preview_options")


def _any_markup(params: Json, violate: Callable[[str], None]) -> Json | None:
    markup = params.get("reply_markup")
    if markup is None:
        return None
    for problem in check_any_markup(markup):
        violate(problem)
    return _without_empty_inline(markup)


def _inline_markup(params: Json, violate: Callable[[str], None]) -> Json | None:
    markup = params.get("reply_markup")
    if markup is None:
        return None
    for problem in check_inline_markup(markup):
        violate(problem)
    return _without_empty_inline(markup)


def _without_empty_inline(markup: Json) -> Json | None:
    """Take an inline keyboard without buttons for none, as Telegram does."""
    if "inline_keyboard" not in markup:
        return markup
    rows = [row for row in markup["inline_keyboard"] if row]
    return {"inline_keyboard": rows} if rows else None


def _replied(world: World, chat: Chat, params: Json, violate: Callable[[str], None]) -> int | None:
    reply = params.get("reply_parameters")
    if reply is None:
        return None
    if not isinstance(reply, dict) or not isinstance(reply.get("message_id"), int):
        raise Malformed("can't parse reply_parameters JSON object")
    for name in reply.keys() - _REPLY_FIELDS:
        violate(f"unknown field {name!r} in reply_parameters")
    post = world.find_post(reply.get("chat_id", chat.id), reply["message_id"])
    if post is None and not reply.get("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    return post.message_id if post else None


def _editable(world: World, params: Json) -> Post:
    if "inline_message_id" in params:
        raise bad_request("MESSAGE_ID_INVALID")
    chat = world.writable_chat(required(params, "chat_id"))
    post = world.find_post(chat.id, required(params, "message_id"))
    if post is None:
        raise bad_request("message to edit not found")
    has_other_markup = post.markup is not None and "inline_keyboard" not in post.markup
    if post.sender_id != world.bot_id or has_other_markup:
        raise Malformed("message can't be edited")
    return post


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
