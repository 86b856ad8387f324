"""Phones that raters left on their own accord, in a table of their own until 90 days after closing.

Only looked up with a reason, and every look is logged by the caller.
"""

from __future__ import annotations

import hmac
import re
from datetime import datetime

from sqlite_utils import Database

_NOISE = re.compile(r"[\s()（）+\-－—]")
_PHONE = re.compile(r"(?:86)?(1[3-9]\d{9}|0\d{9,11})")


def read_phone(text: str) -> str | None:
    """Return the one phone number a text consists of, or None."""
    found = _PHONE.fullmatch(_NOISE.sub("", text))
    return found[1] if found else None


def phone_hash(key: bytes, phone: str) -> str:
    """Return a phone's fingerprint under the installation's key: it compares, it tells nothing."""
    return hmac.digest(key, phone.encode(), "sha256").hex()


def keep_contact(db: Database, rating_id: int, phone: str, *, now: datetime) -> None:
    """Keep the phone a rater consents to be called on; a later one replaces it."""
    db.execute(
        """INSERT INTO rater_contacts (rating_id, phone, consented_at) VALUES (?, ?, ?)
           ON CONFLICT (rating_id) DO UPDATE
               SET phone = excluded.phone, consented_at = excluded.consented_at""",
        [rating_id, phone, now.isoformat()],
    )


def contact_of(db: Database, rating_id: int) -> str | None:
    """Return the phone left with a rating, if any."""
    row = db.execute("SELECT phone FROM rater_contacts WHERE rating_id = ?", [rating_id]).fetchone()
    return row[0] if row else None


def has_contact(db: Database, rating_id: int) -> bool:
    """Tell whether a phone was left, without looking at it."""
    query = "SELECT 1 FROM rater_contacts WHERE rating_id = ?"
    return db.execute(query, [rating_id]).fetchone() is not None


def forget_contacts(db: Database, rating_ids: list[int]) -> int:
    """Delete the phones left with some ratings, and return how many there were."""
    return sum(
        db.execute("DELETE FROM rater_contacts WHERE rating_id = ?", [rating_id]).rowcount
        for rating_id in rating_ids
    )


def ratings_with_contact(db: Database) -> list[int]:
    """Return the ratings with which a phone was left."""
    return [row[0] for row in db.execute("SELECT rating_id FROM rater_contacts").fetchall()]
