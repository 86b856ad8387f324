"""Import of certificates (证照): what a row of a register means.

No identity number stays: a number that holds one (残疾人证) is replaced by a keyed hash and its
last four characters. A contact is kept only together with the day on which its owner agreed.
"""

from __future__ import annotations

import functools
import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from bot.desk import Desk
from bot.importing.apply import Statement
from bot.importing.columns import Kind, Row
from bot.importing.plan import REQUIRED, Plan, RowReader
from bot.importing.sheets import Cell
from bot.importing.values import (
    PERMANENT,
    BadValue,
    Names,
    parse_certificate_state,
    parse_date,
    parse_number,
    parse_phone,
    parse_text,
    parse_valid_to,
    resembles_identity,
    unquoted,
)
from reminders.cases import Change, Covers
from reminders.certificates import (
    CertificateRow,
    CertificateState,
    apply_certificates,
    begin_import,
    compare_certificates,
    end_import,
    was_imported,
)

KEY_FILE = "import.key"
_KEY_BYTES = 32
_HASH_BYTES = 8
_TAIL = 4
MOST_REMEMBERED = 50_000

V = TypeVar("V")


def _once(read: Callable[[Cell], V]) -> Callable[[Cell], V]:
    """Return a reader that remembers what it read; a cell that is refused is read again.

    Cells that are equal but of different types (1 and 1.0) are kept apart.
    """
    return functools.lru_cache(MOST_REMEMBERED, typed=True)(read)


@dataclass(frozen=True, slots=True)
class _Named:
    """A kind or an office as written, and its id where we know it."""

    name: str
    id: str | None


