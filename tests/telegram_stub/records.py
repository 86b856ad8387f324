"""What the stub remembers and reports: calls, violations, posts, and how it refuses."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Json = dict[str, Any]


class Refused(Exception):  # noqa: N818 - named after what happened, like the library's Forbidden
    """Carry an answer with ok=false that circumstances explain: blocked, too old, not modified."""

    def __init__(self, code: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


class Malformed(Refused):
    """Carry a 400 that only a bug of the bot explains; it is recorded as a violation too."""

    def __init__(self, description: str) -> None:
        super().__init__(400, f"Bad Request: {description}")


def bad_request(description: str) -> Refused:
    """Make a 400 for which the bot need not be at fault."""
    return Refused(400, f"Bad Request: {description}")


def forbidden(description: str) -> Refused:
    """Make a 403."""
    return Refused(403, f"Forbidden: {description}")


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a multipart request."""

    file_name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the bot; status 0 means: not answered yet, or the connection was dropped."""

    method: str
    params: Mapping[str, Any]
    at: float
    status: int = 0
    description: str = ""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing the bot sent that it must not send."""

    method: str
    problem: str
    chat_id: int | None = None


class ButtonKind(StrEnum):
    """What a button does."""

    CALLBACK = "callback_data"
    URL = "url"
    WEB_APP = "web_app"
    COPY_TEXT = "copy_text"
    LOGIN_URL = "login_url"
    SWITCH_INLINE = "switch_inline_query"
    SWITCH_INLINE_HERE = "switch_inline_query_current_chat"
    SWITCH_INLINE_CHOSEN = "switch_inline_query_chosen_chat"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Button:
    """A button as a person sees it."""

    label: str
    kind: ButtonKind
    value: str


@dataclass(frozen=True, slots=True)
class Post:
    """A message in its current state; `source` is the text as the bot sent it, tags included."""

    message_id: int
    chat_id: int
    sender_id: int
    sent_at: int
    text: str = ""
    entities: tuple[Json, ...] = ()
    source: str = ""
    markup: Json | None = None
    media: Json | None = None
    upload: Upload | None = None
    reply_to: int | None = None
    edited_at: int | None = None
    edit_count: int = 0
    is_deleted: bool = False
    is_silent: bool = False

    @property
    def keyboard(self) -> tuple[tuple[Button, ...], ...]:
        """Return the inline buttons row by row."""
        rows = (self.markup or {}).get("inline_keyboard", [])
        return tuple(tuple(_inline_button(raw) for raw in row) for row in rows)

    @property
    def reply_keyboard(self) -> tuple[tuple[Button, ...], ...]:
        """Return the buttons shown in place of the person's own keyboard, row by row."""
        rows = (self.markup or {}).get("keyboard", [])
        return tuple(tuple(_reply_button(raw) for raw in row) for row in rows)

    @property
    def buttons(self) -> tuple[Button, ...]:
        """Return all inline buttons, flat."""
        return tuple(button for row in self.keyboard for button in row)

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels of all inline buttons, flat."""
        return tuple(button.label for button in self.buttons)


def _inline_button(raw: Json) -> Button:
    kind = next(kind for kind in ButtonKind if kind in raw)
    return Button(raw["text"], kind, str(raw[kind]))


def _reply_button(raw: Json | str) -> Button:
    label = raw if isinstance(raw, str) else raw["text"]
    return Button(label, ButtonKind.REPLY, label)


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """What a person saw after pressing a button."""

    text: str
    is_alert: bool
    url: str


@dataclass(frozen=True, slots=True)
class InlineAnswer:
    """What the bot offered for an inline query."""

    results: tuple[Json, ...]
    button: Json | None
    cache_seconds: int
    is_personal: bool
    next_offset: str
