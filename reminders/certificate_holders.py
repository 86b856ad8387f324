"""What holders agreed to and answered, the codes they opt in by, and what departments did.

Who may be told is decided here by consent alone; where they can be reached nobody here knows.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlite_utils import Database

from reminders.certificates import TAIL, Certificate, certificates_by_id

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 8
CODE_DAYS = 30
MOST_TRIES = 5


class NotOptedIn(Exception):  # noqa: N818 - an expected "no" is not an error
    """An expected "no" with its reason code."""

    def __init__(self, reason: str) -> None:
        """Carry the reason."""
        super().__init__(reason)
        self.reason = reason


class Answer(StrEnum):
    """What a holder says about a certificate that is about to end."""

    FILED = "filed"
    DECLINED = "declined"
    WRONG = "wrong"


class Outcome(StrEnum):
    """What a department did about a certificate: took note, called, went there."""

    NOTED = "noted"
    CALLED = "called"
    VISITED = "visited"


class BenefitConsent(StrEnum):
    """Who agreed that a sensitive certificate may lead to a further message."""

    SELF = "self"
    GUARDIAN = "guardian"


@dataclass(frozen=True, slots=True)
class OptInCode:
    """A code that lets whoever knows the number's tail be told about one certificate."""

    code: str
    certificate_id: int
    expires_at: datetime


# -- codes


def number_tail(number: str) -> str:
    """Return the last four letters or digits of a number, upper case."""
    return "".join(c for c in number if c.isalnum())[-TAIL:].upper()


def make_opt_in_code(
    db: Database, certificate: Certificate, *, made_by: int | None, now: datetime
) -> OptInCode:
    """Make a code that works once, for thirty days; only its hash is kept."""
    code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
    expires_at = now + timedelta(days=CODE_DAYS)
    db.execute(
        """INSERT INTO certificate_codes (code_hash, certificate_id, made_by, made_at, expires_at)
           VALUES (?, ?, ?, ?, ?)""",
        [_code_hash(code), certificate.id, made_by, now.isoformat(), expires_at.isoformat()],
    )
    return OptInCode(code, certificate.id, expires_at)


def _code_hash(code: str) -> str:
    return hashlib.sha256(code.strip().upper().encode()).hexdigest()


def certificate_of_code(db: Database, code: str, person_id: int, *, now: datetime) -> int | None:
    """Return the certificate a code opens to a person; None if it is no such code at all.

    Raises NotOptedIn with `code_used` or `code_expired`.
    """
    row = db.execute(
        "SELECT certificate_id, expires_at, tries, used_by FROM certificate_codes "
        "WHERE code_hash = ?",
        [_code_hash(code)],
    ).fetchone()
    if row is None:
        return None
    certificate_id, expires_at, tries, used_by = row
    if used_by not in (None, person_id) or tries >= MOST_TRIES:
        raise NotOptedIn("code_used")
    if datetime.fromisoformat(expires_at) < now:
        raise NotOptedIn("code_expired")
    return int(certificate_id)


def is_opt_in_code(db: Database, code: str) -> bool:
    """Tell whether a code was made for a holder, used or not."""
    query = "SELECT 1 FROM certificate_codes WHERE code_hash = ?"
    return db.execute(query, [_code_hash(code)]).fetchone() is not None


def is_tail(db: Database, code: str, certificate: Certificate, tail: str) -> bool:
    """Tell whether somebody knows the number's tail; after five wrong ones the code is dead."""
    if tail and number_tail(certificate.number) == number_tail(tail):
        return True
    db.execute(
        "UPDATE certificate_codes SET tries = tries + 1 WHERE code_hash = ?", [_code_hash(code)]
    )
    return False


def tries_left(db: Database, code: str) -> int:
    """Return how many more wrong tails a code bears."""
    row = db.execute(
        "SELECT tries FROM certificate_codes WHERE code_hash = ?", [_code_hash(code)]
    ).fetchone()
    return max(0, MOST_TRIES - row[0]) if row else 0


