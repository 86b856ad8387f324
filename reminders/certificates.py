"""Certificates (证照): the register as imported, and renewals that close what they replace.

How urgent one is stands in `certificate_rules.py` and is never stored. No transaction is opened
here: the caller's is used.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from reminders.cases import Change
from reminders.recipients import Scope

UNREGISTERED = "?"
"""What the key of a kind begins with that the rule book does not know (规则未登记)."""
TAIL = 4
"""How many of a number's last characters a certificate may be named by."""
RENEWED_WITHIN_DAYS = 400
"""A newer certificate renews an older one only where it begins at most so long before its end.

A firm that opens another shop has two certificates of a kind, and neither renews the other.
"""


class CertificateState(StrEnum):
    """What the register says of a certificate; only a valid one is watched."""

    VALID = "valid"
    CANCELLED = "cancelled"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """A row of a register: `expires_on` None is 长期有效, `kind_id` None is 规则未登记.

    Where the issuer is not recognised, `department` is the one that usually issues the kind.
    `tells_contact` says that a blank contact is a word, not merely a column that is not there.
    """

    number: str
    kind: str
    kind_id: str | None
    holder: str
    issuer: str | None = None
    department: str | None = None
    district: str | None = None
    valid_from: date | None = None
    expires_on: date | None = None
    state: CertificateState = CertificateState.VALID
    replaces: str | None = None
    contact: str | None = None
    consent_on: date | None = None
    issuer_recognised: bool = True
    tells_contact: bool = True

    @property
    def kind_key(self) -> str:
        """Return what stands for the kind in the table."""
        return self.kind_id or f"{UNREGISTERED}{self.kind}"


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate as we know it."""

    id: int
    number: str
    kind_key: str
    kind: str
    holder: str
    issuer: str | None
    department: str | None
    district: str | None
    valid_from_on: date | None
    expires_on: date | None
    state: CertificateState
    replaces: str | None
    renewed_by_id: int | None
    renewed_on: date | None
    first_seen_on: date

    @property
    def is_watched(self) -> bool:
        """Tell whether it may lapse unnoticed: valid, with an end, and not renewed."""
        return (
            self.state is CertificateState.VALID
            and self.expires_on is not None
            and self.renewed_by_id is None
        )

    @property
    def kind_id(self) -> str | None:
        """Return the kind's id, None where the rule book does not know it."""
        return None if self.kind_key.startswith(UNREGISTERED) else self.kind_key

    @property
    def scope(self) -> Scope:
        """Return the part of the city it belongs to."""
        return Scope(self.district, self.department)


# -- imports


def begin_import(
    db: Database, *, file_hash: str, file_name: str, by_person_id: int | None, now: datetime
) -> int:
    """Record that the import of a file begins, and return its id; the same file has the same."""
    db.execute(
        """INSERT OR IGNORE INTO certificate_imports (file_hash, file_name, begun_at, by_person_id)
           VALUES (?, ?, ?, ?)""",
        [file_hash, file_name, now.isoformat(), by_person_id],
    )
    row = db.execute(
        "SELECT id FROM certificate_imports WHERE file_hash = ?", [file_hash]
    ).fetchone()
    return int(row[0])


def end_import(db: Database, import_id: int, *, now: datetime) -> None:
    """Record that every row of a file was taken; a killed import never ends and may run again."""
    db.execute(
        "UPDATE certificate_imports SET ended_at = ? WHERE id = ?", [now.isoformat(), import_id]
    )


def was_imported(db: Database, file_hash: str) -> bool:
    """Tell whether this very file was the last one to be taken as a whole.

    An older file may be sent again on purpose, to put back what a newer one got wrong.
    """
    row = db.execute(
        """SELECT file_hash FROM certificate_imports WHERE ended_at IS NOT NULL
           ORDER BY ended_at DESC, id DESC LIMIT 1"""
    ).fetchone()
    return row is not None and row[0] == file_hash


# -- what rows do

_FIELDS = """kind, holder, issuer, department, district, valid_from_on, expires_on, state,
    replaces"""
