"""What Telegram's refusals and the network's failures mean for a message."""

from __future__ import annotations

import httpx
from telegram.error import (
    BadRequest,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.dialogue import DeliveryError

SURELY_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
CHAT_IS_GONE = (
    "chat not found",
    "user not found",
    "user is deactivated",
    "peer_id_invalid",
    "chat_id is empty",
    "group chat was deactivated",
)
CANNOT_EDIT = (
    "message to edit not found",
    "message can't be edited",
    "there is no text in the message to edit",
    "message_id_invalid",
    "message is too long",
    "message_too_long",
)


def delivery_error(error: TelegramError) -> DeliveryError:
    """Tell whether a failed call may be repeated, and whether its message may have arrived."""
    if isinstance(error, RetryAfter):
        return DeliveryError("flood", retry_after=retry_seconds(error))
    if isinstance(error, Forbidden):
        return DeliveryError("forbidden", permanent=True)
    if isinstance(error, BadRequest):  # before NetworkError, of which it is a kind
        gone = says(error, CHAT_IS_GONE)
        return DeliveryError("chat_gone" if gone else "rejected", permanent=True)
    if isinstance(error, InvalidToken):
        return DeliveryError("token")
    if isinstance(error, NetworkError) and isinstance(error.__cause__, SURELY_NOT_SENT):
        return DeliveryError("no_connection")
    if says(error, ("entity too large",)):
        return DeliveryError("rejected", permanent=True)
    return DeliveryError("unknown", sent=None)


def retry_seconds(error: RetryAfter) -> float:
    """Return how long to wait; the public attribute warns, or changes type with a setting."""
    return error._retry_after.total_seconds()


def says(error: TelegramError, phrases: tuple[str, ...]) -> bool:
    """Tell whether an error's text holds one of these phrases."""
    text = error.message.lower()
    return any(phrase in text for phrase in phrases)