def opt_in(
    db: Database,
    certificate: Certificate,
    person_id: int,
    code: str,
    *,
    now: datetime,
) -> None:
    """Record that a person agreed to be told about a certificate; once more renews it."""
    db.execute(
        """INSERT INTO certificate_holders (certificate_id, person_id, consent_at, consent_by)
           VALUES (?, ?, ?, 'code')
           ON CONFLICT DO UPDATE SET stopped_at = NULL, consent_at = excluded.consent_at,
               consent_by = excluded.consent_by WHERE stopped_at IS NOT NULL""",
        [certificate.id, person_id, now.isoformat()],
    )
    db.execute(
        """UPDATE certificate_codes SET used_by = ?, used_at = coalesce(used_at, ?)
           WHERE code_hash = ?""",
        [person_id, now.isoformat(), _code_hash(code)],
    )


# -- holders


def held_by(db: Database, person_id: int) -> tuple[Certificate, ...]:
    """Return the certificates a person is told about, the one that ends first first.

    Where a certificate was renewed, the new one stands for it.
    """
    rows = db.execute(
        """SELECT coalesce(n.id, c.id) FROM certificate_holders h
           JOIN certificates c ON c.id = h.certificate_id
           LEFT JOIN certificates n ON n.id = c.renewed_by_id
           WHERE h.person_id = ? AND h.stopped_at IS NULL""",
        [person_id],
    ).fetchall()
    return certificates_by_id(db, [row[0] for row in rows])


def is_held_by(db: Database, certificate: Certificate, person_id: int) -> bool:
    """Tell whether a person may see a certificate: opted in to it, or to the one it renewed."""
    row = db.execute(
        """SELECT 1 FROM certificate_holders h JOIN certificates c ON c.id = h.certificate_id
           WHERE h.person_id = ?1 AND (c.id = ?2 OR c.renewed_by_id = ?2)""",
        [person_id, certificate.id],
    ).fetchone()
    return row is not None


def follow_renewals(db: Database) -> int:
    """Carry consent over to the certificates that renewed those agreed to; return how many."""
    return db.execute(
        """INSERT OR IGNORE INTO certificate_holders
               (certificate_id, person_id, consent_at, consent_by, stopped_at)
           SELECT c.renewed_by_id, h.person_id, h.consent_at, h.consent_by, h.stopped_at
           FROM certificate_holders h JOIN certificates c ON c.id = h.certificate_id
           WHERE c.renewed_by_id IS NOT NULL AND h.stopped_at IS NULL"""
    ).rowcount


_OF_PERSON = """person_id = ?1 AND (certificate_id = ?2 OR certificate_id IN (
    SELECT h.certificate_id FROM certificate_holders h
    JOIN certificates c ON c.id = h.certificate_id
    WHERE h.person_id = ?1 AND c.renewed_by_id = ?2))"""
"""A person's consent to a certificate, or to the one it renewed."""


def stop_telling(db: Database, certificate: Certificate, person_id: int, *, now: datetime) -> bool:
    """Take a consent back (退订); tell whether there was one. The department's duty stays."""
    query = f"""UPDATE certificate_holders SET stopped_at = ?3
                WHERE stopped_at IS NULL AND {_OF_PERSON}"""
    return db.execute(query, [person_id, certificate.id, now.isoformat()]).rowcount > 0


def forget_holder(db: Database, person_id: int) -> None:
    """Cut the tie between a person and certificates, as when they ask for deletion."""
    db.execute("DELETE FROM certificate_holders WHERE person_id = ?", [person_id])


def answer(
    db: Database, certificate: Certificate, person_id: int, said: Answer, *, now: datetime
) -> bool:
    """Record what a holder says; tell whether it is new. It is quiet then for all its holders."""
    assert certificate.expires_on is not None
    values = [
        certificate.id,
        said.value,
        certificate.expires_on.isoformat(),
        person_id,
        now.isoformat(),
    ]
    return (
        db.execute(
            """INSERT INTO certificate_answers (certificate_id, answer, expires_on, person_id, at)
               VALUES (?, ?, ?, ?, ?)
               ON CONFLICT DO UPDATE SET answer = excluded.answer, person_id = excluded.person_id,
                   expires_on = excluded.expires_on, at = excluded.at
               WHERE answer <> excluded.answer OR expires_on <> excluded.expires_on""",
            values,
        ).rowcount
        == 1
    )