_COLUMNS = f"id, number, kind_key, {_FIELDS}, renewed_by_id, renewed_on, first_seen_on"
_FIND = f"""SELECT c.number, c.kind_key, c.id, {_FIELDS}
    FROM json_each(?) j CROSS JOIN certificates c ON c.number = j.value"""
_Key = tuple[str, str]


def compare_certificates(db: Database, rows: Sequence[CertificateRow]) -> Counter[Change]:
    """Count what rows would do, without doing it (the dry run)."""
    known = _known(db, {row.number for row in rows})
    return Counter(_change(known.get((row.number, row.kind_key)), _values(row)) for row in rows)


def _known(db: Database, numbers: Iterable[str]) -> dict[_Key, tuple[Any, ...]]:
    """Return what we hold under numbers, by number and kind: id and fields.

    One statement for a whole batch: asking for each row costs as much as writing half of it.
    """
    found = db.conn.execute(_FIND, (json.dumps(list(numbers)),))
    return {(row[0], row[1]): row[2:] for row in found}


def _values(row: CertificateRow) -> tuple[str | None, ...]:
    return (
        row.kind,
        row.holder,
        row.issuer,
        row.department,
        row.district,
        row.valid_from.isoformat() if row.valid_from else None,
        row.expires_on.isoformat() if row.expires_on else None,
        row.state.value,
        row.replaces,
    )


_STATE = 7


def _change(known: Sequence[Any] | None, values: Sequence[str | None]) -> Change:
    if known is None:
        return Change.ADDED
    if tuple(known[1:]) == values:
        return Change.UNCHANGED
    was_valid = known[1 + _STATE] == CertificateState.VALID
    is_valid = values[_STATE] == CertificateState.VALID
    return Change.CLOSED if was_valid and not is_valid else Change.UPDATED


def apply_certificate(
    db: Database, row: CertificateRow, *, import_id: int, now: datetime
) -> Change:
    """Bring one certificate up to what a row says; the same row again changes nothing."""
    (change,) = apply_certificates(db, (row,), import_id=import_id, now=now)
    return change


