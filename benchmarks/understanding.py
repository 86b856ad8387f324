"""Measure the search on labelled questions: by kind, with intervals, beside plain rapidfuzz.

A labelled file has the columns id, question, expected, kind, context, also_ok. In `expected`
all ids are required for kind `multi`, any one elsewhere; `out_of_scope` means `nothing`.
The search never trains on these rows.
"""

import csv
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from rapidfuzz import fuzz, process

from knowledge.search.engine import Search
from knowledge.search.material import SearchMaterial
from knowledge.search.understanding import Outcome, Understanding

OUTSIDE = "out_of_scope"
MULTI = "multi"
WORST = 20


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled question."""

    id: str
    question: str
    expected: tuple[str, ...]
    kind: str
    context: str
    also_ok: tuple[str, ...]

    @property
    def is_outside(self) -> bool:
        """Tell whether the right outcome is `nothing`."""
        return self.expected == (OUTSIDE,)


@dataclass(frozen=True, slots=True)
class Scored:
    """One question with what came of it."""

    labelled: Labelled
    found: Understanding
    first: bool
    top_three: bool
    ms: float

    @property
    def is_fine(self) -> bool:
        """Tell whether the person was helped: right first, or rightly refused."""
        if self.labelled.is_outside:
            return self.found.outcome is Outcome.NOTHING
        return self.first and self.found.outcome is not Outcome.NOTHING


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % Wilson interval."""

    good: int
    total: int

    @property
    def value(self) -> float:
        """Give the share itself."""
        return self.good / self.total if self.total else 0.0

    def interval(self) -> tuple[float, float]:
        """Give the Wilson interval."""
        if not self.total:
            return 0.0, 1.0
        z, n, p = 1.96, self.total, self.value
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        reach = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - reach), min(1.0, middle + reach)

    def __str__(self) -> str:
        low, high = self.interval()
        return f"{self.value:.3f} [{low:.2f}–{high:.2f}] {self.good}/{self.total}"


