"""What a department sees of the register: by level, unreached, filed, lapsed, renewed in time.

Every function takes the scope it may look at. Counts walk the index alone, a kind at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import merge
from itertools import islice

from sqlite_utils import Database

from reminders.certificate_rules import (
    LEVELS,
    Filing,
    Kinds,
    Lead,
    Level,
    Rules,
    closing_lead,
    entered_on,
    filing_of,
    last_expiries,
)
from reminders.certificates import Certificate, certificate_by_id, kind_keys
from reminders.recipients import Scope
from reminders.working_days import Calendar

_ONE_DAY = timedelta(days=1)
_day = date.fromisoformat


@dataclass(frozen=True, slots=True)
class LevelCounts:
    """How many certificates of a kind in a department are at each level."""

    kind_key: str
    department: str | None
    early: int
    near: int
    urgent: int
    expired: int

    def at(self, level: Level) -> int:
        """Return the number at a level."""
        counts = (self.early, self.near, self.urgent, self.expired)
        return counts[LEVELS.index(level)]


_WATCHED = "state = 'valid' AND renewed_on IS NULL"


def _within(scope: Scope) -> tuple[str, tuple[str, ...]]:
    if scope.window is not None:
        return " AND 0", ()  # no certificate belongs to a window
    named = (("department", scope.department), ("district", scope.district))
    given = [(name, value) for name, value in named if value is not None]
    return "".join(f" AND {name} = ?" for name, _ in given), tuple(v for _, v in given)


def count_levels(
    db: Database, calendar: Calendar, kinds: Kinds, rules: Rules, scope: Scope, today: date
) -> tuple[LevelCounts, ...]:
    """Count by kind and department within a scope; what is not yet near is left out."""
    where, values = _within(scope)
    counted: list[LevelCounts] = []
    for key, ends in _watched_kinds(db, calendar, kinds, rules, today):
        early, near, urgent, expired = (ends[level].isoformat() for level in LEVELS)
        rows = db.conn.execute(
            f"""SELECT department, sum(expires_on > ?), sum(expires_on > ? AND expires_on <= ?),
                       sum(expires_on > ? AND expires_on <= ?), sum(expires_on <= ?)
                FROM certificates
                WHERE kind_key = ? AND expires_on <= ? AND {_WATCHED}{where}
                GROUP BY department""",
            (near, urgent, near, expired, urgent, expired, key, early, *values),
        )
        counted += [LevelCounts(key, *row) for row in rows]
    return tuple(counted)


def count_at(
    db: Database,
    calendar: Calendar,
    kinds: Kinds,
    rules: Rules,
    scope: Scope,
    level: Level,
    today: date,
) -> int:
    """Count what is at one level within a scope, without looking at the others."""
    where, values = _within(scope)
    query = f"""SELECT count(*) FROM certificates
        WHERE kind_key = ? AND expires_on BETWEEN ? AND ? AND {_WATCHED}{where}"""
    return sum(
        db.conn.execute(
            query, (key, _first_of(ends, level).isoformat(), ends[level].isoformat(), *values)
        ).fetchone()[0]
        for key, ends in _watched_kinds(db, calendar, kinds, rules, today)
    )


def _watched_kinds(
    db: Database, calendar: Calendar, kinds: Kinds, rules: Rules, today: date
) -> Iterator[tuple[str, dict[Level, date]]]:
    for key in kind_keys(db):
        if key not in rules.excluded_kinds:
            lead = closing_lead(kinds.get(key), rules)
            yield key, dict(last_expiries(calendar, lead, rules, today))


def _first_of(ends: dict[Level, date], level: Level) -> date:
    """Return the first expiry that is at a level today, given the last of each level."""
    place = LEVELS.index(level)
    return date.min if level is Level.EXPIRED else ends[LEVELS[place + 1]] + _ONE_DAY


def worst(
    db: Database,
    calendar: Calendar,
    kinds: Kinds,
    rules: Rules,
    scope: Scope,
    level: Level,
    today: date,
    *,
    limit: int,
    offset: int = 0,
) -> tuple[Certificate, ...]:
    """Return the certificates at a level within a scope: the first to end, the last lapsed."""
    last = offset + limit
    found = _at_level(db, calendar, kinds, rules, scope, level, today, most_of_a_kind=last)
    return tuple(certificate_by_id(db, one) for one in islice(found, offset, last))


def all_at(
    db: Database,
    calendar: Calendar,
    kinds: Kinds,
    rules: Rules,
    scope: Scope,
    level: Level,
    today: date,
) -> Iterator[Certificate]:
    """Walk every certificate at a level within a scope, in the order of `worst`."""
    found = _at_level(
        db, calendar, kinds, rules, scope, level, today, most_of_a_kind=_WITHOUT_LIMIT
    )
    return (certificate_by_id(db, one) for one in found)


_WITHOUT_LIMIT = -1
"""What SQLite takes for LIMIT where there is none."""


def _at_level(
    db: Database,
    calendar: Calendar,
    kinds: Kinds,
    rules: Rules,
    scope: Scope,
    level: Level,
    today: date,
    *,
    most_of_a_kind: int,
) -> Iterator[int]:
    """Yield the ids at a level within a scope: the first to end, the last lapsed."""
    where, values = _within(scope)
    order = "DESC" if level is Level.EXPIRED else "ASC"
    per_kind = []
    for key, ends in _watched_kinds(db, calendar, kinds, rules, today):
        rows = db.conn.execute(
            f"""SELECT expires_on, id FROM certificates
                WHERE kind_key = ? AND expires_on BETWEEN ? AND ? AND {_WATCHED}{where}
                ORDER BY expires_on {order} LIMIT ?""",
            (
                key,
                _first_of(ends, level).isoformat(),
                ends[level].isoformat(),
                *values,
                most_of_a_kind,
            ),
        ).fetchall()
        per_kind.append(rows)
    ordered = merge(*per_kind, key=lambda r: r[0], reverse=order == "DESC")
    return (row[1] for row in ordered)


_TOLD = """EXISTS (SELECT 1 FROM certificate_notices n
    WHERE n.certificate_id = c.id AND n.expires_on = c.expires_on AND n.message_key IS NOT NULL
      AND n.decided_on >= d.since_on)"""
_REACHED = """EXISTS (SELECT 1 FROM certificate_notices n JOIN outbox o
        ON o.dedupe_key = n.message_key
    WHERE n.certificate_id = c.id AND n.expires_on = c.expires_on
      AND substr(o.sent_at, 1, 10) >= d.since_on)"""
_BY_HAND = """EXISTS (SELECT 1 FROM certificate_acknowledgements k
    WHERE k.certificate_id = c.id AND k.expires_on = c.expires_on
      AND k.outcome IN ('called', 'visited') AND k.on_day >= d.since_on)"""
_FILED = """EXISTS (SELECT 1 FROM certificate_answers a
    WHERE a.certificate_id = c.id AND a.expires_on = c.expires_on AND a.answer = 'filed')"""
_FILED_BEFORE_THE_END = """EXISTS (SELECT 1 FROM certificate_answers a
    WHERE a.certificate_id = c.id AND a.expires_on = c.expires_on AND a.answer = 'filed'
      AND substr(a.at, 1, 10) <= c.expires_on)"""


def unreached(
    db: Database,
    calendar: Calendar,
    kinds: Kinds,
    rules: Rules,
    scope: Scope,
    today: date,
    *,
    days: int,
    limit: int,
    offset: int = 0,
) -> tuple[int, tuple[Certificate, ...]]:
    """Return how many end within so many days that nothing reached at this level, and the first.

    They are for a phone call or a visit: a message of months ago, when the certificate was not
    yet urgent, is none. Whoever says that renewal was applied for needs neither.
    """
    where, values = _within(scope)
    condition = f"{_WATCHED} AND NOT {_FILED} AND NOT {_REACHED} AND NOT {_BY_HAND}{where}"
    rest = f"{_BY_DAY} AND {condition}"
    count, found = 0, []
    for key, since in _sinces(db, calendar, kinds, rules, today, today + timedelta(days=days)):
        bound = (since, key, *values)
        of_kind = db.conn.execute(f"SELECT count(*) {rest}", bound).fetchone()[0]
        count += of_kind
        if of_kind and limit:
            query = f"SELECT c.expires_on, c.id {rest} ORDER BY c.expires_on LIMIT ?"
            found.append(db.conn.execute(query, (*bound, offset + limit)).fetchall())
    chosen = islice(merge(*found), offset, offset + limit)
    return count, tuple(certificate_by_id(db, row[1]) for row in chosen)


_BY_DAY = """FROM (SELECT key AS ends_on, value AS since_on FROM json_each(?)) d
    CROSS JOIN certificates c
    WHERE c.kind_key = ? AND c.expires_on = d.ends_on"""


def _sinces(
    db: Database, calendar: Calendar, kinds: Kinds, rules: Rules, today: date, to_on: date
) -> Iterator[tuple[str, str]]:
    """Yield each kind with, for every end from today on, since when it is at its level."""
    ends = [today + timedelta(days=n) for n in range((to_on - today).days + 1)]
    by_lead: dict[Lead | None, str] = {}
    for key in kind_keys(db):
        if key in rules.excluded_kinds:
            continue
        lead = closing_lead(kinds.get(key), rules)
        if lead not in by_lead:
            since = {
                day.isoformat(): entered_on(calendar, lead, rules, day, today).isoformat()
                for day in ends
            }
            by_lead[lead] = json.dumps(since)
        yield key, by_lead[lead]


@dataclass(frozen=True, slots=True)
class Filed:
    """Whose holders say that renewal was applied for, undecided; by the filing day or late."""

    in_time: int
    late: int
    certificates: tuple[Certificate, ...]


def filed(
    db: Database,
    calendar: Calendar,
    kinds: Kinds,
    rules: Rules,
    scope: Scope,
    today: date,
    *,
    limit: int,
    offset: int = 0,
) -> Filed:
    """Return who says that renewal was applied for, the first to end first.

    What was filed in time counts as granted at expiry; what was filed late does not.
    """
    first = (today - timedelta(days=60)).isoformat()
    last = (today + timedelta(days=730)).isoformat()
    where, values = _within(scope)
    rows = db.execute(
        f"""SELECT c.id, c.kind_key, c.expires_on, a.at FROM certificate_answers a
            CROSS JOIN certificates c ON c.id = a.certificate_id
            WHERE a.answer = 'filed' AND a.expires_on = c.expires_on
              AND c.expires_on BETWEEN ? AND ? AND {_WATCHED}{where} ORDER BY c.expires_on""",
        [first, last, *values],
    ).fetchall()
    watched = [row for row in rows if row[1] not in rules.excluded_kinds]
    in_time = sum(
        filing_of(calendar, kinds.get(key), rules, _day(ends), _day(at[:10])) is Filing.IN_TIME
        for _, key, ends, at in watched
    )
    listed = tuple(certificate_by_id(db, row[0]) for row in watched[offset : offset + limit])
    return Filed(in_time, len(watched) - in_time, listed)


def lapsed(
    db: Database,
    rules: Rules,
    scope: Scope,
    from_on: date,
    to_on: date,
    *,
    limit: int,
    offset: int = 0,
) -> tuple[int, tuple[Certificate, ...]]:
    """Return what ended in a period without renewal, is still held valid, and was not filed.

    Whoever applied before the end waits for the department, not the other way round.
    """
    first, last = from_on.isoformat(), to_on.isoformat()
    where, values = _within(scope)
    rest = f"""FROM certificates c
        WHERE c.kind_key = ? AND c.expires_on BETWEEN ? AND ? AND {_WATCHED}
          AND NOT {_FILED_BEFORE_THE_END}{where}"""
    count, found = 0, []
    for key in kind_keys(db):
        if key in rules.excluded_kinds:
            continue
        bound = (key, first, last, *values)
        of_kind = db.conn.execute(f"SELECT count(*) {rest}", bound).fetchone()[0]
        count += of_kind
        if of_kind and limit:
            query = f"SELECT c.expires_on, c.id {rest} ORDER BY c.expires_on LIMIT ?"
            found.append(db.conn.execute(query, (*bound, offset + limit)).fetchall())
    chosen = islice(merge(*found), offset, offset + limit)
    return count, tuple(certificate_by_id(db, row[1]) for row in chosen)


@dataclass(frozen=True, slots=True)
class Renewals:
    """Both parts of 按期换发率, and what became of the rest.

    `on_time` were renewed by their end; `undated` are marked replaced, nobody knows when.
    """

    expiring: int
    on_time: int
    late: int
    undated: int


def count_renewals(
    db: Database, rules: Rules, scope: Scope, from_on: date, to_on: date
) -> Renewals:
    """Count what ended in a period and how much of it was renewed by then.

    A certificate that was given up or taken away (注销, 吊销, 撤销) is not one to renew. A renewal
    that begins on the day after the end is in time. Terms that were renewed under the same number
    count as well.
    """
    where, values = _within(scope)
    totals = [0, 0, 0, 0]
    for key in kind_keys(db):
        if key in rules.excluded_kinds:
            continue
        row = db.conn.execute(
            f"""SELECT count(*), sum(renewed_on <= date(expires_on, '+1 day')),
                       sum(renewed_on > date(expires_on, '+1 day')),
                       sum(renewed_on IS NULL AND state = 'replaced')
                FROM certificates
                WHERE kind_key = ? AND expires_on BETWEEN ? AND ?
                  AND state IN ('valid', 'replaced'){where}""",
            (key, from_on.isoformat(), to_on.isoformat(), *values),
        ).fetchone()
        totals = [total + (part or 0) for total, part in zip(totals, row, strict=True)]
    ended = db.conn.execute(
        f"""SELECT count(*), sum(t.renewed_on <= date(t.expires_on, '+1 day')),
                   sum(t.renewed_on > date(t.expires_on, '+1 day')), 0
            FROM certificate_terms t CROSS JOIN certificates c ON c.id = t.certificate_id
            WHERE t.expires_on BETWEEN ? AND ?
              AND c.kind_key NOT IN (SELECT value FROM json_each(?)){where}""",
        (from_on.isoformat(), to_on.isoformat(), json.dumps(sorted(rules.excluded_kinds)), *values),
    ).fetchone()
    totals = [total + (part or 0) for total, part in zip(totals, ended, strict=True)]
    return Renewals(*totals)


@dataclass(frozen=True, slots=True)
class Telling:
    """Of the certificates that end in a period: how many holders were told, and reached."""

    due: int
    told: int
    reached: int


def count_telling(
    db: Database,
    calendar: Calendar,
    kinds: Kinds,
    rules: Rules,
    scope: Scope,
    today: date,
    to_on: date,
) -> Telling:
    """Count how far messages got for what ends from today on, each since it is at its level."""
    where, values = _within(scope)
    totals = [0, 0, 0]
    for key, since in _sinces(db, calendar, kinds, rules, today, to_on):
        row = db.conn.execute(
            f"SELECT count(*), sum({_TOLD}), sum({_REACHED}) {_BY_DAY} AND {_WATCHED}{where}",
            (since, key, *values),
        ).fetchone()
        totals = [total + (part or 0) for total, part in zip(totals, row, strict=True)]
    return Telling(*totals)