class CertificateImporter:
    """Reads rows as certificates and brings the register up to them, in batches."""

    kind = Kind.CERTIFICATES
    in_batches = True

    def __init__(self, names: Names, *, key: bytes, today: date) -> None:
        """Know the names of kinds and places, the key for masking, and the day."""
        self._names = names
        self._key = key
        self._today = today
        # A register has few kinds, offices and days, and a million rows: each is read once.
        self._kind = _once(self._read_kind)
        self._issuer = _once(self._read_issuer)
        self._district = _once(names.district)
        self._day = _once(parse_date)
        self._valid_to = _once(parse_valid_to)
        self._state = _once(parse_certificate_state)

    def key(self, parsed: CertificateRow) -> str:
        """Return the kind and number: two kinds may use the same numbers."""
        return f"{parsed.kind_key}\n{parsed.number}"

    def parse(self, reader: RowReader) -> CertificateRow | None:
        """Return the certificate a row speaks of, or None with its problems noted."""
        number = reader.required("number", self._number)
        kind = reader.required("kind", self._kind)
        holder = reader.required("holder", parse_text)
        valid_to = reader.required("valid_to", self._valid_to)
        valid_from = reader.optional("valid_from", self._day)
        issuer = reader.optional("issuer", self._issuer)
        district = reader.optional("district", self._district)
        state = reader.optional("state", self._state)
        replaces = reader.optional("replaces", self._number)
        consent_on = reader.optional("consent_on", self._past_day)
        contact = reader.optional("contact", parse_phone) if consent_on else None
        expires_on = None if valid_to is PERMANENT else valid_to
        if isinstance(expires_on, date) and valid_from and expires_on < valid_from:
            reader.refuse("valid_to", "早于有效期起；请核对这两个日期")
        if replaces is not None and replaces == number:
            reader.refuse("replaces", "和证照编号相同；请填被换下的旧编号，或留空")
        if reader.problems:
            return None
        assert number is not None
        assert kind is not None
        assert holder is not None
        return CertificateRow(
            number=number,
            kind=kind.name,
            kind_id=kind.id,
            holder=holder,
            issuer=issuer.name if issuer else None,
            department=self._department(kind, issuer),
            district=district,
            valid_from=valid_from,
            expires_on=expires_on if isinstance(expires_on, date) else None,
            state=state or CertificateState.VALID,
            replaces=replaces,
            contact=contact,
            consent_on=consent_on if contact else None,
            issuer_recognised=issuer is not None and issuer.id is not None,
            tells_contact=reader.has_column("contact") or reader.has_column("consent_on"),
        )

    def unrecognised(self, parsed: CertificateRow) -> tuple[tuple[str, str], ...]:
        """Return the kind and the issuer that we do not know by name.

        A row without an issuer is named only where the kind does not say whose it is either.
        """
        if parsed.kind_id is not None and parsed.issuer_recognised:
            return ()
        kind = () if parsed.kind_id else (("kind", parsed.kind),)
        unnamed = parsed.issuer is None and parsed.department is not None
        known = parsed.issuer_recognised or unnamed
        return kind if known else (*kind, ("issuer", parsed.issuer or ""))

    def _read_kind(self, cell: Cell) -> _Named:
        kind = unquoted(parse_text(cell))
        if not kind:
            raise BadValue(REQUIRED)
        return _Named(kind, self._names.certificate_kind(kind))

    def _read_issuer(self, cell: Cell) -> _Named:
        issuer = parse_text(cell)
        return _Named(issuer, self._names.department(issuer))

    def _department(self, kind: _Named, issuer: _Named | None) -> str | None:
        if issuer is not None and issuer.id is not None:
            return issuer.id
        usual = self._names.issuing_department(kind.id) if kind.id else None
        # An office nobody knows keeps its name, so that a list can still be of it.
        return usual or (issuer.name if issuer else None)

    def _number(self, cell: Cell) -> str:
        return masked_number(parse_number(cell), self._key, self._today)

    def _past_day(self, cell: Cell) -> date:
        day = parse_date(cell)
        if day > self._today:
            raise BadValue(f"在今天（{self._today}）之后；请核对")
        return day

    def propose_coverage(self, rows: Iterator[CertificateRow]) -> Covers | None:
        """Propose nothing: a register that lacks a certificate says nothing about it."""
        del rows
        return None

    def was_taken(self, db: Database, plan: Plan[CertificateRow], said: Statement) -> bool:
        """Tell whether this very file was the last one to be taken to its end."""
        del said
        return was_imported(db, plan.file_hash)

    def compare(
        self,
        db: Database,
        rows: Sequence[tuple[Row, CertificateRow]],
        plan: Plan[CertificateRow],
        said: Statement,
        now: datetime,
    ) -> Counter[Change]:
        """Count what the rows would do, without doing it."""
        del plan, said, now
        return compare_certificates(db, [certificate for _, certificate in rows])

    def begin(
        self, db: Database, plan: Plan[CertificateRow], said: Statement, now: datetime
    ) -> int:
        """Record the import and return its id; a killed one goes on under the same id."""
        return begin_import(
            db,
            file_hash=plan.file_hash,
            file_name=plan.file,
            by_person_id=said.by_person_id,
            now=now,
        )

    def apply(
        self,
        db: Database,
        rows: Sequence[tuple[Row, CertificateRow]],
        import_id: int,
        now: datetime,
    ) -> Counter[Change]:
        """Bring the register up to a batch of rows."""
        certificates = [certificate for _, certificate in rows]
        return apply_certificates(db, certificates, import_id=import_id, now=now)

    def count_missing(
        self, db: Database, plan: Plan[CertificateRow], said: Statement, now: datetime
    ) -> int:
        """Return none: a register that lacks a certificate says nothing about it."""
        del db, plan, said, now
        return 0

    def finish(
        self,
        db: Database,
        plan: Plan[CertificateRow],
        said: Statement,
        import_id: int,
        now: datetime,
    ) -> int:
        """Note that the file has been taken to its end; none can be missing."""
        del plan, said
        end_import(db, import_id, now=now)
        return 0


def masked_number(number: str, key: bytes, today: date) -> str:
    """Return a certificate's number as the register keeps it: one like an identity hashed."""
    if not resembles_identity(number, today):
        return number
    plain = number.replace("-", "").upper()
    digest = hashlib.blake2b(plain.encode(), key=key, digest_size=_HASH_BYTES)
    return f"#{digest.hexdigest()}-{plain[-_TAIL:]}"


def registered_number(desk: Desk, written: str) -> str:
    """Return the number that the register keeps for what somebody wrote; raise BadValue."""
    key = masking_key(desk.settings.data_dir)
    return masked_number(parse_number(written), key, desk.today())


def masking_key(folder: Path) -> bytes:
    """Return this installation's key for masking numbers, made at the first import."""
    path = folder / KEY_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(_KEY_BYTES))
    return path.read_bytes()
