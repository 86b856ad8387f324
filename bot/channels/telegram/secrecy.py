"""Keeps the token out of every log line: httpx writes it with each request's address.

At DEBUG the libraries also write what people say, so they are held to warnings.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

HIDDEN = "<token>"
TALKATIVE = ("httpx", "httpcore", "telegram")


class TokenHider:
    """Replaces the token in log records as they are made, for whatever handler comes later."""

    def __init__(self, token: str) -> None:
        """Hide this token, and its secret half alone."""
        secret = token.partition(":")[2]
        self._words = tuple(word for word in (token, secret) if len(word) >= 8)
        self._before: Callable[..., logging.LogRecord] | None = None

    def install(self) -> None:
        """Begin, and let the libraries log warnings only."""
        for name in TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)
        self._before = logging.getLogRecordFactory()
        logging.setLogRecordFactory(self._make)

    def remove(self) -> None:
        """End, unless somebody else has taken over since."""
        if self._before is not None and logging.getLogRecordFactory() == self._make:
            logging.setLogRecordFactory(self._before)
        self._before = None

    def _make(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        make = self._before or logging.LogRecord
        record = make(*args, **kwargs)
        message = _message(record)
        if self._holds(message):
            record.msg, record.args = self._clean(message), None
        if record.exc_info:
            trace = logging.Formatter().formatException(record.exc_info)
            if self._holds(trace):
                # Formatters take this text where it is there, and do not look further.
                record.exc_text = self._clean(trace)
                record.exc_info = None
        return record

    def _holds(self, text: str) -> bool:
        return any(word in text for word in self._words)

    def _clean(self, text: str) -> str:
        for word in self._words:
            text = text.replace(word, HIDDEN)
        return text


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return str(record.msg)