def read_labelled(path: Path) -> list[Labelled]:
    """Read a labelled file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [
            Labelled(
                row["id"],
                row["question"],
                tuple(row["expected"].split("|")),
                row["kind"],
                row["context"] or "",
                tuple(filter(None, (row["also_ok"] or "").split("|"))),
            )
            for row in csv.DictReader(file)
        ]


def share(rows: Iterable[Scored], holds: Callable[[Scored], bool]) -> Share:
    """Count how many rows it holds for."""
    outcomes = [holds(row) for row in rows]
    return Share(sum(outcomes), len(outcomes))


def score(labelled: Labelled, found: Understanding, ms: float) -> Scored:
    """Compare what was understood with the label."""
    names = [candidate.entry_id for candidate in found.candidates]
    right = {*labelled.expected, *labelled.also_ok}
    if labelled.kind == MULTI:
        both = set(labelled.expected) <= set(names[:3])
        return Scored(labelled, found, bool(names) and names[0] in right, both, ms)
    return Scored(
        labelled, found, names[:1] != [] and names[0] in right, bool(right & set(names[:3])), ms
    )


def evaluate(search: Search, rows: Sequence[Labelled]) -> list[Scored]:
    """Ask every question, with the entry of the question before where there is one."""
    scored = []
    for row in rows:
        last = search.understand(row.context).candidates[0].entry_id if row.context else None
        begun = time.perf_counter()
        found = search.understand(row.question, last_entry=last)
        scored.append(score(row, found, (time.perf_counter() - begun) * 1000))
    return scored


def baseline(material: SearchMaterial, rows: Sequence[Labelled]) -> dict[str, Share]:
    """Rank by plain rapidfuzz WRatio over the raw wordings, as the comparison."""
    wordings = [(text, entry.id) for entry in material.entries for text in entry.wordings()]
    texts = [text for text, _ in wordings]
    first, third = defaultdict(list), defaultdict(list)
    for row in rows:
        if row.is_outside or row.kind == MULTI:
            continue
        ranked = process.extract(row.question, texts, scorer=fuzz.WRatio, limit=40)
        names = list(dict.fromkeys(wordings[at][1] for _, _, at in ranked))
        right = {*row.expected, *row.also_ok}
        for kind in (row.kind, "all"):
            first[kind].append(names[:1] != [] and names[0] in right)
            third[kind].append(bool(right & set(names[:3])))
    return {kind: Share(sum(hits), len(hits)) for kind, hits in first.items()} | {
        "all, top 3": Share(sum(third["all"]), len(third["all"]))
    }


def table(scored: Sequence[Scored], plain: dict[str, Share]) -> list[str]:
    """Lay the measures out in lines."""
    ours = [row for row in scored if not row.labelled.is_outside]
    single = [row for row in ours if row.labelled.kind != MULTI]
    outside = [row for row in scored if row.labelled.is_outside]
    multi = [row for row in ours if row.labelled.kind == MULTI]
    lines = [
        f"第一名正确        {share(single, lambda r: r.first)}    rapidfuzz {plain.get('all', Share(0, 0))}",
        f"前三名有正确      {share(single, lambda r: r.top_three)}    rapidfuzz {plain.get('all, top 3', Share(0, 0))}",
        f"两件事都在前三    {share(multi, lambda r: r.top_three)}",
        f"两件事判为 several {share(multi, lambda r: r.found.outcome is Outcome.SEVERAL)}",
        f"单件事误判 several {share(single, lambda r: r.found.outcome is Outcome.SEVERAL)}",
        f"范围外被拒        {share(outside, lambda r: r.found.outcome is Outcome.NOTHING)}",
        f"范围内被接受      {share(ours, lambda r: r.found.outcome is not Outcome.NOTHING)}",
        f"sure 的比例       {share(single, lambda r: r.found.outcome is Outcome.SURE)}",
        f"sure 而错         {share(single, lambda r: r.found.outcome is Outcome.SURE and not r.first)}",
        f"范围外却 sure     {share(outside, lambda r: r.found.outcome is Outcome.SURE)}",
    ]
    for kind in sorted({row.labelled.kind for row in scored}):
        rows = [row for row in scored if row.labelled.kind == kind]
        inside = [row for row in rows if not row.labelled.is_outside]
        text = f"  {kind:<16}对或对拒 {share(rows, lambda r: r.is_fine)}"
        if inside and kind != MULTI:
            text += f"  第一 {share(inside, lambda r: r.first)}  前三 {share(inside, lambda r: r.top_three).value:.3f}"
            text += f"  rapidfuzz {plain[kind].value:.2f}" if kind in plain else ""
        lines.append(text)
    times = sorted(row.ms for row in scored)
    lines.append(f"毫秒 p50 {times[len(times) // 2]:.2f}  p95 {times[int(len(times) * 0.95)]:.2f}")
    return lines


def worst(scored: Sequence[Scored]) -> list[str]:
    """List the errors that weigh most: certain and wrong first, then refused, then the rest."""

    def weight(row: Scored) -> float:
        certain = row.found.outcome is Outcome.SURE
        refused = row.found.outcome is Outcome.NOTHING
        return 2.0 * certain + 1.0 * refused + row.found.candidates[0].score

    wrong = sorted((row for row in scored if not row.is_fine), key=weight, reverse=True)
    return [
        f"{row.labelled.id} {row.labelled.kind} “{row.labelled.question[:40]}” 应为"
        f" {'|'.join(row.labelled.expected)}，{row.found.outcome}"
        f" {[(one.entry_id, round(one.score, 2)) for one in row.found.candidates[:3]]}"
        for row in wrong[:WORST]
    ]


def report(search: Search, material: SearchMaterial, rows: Sequence[Labelled]) -> list[str]:
    """Measure and describe, ready to print."""
    scored = evaluate(search, rows)
    return [*table(scored, baseline(material, rows)), "", "最重的错：", *worst(scored)]
