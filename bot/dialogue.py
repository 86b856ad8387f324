"""The vocabulary between channels and the core. Imports nothing of ours but the recipients."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reminders.recipients import CITY, MUNICIPAL, STAFF, Recipient, Role, Scope

__all__ = [
    "CITY",
    "MUNICIPAL",
    "STAFF",
    "Button",
    "Channel",
    "DeliveryError",
    "Document",
    "Incoming",
    "Person",
    "Picture",
    "Place",
    "Recipient",
    "Refusal",
    "Reply",
    "Role",
    "Scope",
    "Table",
    "Upload",
]

TOKEN_BYTES = 64


class Channel(StrEnum):
    """Where somebody talks to us."""

    TELEGRAM = "telegram"
    WEB = "web"
    TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody known to us: an id, a role and the part of the city it holds for."""

    id: int
    role: Role = Role.CITIZEN
    scope: Scope = CITY
    name: str | None = None

    @property
    def is_staff(self) -> bool:
        """Tell whether this person works here."""
        return self.role in STAFF


@dataclass(frozen=True, slots=True)
class Place:
    """Where the person stands, from a window's QR code."""

    district: str | None = None
    hall: str | None = None
    window: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody sent."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """One thing said by one person: a text, a pressed button, or a file.

    `key` names the event for good (a Telegram update, a page's message number): the same key
    never has an effect twice. `message` is the recorded number of the message whose button was
    pressed. `discreet` channels get no personal data; in `public` others read along. `phone` is
    a number that was asked for, read by the router before the text is masked.
    """

    person: Person
    channel: Channel
    text: str | None = None
    token: str | None = None
    upload: Upload | None = None
    place: Place | None = None
    key: str | None = None
    message: int | None = None
    discreet: bool = False
    public: bool = False
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Button:
    """A button: either a token that comes back, or a link."""

    label: str
    token: str | None = None
    url: str | None = None

    def __post_init__(self) -> None:
        """Refuse a button that no channel could carry."""
        assert (self.token is None) != (self.url is None), self.label
        assert self.token is None or (
            self.token.isascii() and 0 < len(self.token) <= TOKEN_BYTES
        ), self.token


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a header, all strings."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as PNG bytes, with words for those who cannot see it."""

    png: bytes
    description: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file handed to the person."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to a person, and those that follow it.

    `text` has no mark-up; the lines named in `headings` are shown as headings. `replaces` asks
    the channel to change the message whose button was pressed instead of sending a new one.
    `number` is the one it was recorded under, set by the router.
    """

    text: str
    headings: tuple[str, ...] = ()
    table: Table | None = None
    buttons: tuple[tuple[Button, ...], ...] = ()
    picture: Picture | None = None
    document: Document | None = None
    replaces: bool = False
    then: tuple[Reply, ...] = ()
    number: int | None = None

    def messages(self) -> tuple[Reply, ...]:
        """Return this message and those after it, in order."""
        return (self, *(later for reply in self.then for later in reply.messages()))


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 - an expected "no" is not an error
    """An expected "no": a reason code and the facts its wording needs."""

    reason: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class DeliveryError(Exception):
    """A message could not be delivered; `sent` is None where nobody knows whether it was."""

    reason: str
    permanent: bool = False
    retry_after: float | None = None
    sent: bool | None = False
