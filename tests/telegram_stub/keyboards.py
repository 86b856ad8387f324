"""Check reply markup; return what Telegram would silently repair as problems."""

from tests.telegram_stub.formatting import is_usable_url, length_of
from tests.telegram_stub.records import ButtonKind, Json, Malformed

MAX_BUTTONS = 100
MAX_BUTTONS_IN_ROW = 8
MAX_CALLBACK_BYTES = 64
MAX_PLACEHOLDER = 64
_INLINE_ACTIONS = frozenset(ButtonKind) - {ButtonKind.REPLY}
_INLINE_EXTRAS = frozenset({"text", "style", "icon_custom_emoji_id"})
_REPLY_FIELDS = frozenset(
    [
        "text",
        "request_contact",
        "request_location",
        "request_poll",
        "request_users",
        "request_chat",
        "request_managed_bot",
        "web_app",
        "style",
        "icon_custom_emoji_id",
    ]
)
_MARKUP_FIELDS = {
    "inline_keyboard": frozenset({"inline_keyboard"}),
    "keyboard": frozenset(
        [
            "keyboard",
            "is_persistent",
            "resize_keyboard",
            "one_time_keyboard",
            "input_field_placeholder",
            "selective",
        ]
    ),
    "remove_keyboard": frozenset({"remove_keyboard", "selective"}),
    "force_reply": frozenset({"force_reply", "input_field_placeholder", "selective"}),
}


def check_any_markup(markup: object) -> list[str]:
    """Check the markup of a new message."""
    if not isinstance(markup, dict):
        raise Malformed("object expected as reply markup")
    kinds = [kind for kind in _MARKUP_FIELDS if kind in markup]
    if len(kinds) != 1:
        raise Malformed("can't parse reply keyboard markup JSON object")
    problems = [
        f"unknown field {name!r} in reply markup"
        for name in markup
        if name not in _MARKUP_FIELDS[kinds[0]]
    ]
    if length_of(str(markup.get("input_field_placeholder", ""))) > MAX_PLACEHOLDER:
        raise Malformed("input field placeholder is too long")
    match kinds[0]:
        case "inline_keyboard":
            problems += check_inline_markup(markup)
        case "keyboard":
            problems += _check_rows(markup["keyboard"])
            for button in _flat(markup["keyboard"]):
                problems += _check_reply_button(button)
        case kind if markup[kind] is not True:
            raise Malformed(f"{kind} must be true")
    return problems


def check_inline_markup(markup: object) -> list[str]:
    """Check the markup of an edit or of an inline result: inline buttons only."""
    if not isinstance(markup, dict) or "inline_keyboard" not in markup:
        raise Malformed("inline keyboard expected")
    rows = markup["inline_keyboard"]
    problems = _check_rows(rows)
    for button in _flat(rows):
        problems += _check_inline_button(button)
    return problems


def _check_rows(rows: object) -> list[str]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise Malformed("keyboard rows must be arrays")
    if any(len(row) > MAX_BUTTONS_IN_ROW for row in rows):
        raise Malformed(f"a keyboard row has more than {MAX_BUTTONS_IN_ROW} buttons")
    if sum(map(len, rows)) > MAX_BUTTONS:
        raise Malformed(f"reply markup is too long: more than {MAX_BUTTONS} buttons")
    return ["empty keyboard row" for row in rows if not row]


def _flat(rows: list[list[object]]) -> list[object]:
    return [button for row in rows for button in row]


def _check_label(button: Json) -> None:
    label = button.get("text")
    if not isinstance(label, str) or not label.strip():
        raise Malformed("can't parse keyboard button: text must be a non-empty string")


def _check_reply_button(button: object) -> list[str]:
    if isinstance(button, str):
        button = {"text": button}
    if not isinstance(button, dict):
        raise Malformed("can't parse keyboard button: object expected")
    _check_label(button)
    return [f"unknown field {name!r} in a button" for name in button if name not in _REPLY_FIELDS]


def _check_inline_button(button: object) -> list[str]:
    if not isinstance(button, dict):
        raise Malformed("can't parse inline keyboard button: object expected")
    _check_label(button)
    actions = [name for name in button if name in _INLINE_ACTIONS]
    if not actions:
        raise Malformed("text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise Malformed(f"inline keyboard button has several actions: {', '.join(actions)}")
    _check_action(ButtonKind(actions[0]), button[actions[0]])
    known = _INLINE_ACTIONS | _INLINE_EXTRAS
    return [f"unknown field {name!r} in a button" for name in button if name not in known]


def _check_action(kind: ButtonKind, value: object) -> None:
    match kind, value:
        case ButtonKind.CALLBACK, str(token):
            if not 1 <= len(token.encode()) <= MAX_CALLBACK_BYTES:
                raise Malformed(f"BUTTON_DATA_INVALID: {len(token.encode())} bytes")
        case ButtonKind.URL, str(address):
            if not is_usable_url(address):
                raise Malformed(f"inline keyboard button URL '{address}' is invalid: wrong URL")
        case ButtonKind.WEB_APP | ButtonKind.LOGIN_URL, {"url": str(address), **_rest}:
            if not (address.startswith("https://") and is_usable_url(address)):
                raise Malformed(f"BUTTON_URL_INVALID: '{address}' is no HTTPS address")
        case ButtonKind.COPY_TEXT, {"text": str(text)}:
            if not 1 <= length_of(text) <= 256:
                raise Malformed("BUTTON_COPY_TEXT_INVALID")
        case ButtonKind.SWITCH_INLINE | ButtonKind.SWITCH_INLINE_HERE, str():
            pass
        case ButtonKind.SWITCH_INLINE_CHOSEN, dict():
            pass
        case _:
            raise Malformed(f"wrong type of field {kind.value!r} in a button")