def apply_certificates(
    db: Database, rows: Sequence[CertificateRow], *, import_id: int, now: datetime
) -> Counter[Change]:
    """Bring the register up to rows, each number of a kind once; the same rows again do nothing.

    A number that stands twice among the rows is taken as it stands first. Few statements write
    many rows, since a register has a million of them.
    """
    today = now.date().isoformat()
    counted: Counter[Change] = Counter()
    added: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    ended: list[tuple[int, str, str]] = []
    unique: dict[_Key, CertificateRow] = {}
    for row in rows:
        unique.setdefault((row.number, row.kind_key), row)
    held = _known(db, {number for number, _ in unique})
    for key, row in unique.items():
        values = _values(row)
        known = held.get(key)
        if known is None:
            added.append((*key, *values, today, import_id))
            continue
        change = _change(known, values)
        counted[change] += 1
        if change is not Change.UNCHANGED:
            changed.append((*values, import_id, known[0]))
            ended += _ended_term(known, row, now.date())
    if added:
        counted[Change.ADDED] = len(added)
    if len(unique) < len(rows):
        counted[Change.UNCHANGED] += len(rows) - len(unique)
    before = db.conn.execute("SELECT coalesce(max(id), 0) FROM certificates").fetchone()[0]
    db.conn.executemany(
        f"""INSERT INTO certificates (number, kind_key, {_FIELDS}, first_seen_on, import_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        added,
    )
    _update(db, changed)
    _keep_ended_terms(db, changed, ended)
    _keep_contacts(db, unique.values(), held)
    _link_renewals(db, f"id > {int(before)}", (), today)
    if changed:
        ids = json.dumps([values[-1] for values in changed])
        _link_renewals(db, "id IN (SELECT value FROM json_each(?))", (ids,), today)
    return counted


def _update(db: Database, changed: Sequence[tuple[Any, ...]]) -> None:
    """Write changed rows; what they renewed before is watched again until it is found anew.

    A corrected register answers 信息有误.
    """
    db.conn.executemany(
        """UPDATE certificates SET kind = ?, holder = ?, issuer = ?, department = ?, district = ?,
               valid_from_on = ?, expires_on = ?, state = ?, replaces = ?, import_id = ?
           WHERE id = ?""",
        changed,
    )
    ids = [(values[-1],) for values in changed]
    db.conn.executemany(
        """UPDATE certificates SET renewed_by_id = NULL, renewed_on = NULL
           WHERE (holder, kind_key) = (SELECT n.holder, n.kind_key FROM certificates n
                                       WHERE n.id = ?1) AND renewed_by_id = ?1""",
        ids,
    )
    db.conn.executemany(
        """UPDATE certificates SET renewed_by_id = NULL, renewed_on = NULL
           WHERE id = ? AND renewed_by_id IS NOT NULL""",
        ids,
    )
    db.conn.executemany(
        "DELETE FROM certificate_answers WHERE certificate_id = ? AND answer = 'wrong'", ids
    )


_VALID_FROM, _EXPIRES = 5, 6


def _ended_term(
    known: Sequence[Any], row: CertificateRow, today: date
) -> tuple[tuple[int, str, str], ...]:
    """Return the term that a later end under the same number closes: whose, its end, renewed on.

    A later end that comes years before the old one is a correction and renews nothing. The new
    term begins where the row says that it begins anew, else on the day we learn of it.
    """
    end = known[1 + _EXPIRES]
    was_valid = known[1 + _STATE] == CertificateState.VALID
    if end is None or not was_valid or row.state is not CertificateState.VALID:
        return ()
    ended_on = date.fromisoformat(end)
    if row.expires_on is not None and row.expires_on <= ended_on:
        return ()
    begun = date.fromisoformat(known[1 + _VALID_FROM]) if known[1 + _VALID_FROM] else date.min
    begins_anew = row.valid_from is not None and row.valid_from > begun
    renewed_on = row.valid_from if row.valid_from and begins_anew else today
    if renewed_on < ended_on - timedelta(days=RENEWED_WITHIN_DAYS):
        return ()
    return ((known[0], end, renewed_on.isoformat()),)


def _keep_ended_terms(
    db: Database, changed: Sequence[tuple[Any, ...]], ended: Sequence[tuple[int, str, str]]
) -> None:
    """Keep terms that were renewed under the same number; a renewal put back never was one."""
    if not changed:
        return
    db.conn.execute(
        """DELETE FROM certificate_terms WHERE EXISTS (SELECT 1 FROM certificates c
               WHERE c.id = certificate_id AND c.expires_on <= certificate_terms.expires_on)
           AND certificate_id IN (SELECT value FROM json_each(?))""",
        (json.dumps([values[-1] for values in changed]),),
    )
    db.conn.executemany(
        """INSERT INTO certificate_terms (certificate_id, expires_on, renewed_on)
           VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET renewed_on = excluded.renewed_on""",
        ended,
    )


def _keep_contacts(
    db: Database, rows: Iterable[CertificateRow], held: Mapping[_Key, Sequence[Any]]
) -> None:
    """Keep a contact with the day its owner agreed, no longer than its consent or its use.

    It goes at once where a row leaves phone or consent blank, or says that the certificate is not
    valid; a register without such columns says nothing of consent.
    """
    kept: list[tuple[str, str, str, str]] = []
    gone: list[int] = []
    for row in rows:
        if row.contact and row.consent_on and row.state is CertificateState.VALID:
            kept.append((row.contact, row.consent_on.isoformat(), row.number, row.kind_key))
            continue
        is_over = row.tells_contact or row.state is not CertificateState.VALID
        if is_over and (known := held.get((row.number, row.kind_key))) is not None:
            gone.append(known[0])
    if gone:
        db.conn.execute(
            """DELETE FROM certificate_contacts
               WHERE certificate_id IN (SELECT value FROM json_each(?))""",
            (json.dumps(gone),),
        )
    db.conn.executemany(
        """INSERT INTO certificate_contacts (certificate_id, phone, consent_on)
           SELECT id, ?, ? FROM certificates WHERE number = ? AND kind_key = ?
           ON CONFLICT DO UPDATE SET phone = excluded.phone, consent_on = excluded.consent_on""",
        kept,
    )


# An explicit 换发 holds whatever the dates say. Otherwise a newer certificate of the same holder,
# kind, department and district renews the one older certificate that it can have followed.
_EXPLICIT = """SELECT o.id, n.id, n.valid_from_on FROM certificates b
    JOIN certificates n ON n.id = b.id
    JOIN certificates o ON o.number = n.replaces AND o.kind_key = n.kind_key
    WHERE b.{batch} AND n.replaces IS NOT NULL AND n.state IN ('valid', 'replaced')
    UNION SELECT o.id, n.id, n.valid_from_on FROM certificates b
    JOIN certificates o ON o.id = b.id
    JOIN certificates n ON n.replaces = o.number AND n.kind_key = o.kind_key
    WHERE b.{batch} AND n.state IN ('valid', 'replaced')"""
_INFERRED = """SELECT o.id, n.id, n.valid_from_on FROM certificates b
    JOIN certificates {other} ON {other}.holder = b.holder AND {other}.kind_key = b.kind_key
        AND {other}.department IS b.department AND {other}.district IS b.district
    JOIN certificates {same} ON {same}.id = b.id
    WHERE b.{batch} AND o.id <> n.id AND o.renewed_by_id IS NULL AND o.expires_on IS NOT NULL
      AND o.state IN ('valid', 'replaced') AND n.state IN ('valid', 'replaced')
      AND n.replaces IS NULL
      AND (n.expires_on IS NULL OR n.expires_on > o.expires_on)
      AND (n.valid_from_on IS NULL OR o.valid_from_on IS NULL
           OR n.valid_from_on > o.valid_from_on)
      AND (n.valid_from_on IS NULL OR n.valid_from_on >= date(o.expires_on, '-{days} days'))"""


def _link_renewals(db: Database, batch: str, values: tuple[str, ...], today: str) -> None:
    """Close the older ones that the rows of a batch renew, or that renew rows of the batch."""
    explicit = db.conn.execute(_EXPLICIT.format(batch=batch), values * 2).fetchall()
    _close(db, explicit, today)
    inferred: set[tuple[int, int, str | None]] = set()
    for other, same in (("o", "n"), ("n", "o")):
        query = _INFERRED.format(batch=batch, other=other, same=same, days=RENEWED_WITHIN_DAYS)
        inferred.update(db.conn.execute(query, values).fetchall())
    _close(db, _unmistakable(inferred), today)


def _unmistakable(
    pairs: Iterable[tuple[int, int, str | None]],
) -> list[tuple[int, int, str | None]]:
    """Drop newer certificates that could have followed several older ones: nobody knows which."""
    pairs = list(pairs)
    olders = Counter(newer for _, newer, _ in pairs)
    return sorted(pair for pair in pairs if olders[pair[1]] == 1)


def _close(db: Database, pairs: Iterable[tuple[int, int, str | None]], today: str) -> None:
    db.conn.executemany(
        """UPDATE certificates SET renewed_by_id = ?, renewed_on = ?
           WHERE id = ? AND renewed_by_id IS NULL""",
        [(newer, begins_on or today, older) for older, newer, begins_on in pairs],
    )


def register_kinds(db: Database, kind_called: Callable[[str], str | None]) -> int:
    """Give certificates whose kind the rule book has learnt meanwhile their kind's id."""
    known = 0
    for key in kind_keys(db):
        if not key.startswith(UNREGISTERED):
            continue
        kind_id = kind_called(key.removeprefix(UNREGISTERED))
        if kind_id is not None:
            known += db.execute(
                "UPDATE OR IGNORE certificates SET kind_key = ? WHERE kind_key = ?", [kind_id, key]
            ).rowcount
    return known


# -- reading


def kind_keys(db: Database) -> tuple[str, ...]:
    """Return the keys of the kinds in the register, hopping from one to the next in the index."""
    rows = db.execute(
        """WITH RECURSIVE keys(key) AS (
               SELECT min(kind_key) FROM certificates WHERE expires_on IS NOT NULL
               UNION ALL
               SELECT (SELECT min(kind_key) FROM certificates
                       WHERE expires_on IS NOT NULL AND kind_key > key)
               FROM keys WHERE key IS NOT NULL)
           SELECT key FROM keys WHERE key IS NOT NULL"""
    ).fetchall()
    return tuple(row[0] for row in rows)


def certificate_by_id(db: Database, certificate_id: int) -> Certificate:
    """Return a certificate; raise KeyError if there is none with this id."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM certificates WHERE id = ?", [certificate_id]
    ).fetchone()
    if row is None:
        raise KeyError(certificate_id)
    return _certificate(row)


def certificates_by_id(db: Database, ids: Iterable[int]) -> tuple[Certificate, ...]:
    """Return certificates by their ids, the one that ends first first."""
    rows = db.execute(
        f"""SELECT {_COLUMNS} FROM certificates WHERE id IN (SELECT value FROM json_each(?))
            ORDER BY expires_on, id""",
        [json.dumps(sorted(set(ids)))],
    ).fetchall()
    return tuple(_certificate(row) for row in rows)


def certificates_by_number(db: Database, number: str) -> tuple[Certificate, ...]:
    """Return the certificates with a number, of every kind that uses it."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM certificates WHERE number = ? ORDER BY id", [number]
    ).fetchall()
    return tuple(_certificate(row) for row in rows)


