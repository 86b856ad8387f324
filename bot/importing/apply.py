"""Take what a plan found good into the records, the same way for every kind of file.

Cases and staff are taken in one transaction. Larger registers are taken in batches, each of which
may be repeated, so that a killed import is finished by running it again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Protocol, TypeVar

from sqlite_utils import Database

from bot.database import room_for_batches, transaction
from bot.importing.columns import Row
from bot.importing.plan import Parser, Plan, Progress, no_progress
from reminders.cases import Change, Covers

MOST_ROWS_AT_ONCE = 50_000

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Statement:
    """What the sender says at 确认; what is left open is taken as the file proposes it."""

    covers: Covers | None = None
    data_as_of: datetime | None = None
    by_person_id: int | None = None


class Importer(Parser[R], Protocol[R]):
    """What a kind of file must know to be imported; `db` comes inside a transaction."""

    @property
    def in_batches(self) -> bool:
        """Tell whether the rows may be committed a batch at a time."""

    def was_taken(self, db: Database, plan: Plan[R], said: Statement) -> bool:
        """Tell whether this very file with this coverage has been taken already."""

    def compare(
        self,
        db: Database,
        rows: Sequence[tuple[Row, R]],
        plan: Plan[R],
        said: Statement,
        now: datetime,
    ) -> Counter[Change]:
        """Count what the rows would do, without doing it."""

    def begin(self, db: Database, plan: Plan[R], said: Statement, now: datetime) -> int:
        """Record the import and return its id; the same file again has the same id."""

    def apply(
        self, db: Database, rows: Sequence[tuple[Row, R]], import_id: int, now: datetime
    ) -> Counter[Change]:
        """Bring the records up to the rows; the same rows again change nothing."""

    def count_missing(self, db: Database, plan: Plan[R], said: Statement, now: datetime) -> int:
        """Count what lies inside the file's range and is not in it."""

    def finish(
        self, db: Database, plan: Plan[R], said: Statement, import_id: int, now: datetime
    ) -> int:
        """Mark what lies inside the file's range and is not in it; return how many."""


@dataclass(frozen=True, slots=True)
class Result:
    """What an import did, or would do, to our records."""

    added: int = 0
    updated: int = 0
    closed: int = 0
    unchanged: int = 0
    missing: int = 0
    taken_before: bool = False


def preview(
    db: Database,
    plan: Plan[R],
    importer: Importer[R],
    *,
    said: Statement,
    now: datetime,
    progress: Progress = no_progress,
) -> Result:
    """Tell what applying the plan would do; reads only."""
    if not plan.may_apply:
        return Result()
    if importer.was_taken(db, plan, said):
        return Result(unchanged=plan.good, taken_before=True)
    counted: Counter[Change] = Counter()
    for batch in _batches(plan.rows()):
        counted += importer.compare(db, batch, plan, said, now)
        progress(len(batch))
    return _result(counted, plan, importer.count_missing(db, plan, said, now))


def apply(
    db: Database,
    plan: Plan[R],
    importer: Importer[R],
    *,
    said: Statement,
    now: datetime,
    progress: Progress = no_progress,
) -> Result:
    """Take the plan's good rows into the records; nothing at all where too many are bad."""
    if not plan.may_apply:
        return Result()
    if importer.in_batches:
        with room_for_batches(db):
            return _apply_in_batches(db, plan, importer, said, now, progress)
    # Parsed before the transaction begins, so that nobody waits for the reading of a file.
    rows = list(plan.rows())
    with transaction(db):
        if importer.was_taken(db, plan, said):
            return Result(unchanged=plan.good, taken_before=True)
        import_id = importer.begin(db, plan, said, now)
        counted: Counter[Change] = Counter()
        for start in range(0, len(rows), _STEP):
            batch = rows[start : start + _STEP]
            counted += importer.apply(db, batch, import_id, now)
            progress(len(batch))
        return _result(counted, plan, importer.finish(db, plan, said, import_id, now))


_STEP = 500


def _apply_in_batches(
    db: Database,
    plan: Plan[R],
    importer: Importer[R],
    said: Statement,
    now: datetime,
    progress: Progress,
) -> Result:
    with transaction(db):
        if importer.was_taken(db, plan, said):
            return Result(unchanged=plan.good, taken_before=True)
        import_id = importer.begin(db, plan, said, now)
    counted: Counter[Change] = Counter()
    for batch in _batches(plan.rows()):
        with transaction(db):
            counted += importer.apply(db, batch, import_id, now)
        progress(len(batch))
    with transaction(db):
        return _result(counted, plan, importer.finish(db, plan, said, import_id, now))


def _batches(rows: Iterator[tuple[Row, R]]) -> Iterator[list[tuple[Row, R]]]:
    while batch := list(islice(rows, MOST_ROWS_AT_ONCE)):
        yield batch


def _result(counted: Counter[Change], plan: Plan[R], missing: int) -> Result:
    return Result(
        added=counted[Change.ADDED],
        updated=counted[Change.UPDATED],
        closed=counted[Change.CLOSED],
        # A row that stands in the file twice, word for word, is taken once.
        unchanged=counted[Change.UNCHANGED] + plan.repeated,
        missing=missing,
    )
