"""An alert: something decided that somebody must be told. Facts, no wording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from reminders.recipients import Recipient


@dataclass(frozen=True, slots=True)
class Alert:
    """What must be told, to whom, not before when; the dedupe key makes it happen once."""

    kind: str
    recipient: Recipient
    facts: Mapping[str, str]
    dedupe_key: str
    not_before_at: datetime | None = None