def find_certificates(
    db: Database, scope: Scope, number: str, *, limit: int
) -> tuple[Certificate, ...]:
    """Find certificates within a scope by their number, else by what it ends with.

    The end is at least the last four characters; what still runs and ends first stands first.
    """
    where = "".join(
        f" AND {name} = ?"
        for name, value in (("department", scope.department), ("district", scope.district))
        if value is not None
    )
    within = [value for value in (scope.department, scope.district) if value is not None]
    exact = "number IN (?, upper(?))"
    tail = "upper(substr(number, -4)) = upper(?) AND substr(upper(number), -?) = upper(?)"
    ends = [number[-TAIL:], len(number), number]
    for condition, values in ((exact, [number, number]), (tail, ends)):
        rows = db.execute(
            f"""SELECT {_COLUMNS} FROM certificates WHERE {condition}{where}
                ORDER BY state <> 'valid', renewed_on IS NOT NULL, expires_on, id LIMIT ?""",
            [*values, *within, limit],
        ).fetchall()
        found = tuple(c for c in map(_certificate, rows) if scope.covers(c.scope))
        if found:
            return found
    return ()


def certificate_within(db: Database, scope: Scope, certificate_id: int) -> Certificate | None:
    """Return a certificate if it lies within a scope."""
    try:
        certificate = certificate_by_id(db, certificate_id)
    except KeyError:
        return None
    return certificate if scope.covers(certificate.scope) else None


