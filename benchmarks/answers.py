"""Rendering every reachable path of every entry: the slowest, the median, the count."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bot.answering import facts_for
from bot.clock import LOCAL
from bot.desks import open_desk
from bot.dialogue import Place
from bot.settings import Settings
from bot.views.answer import answer_reply
from knowledge.checklist import paths


def main() -> None:
    """Print the figures."""
    with TemporaryDirectory() as name:
        settings = Settings(data_dir=Path(name))
        began = time.perf_counter()
        desk = open_desk(settings, lambda: datetime(2025, 1, 24, 10, tzinfo=LOCAL))
        print(
            f"load and check {len(desk.base.entries)} entries and open: "
            f"{time.perf_counter() - began:.2f} s"
        )
        spent: list[tuple[float, str]] = []
        for entry in desk.base.entries.values():
            for answers in paths(entry):
                began = time.perf_counter()
                answer_reply(facts_for(desk, entry, answers, Place("龙亭区")))
                spent.append((1000 * (time.perf_counter() - began), entry.id))
        slowest = max(spent)
        print(
            f"{len(spent)} paths: median {median(s for s, _ in spent):.2f} ms, "
            f"slowest {slowest[0]:.2f} ms ({slowest[1]})"
        )
