"""The methods that send, change and delete messages."""

import struct
from collections.abc import Callable

from tests.telegram_stub.formatting import FormattedText, length_of, parse_html, plain_text
from tests.telegram_stub.keyboards import check_any_markup, check_inline_markup
from tests.telegram_stub.parameters import required
from tests.telegram_stub.records import Json, Malformed, Post, Refused, Upload, bad_request
from tests.telegram_stub.world import Chat, StoredFile, World

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_DOCUMENT_BYTES = 50 * 1024 * 1024
MAX_PHOTO_BYTES = 10 * 1024 * 1024
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
_ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)
_PREVIEW_FIELDS = frozenset(
    ["is_disabled", "url", "prefer_small_media", "prefer_large_media", "show_above_text"]
)
_REPLY_FIELDS = frozenset(
    [
        "message_id",
        "chat_id",
        "allow_sending_without_reply",
        "quote",
        "quote_parse_mode",
        "quote_entities",
        "quote_position",
        "checklist_task_id",
        "poll_option_id",
    ]
)
_IMAGE_MARKS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")


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