def is_first_issue(db: Database, certificate: Certificate) -> bool:
    """Tell whether the holder had no certificate of this kind before."""
    if certificate.replaces is not None:
        return False
    row = db.execute(
        """SELECT 1 FROM certificates WHERE holder = ? AND kind_key = ? AND id <> ?
               AND department IS ? AND district IS ?""",
        [
            certificate.holder,
            certificate.kind_key,
            certificate.id,
            certificate.department,
            certificate.district,
        ],
    ).fetchone()
    return row is None


def contact_of(db: Database, certificate_id: int) -> str | None:
    """Return the phone its holder agreed to be called on, if any."""
    row = db.execute(
        "SELECT phone FROM certificate_contacts WHERE certificate_id = ?", [certificate_id]
    ).fetchone()
    return row[0] if row else None


def drop_contacts(db: Database, *, before: date) -> int:
    """Delete the contacts of certificates that ended, or were renewed, before a day."""
    return db.execute(
        """DELETE FROM certificate_contacts WHERE certificate_id IN (
               SELECT k.certificate_id FROM certificate_contacts k
               JOIN certificates c ON c.id = k.certificate_id
               WHERE c.expires_on < ?1 OR c.renewed_on < ?1)""",
        [before.isoformat()],
    ).rowcount


def _certificate(row: Any) -> Certificate:
    return Certificate(
        id=row[0],
        number=row[1],
        kind_key=row[2],
        kind=row[3],
        holder=row[4],
        issuer=row[5],
        department=row[6],
        district=row[7],
        valid_from_on=_day(row[8]),
        expires_on=_day(row[9]),
        state=CertificateState(row[10]),
        replaces=row[11],
        renewed_by_id=row[12],
        renewed_on=_day(row[13]),
        first_seen_on=date.fromisoformat(row[14]),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
