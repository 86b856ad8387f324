"""What one recipient answers for at a run: how many are late, due today, due soon; the worst.

Decided by the sweep, which has read every case, and kept with the message, so that whoever
renders it need not read them all again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum

from reminders.cases import Case
from reminders.overdue import Standing, worst_first

MOST_NAMED = 15
MOST_UNITS = 12


class Block(StrEnum):
    """The blocks of a digest, worst first."""

    LATE = "late"
    DUE_TODAY = "due_today"
    DUE_SOON = "due_soon"


def block_of(standing: Standing) -> Block:
    """Return the block a case that is yellow or red stands in."""
    if standing.is_late:
        return Block.LATE
    return Block.DUE_TODAY if standing.due_today else Block.DUE_SOON


@dataclass(frozen=True, slots=True)
class UnitTotals:
    """How many cases of a unit are late, and how many will be."""

    unit: str
    late: int
    soon: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Totals by block, the ids of each block's worst, and the worst units with how many there are.

    `units` stays empty where all is one unit's.
    """

    totals: dict[str, int]
    worst: dict[str, tuple[int, ...]]
    units: tuple[UnitTotals, ...] = ()
    all_units: int = 0

    def to_text(self) -> str:
        """Write it as a fact of a message."""
        return json.dumps(asdict(self), ensure_ascii=False)


def read_overview(text: str) -> Overview:
    """Read what `to_text` wrote."""
    said = json.loads(text)
    return Overview(
        totals=said["totals"],
        worst={block: tuple(ids) for block, ids in said["worst"].items()},
        units=tuple(UnitTotals(**unit) for unit in said["units"]),
        all_units=said["all_units"],
    )


def overview_of(entries: Iterable[tuple[Case, Standing]]) -> Overview:
    """Sum up the yellow and red cases of one recipient."""
    blocks: dict[str, list[tuple[Case, Standing]]] = {}
    by_unit: dict[str, list[int]] = {}
    for case, standing in entries:
        block = block_of(standing)
        blocks.setdefault(block.value, []).append((case, standing))
        by_unit.setdefault(case.unit_name, [0, 0])[block is not Block.LATE] += 1
    units = [UnitTotals(unit, late, soon) for unit, (late, soon) in by_unit.items()]
    units.sort(key=lambda u: (-u.late, -u.soon, u.unit))
    return Overview(
        totals={block: len(found) for block, found in blocks.items()},
        worst={
            block: tuple(case.id for case, _ in worst_first(found)[:MOST_NAMED])
            for block, found in blocks.items()
        },
        units=tuple(units[:MOST_UNITS]) if len(units) > 1 else (),
        all_units=len(units),
    )