def resume_telling(db: Database, certificate: Certificate, person_id: int) -> bool:
    """Undo a 退订 that was a mis-tap; tell whether there was one."""
    query = f"""UPDATE certificate_holders SET stopped_at = NULL
                WHERE stopped_at IS NOT NULL AND {_OF_PERSON}"""
    return db.execute(query, [person_id, certificate.id]).rowcount > 0


def take_back_answer(db: Database, certificate: Certificate) -> bool:
    """Forget what a holder answered, as after a mis-tap; alerts go on."""
    return (
        db.execute(
            "DELETE FROM certificate_answers WHERE certificate_id = ?", [certificate.id]
        ).rowcount
        == 1
    )


def answer_of(db: Database, certificate: Certificate) -> tuple[Answer, datetime] | None:
    """Return what a holder said about the certificate as it now ends, and when."""
    row = db.execute(
        "SELECT answer, at FROM certificate_answers WHERE certificate_id = ? AND expires_on IS ?",
        [certificate.id, certificate.expires_on and certificate.expires_on.isoformat()],
    ).fetchone()
    return (Answer(row[0]), datetime.fromisoformat(row[1])) if row else None


def agree_to_benefit(
    db: Database, certificate: Certificate, person_id: int, by: BenefitConsent, *, now: datetime
) -> bool:
    """Record the separate consent to be told of what follows a first issue; once."""
    return (
        db.execute(
            """UPDATE certificate_holders SET benefit_consent_at = ?, benefit_consent_by = ?
               WHERE certificate_id = ? AND person_id = ? AND stopped_at IS NULL
                   AND benefit_consent_at IS NULL""",
            [now.isoformat(), by, certificate.id, person_id],
        ).rowcount
        == 1
    )


# -- departments


def acknowledge_certificate(
    db: Database, certificate: Certificate, person_id: int, outcome: Outcome, *, now: datetime
) -> bool:
    """Record that a department knows of a certificate and what it did; once a day each."""
    assert certificate.expires_on is not None
    return (
        db.execute(
            """INSERT OR IGNORE INTO certificate_acknowledgements
                   (certificate_id, expires_on, person_id, at, on_day, outcome)
               VALUES (?, ?, ?, ?, ?, ?)""",
            [
                certificate.id,
                certificate.expires_on.isoformat(),
                person_id,
                now.isoformat(),
                now.date().isoformat(),
                outcome,
            ],
        ).rowcount
        == 1
    )


class Reached(StrEnum):
    """What became of a message."""

    SENT = "sent"
    FAILED = "failed"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class LastTold:
    """The last message to a holder: what it was about, when, and what became of it."""

    event: str
    on: date
    reached: Reached


def last_told(db: Database, certificate: Certificate) -> LastTold | None:
    """Return the last message about the certificate as it now ends; to any of its holders."""
    row = db.execute(
        """SELECT n.event, n.decided_on, o.sent_at, o.failed_at FROM certificate_notices n
           LEFT JOIN outbox o ON o.dedupe_key = n.message_key
           WHERE n.certificate_id = ? AND n.expires_on IS ? AND n.message_key IS NOT NULL
           ORDER BY n.decided_on DESC, o.sent_at IS NULL, n.days_before LIMIT 1""",
        [certificate.id, certificate.expires_on and certificate.expires_on.isoformat()],
    ).fetchone()
    if row is None:
        return None
    event, on, sent_at, failed_at = row
    reached = Reached.SENT if sent_at else Reached.FAILED if failed_at else Reached.WAITING
    return LastTold(event, date.fromisoformat(on), reached)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The last thing a department did about a certificate."""

    outcome: Outcome
    on: date


def last_acknowledgement(db: Database, certificate: Certificate) -> Acknowledged | None:
    """Return the last thing a department did about the certificate as it now ends."""
    row = db.execute(
        """SELECT outcome, on_day FROM certificate_acknowledgements
           WHERE certificate_id = ? AND expires_on IS ? ORDER BY id DESC LIMIT 1""",
        [certificate.id, certificate.expires_on and certificate.expires_on.isoformat()],
    ).fetchone()
    return Acknowledged(Outcome(row[0]), date.fromisoformat(row[1])) if row else None
