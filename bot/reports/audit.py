"""What the lines of the audit log are about, as far as it must be looked up: numbers by their id.

Only the last four signs of a case's or certificate's number are returned (domain rules 10).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlite_utils import Database

from bot.records.audit import AuditEntry

_CASES = frozenset(
    {"case", "casewhy", "caseproof", "casetoday", "casedone", "casepapers", "casearrived"}
    | {"casegive", "casetake", "casewrong", "caselate", "caseclose"}
    | {"casestop", "caseresume", "caseextend"}
)
_ACTS = frozenset({"release", "decline"})
_CERTIFICATES = frozenset({"cert", "certack", "certcode"})
TAIL = 4


def number_tails(db: Database, entries: Iterable[AuditEntry]) -> Mapping[str, str]:
    """Return for each subject that names a row by its id the end of that row's number."""
    tails: dict[str, str] = {}
    for subject in {entry.subject for entry in entries}:
        verb, _, rest = subject.partition(":")
        row_id = rest.partition(":")[0]
        if not row_id.isdecimal() or len(row_id) > 15:
            continue
        query = _query(verb)
        row = db.execute(query, [int(row_id)]).fetchone() if query else None
        if row is not None:
            tails[subject] = str(row[0])[-TAIL:]
    return tails


def _query(verb: str) -> str | None:
    if verb in _ACTS:
        return (
            "SELECT coalesce(c.number, r.number) FROM acts a LEFT JOIN cases c ON c.id = a.case_id"
            " LEFT JOIN rectifications r ON r.id = a.rectification_id WHERE a.id = ?"
        )
    if verb in _CERTIFICATES:
        return "SELECT number FROM certificates WHERE id = ?"
    if verb in _CASES:
        return "SELECT number FROM cases WHERE id = ?"
    return None
