"""A large rule book: reading and checking it cold and warm, memory, and answers during a reload.

python -m benchmarks.knowledge [ENTRIES]
"""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import psutil

import bot.one_thread  # noqa: F401 - as in the program, it must come before numpy
from bot.desk import Knowledge
from bot.loading import load_current
from bot.reloading import let_go, read_again, uncollected
from bot.settings import SHIPPED_KNOWLEDGE, Settings
from knowledge.changes import changes
from knowledge.check import check_folder
from knowledge.checklist import checklist
from knowledge.editing.edits import Act, Edit
from knowledge.editing.plan import plan_edits, write_plan
from knowledge.model import KnowledgeBase
from knowledge.search.engine import build_search
from knowledge.search.gather import search_material

TODAY = date(2026, 11, 22)
ENTRIES = 3000
MEGABYTE = 1024 * 1024
DIGITS = "零一二三四五六七八九"
PAPERS = 9
EVERY = 0.002
LONGEST = 0.05
_EMPTY = KnowledgeBase(version="", entries={})


def generate(folder: Path, entries: int) -> None:
    """Write a rule book of this many entries, each of about 4 KB and none like another."""
    (folder / "packages").mkdir(parents=True)
    (folder / "departments.yaml").write_text("- id: office\n  name: 某某局\n", "utf-8")
    for number in range(entries):
        path = folder / "packages" / f"entry_{number}.yaml"
        path.write_text(_entry(number), "utf-8")


def _entry(number: int) -> str:
    name = f"第{_in_words(number)}号事项"
    aliases = "".join(f"  - {verb}{name}\n" for verb in "办 领 换 补 查 改 退 停 问".split())
    papers = "".join(_paper(place, name) for place in range(PAPERS))
    steps = "".join(
        f"  - id: step_{n}\n    source: law\n    text: 第{n + 1}步，带上材料到窗口找工作人员办理\n"
        for n in range(4)
    )
    return f"""\
id: entry_{number}
name: 办理{name}
short_name: {_in_words(number)}号
kind: item
summary: 这是一件用来量速度的事，长短和真的差不多，说的都是假的，不作办事依据。
aliases:
{aliases}owner: office
review_on: 2028-01-01
questions:
  - id: who
    ask: 给谁办？
    first: true
    options:
      - {{id: self, label: 给自己}}
      - {{id: other, label: 替别人}}
  - id: kind
    ask: 是哪一种？
    options:
      - {{id: new, label: 头一回}}
      - {{id: again, label: 不是头一回}}
materials:
{papers}steps:
{steps}limits:
  - source: law
    kind: promised
    days: 5
fees:
  - source: law
    text: 不收费
    amount: '0'
locations:
  - source: law
    text: 各区县政务服务大厅
legal_basis:
  - title: 某某条例
    source: law
sources:
  - id: law
    title: 某某条例
    place: 开封市
    confidence: high
    checked_on: 2026-11-01
"""


def _paper(place: int, name: str) -> str:
    conditions = ("{who: [other]}", "{kind: [new]}", "{kind: [again]}")
    when = f"    when: {conditions[place % 3]}\n" if place % 2 else ""
    return (
        f"  - id: paper_{place}\n    source: law\n{when}    name: {name}的第{place + 1}样材料\n"
        "    hand_in: original\n    copies: 1\n    issuer: 某某局的窗口\n"
        "    reason: 核对本人的情况\n    note: 原件当场退还，复印件留下一份存档备查\n"
    )


def _in_words(number: int) -> str:
    return "".join(DIGITS[int(digit)] for digit in str(number))


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def read_once(folder: Path, cache: Path) -> None:
    """Read and check in this process and print seconds, added memory and errors."""
    process = psutil.Process()
    gc.collect()
    before = process.memory_info().rss
    began = time.perf_counter()
    base, problems = check_folder(folder, today=TODAY, cache_dir=cache)
    seconds = time.perf_counter() - began
    added = (process.memory_info().rss - before) / MEGABYTE
    count = len(base.entries) if base else 0
    print(f"{seconds:.2f} s, {added:.0f} MiB more, {count} entries, {len(problems)} problems")


def _in_fresh_process(folder: Path, cache: Path) -> str:
    """Read in a process of its own, so that memory and caches are those of a start."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.knowledge", "--read", str(folder), str(cache)],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return done.stdout.strip()


def waits_during(answer: Callable[[int], object], work: Callable[[], object]) -> list[float]:
    """Answer while `work` runs in a thread; return how long each answer was waited for, sorted.

    The thread that answers is the main one, as in the program. A question comes every 2 ms, and
    its wait counts from when it came, so that time lost before it was looked at counts too.
    """
    worker = threading.Thread(target=work)
    waits = []
    worker.start()
    while worker.is_alive():
        came = time.perf_counter() + EVERY
        time.sleep(EVERY)
        answer(len(waits))
        waits.append(time.perf_counter() - came)
    return sorted(waits)


def _worded(waits: list[float]) -> str:
    late = sum(wait > LONGEST for wait in waits)
    return (
        f"{len(waits)} answers meanwhile, longest {_in_ms(waits[-1])}, "
        f"999 in a thousand within {_in_ms(waits[int(len(waits) * 0.999) - 1])}, "
        f"{late} over {_in_ms(LONGEST)}"
    )


def main() -> None:
    """Print every figure."""
    if sys.argv[1:2] == ["--read"]:
        read_once(Path(sys.argv[2]), Path(sys.argv[3]))
        return
    numbers = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    entries = numbers[0] if numbers else ENTRIES
    with tempfile.TemporaryDirectory(prefix="yikouqing-bench-") as made:
        folder, cache = Path(made) / "knowledge", Path(made) / "cache"
        generate(folder, entries)
        size = sum(path.stat().st_size for path in folder.rglob("*.yaml")) / entries
        print(f"{entries} entries of {size / 1000:.1f} kB")
        print(f"cold: {_in_fresh_process(folder, cache)}")
        print(f"warm: {_in_fresh_process(folder, cache)}")
        _during_reload(folder, cache)
    with tempfile.TemporaryDirectory(prefix="yikouqing-bench-") as made:
        _during_real_reload(Path(made))


def _during_reload(folder: Path, cache: Path) -> None:
    """Change one file of the large rule book and read it again beside the answering."""
    base, problems = check_folder(folder, today=TODAY, cache_dir=cache)
    assert base is not None, problems[:3]
    entries = list(base.entries.values())

    def answer(number: int) -> object:
        return checklist(base, entries[number % len(entries)], {}, today=TODAY)

    _freeze()
    one = folder / "packages" / "entry_0.yaml"
    one.write_text(one.read_text("utf-8").replace("days: 5", "days: 6"), "utf-8")
    told: list[int] = []

    def reload() -> None:
        with uncollected():
            fresh, _ = check_folder(folder, today=TODAY, cache_dir=cache)
            assert fresh is not None
            told.append(len(changes(base, fresh)))
            kept = [Knowledge(fresh, build_search(search_material(_EMPTY)))]
            del fresh
        let_go(kept.pop())

    waits = waits_during(answer, reload)
    print(f"reload: {told[0]} change, {_worded(waits)}")


def _during_real_reload(folder: Path) -> None:
    """Give the shipped rule book one more alias: read, check, train and examine it again."""
    knowledge = folder / "knowledge"
    shutil.copytree(SHIPPED_KNOWLEDGE, knowledge)
    settings = Settings(data_dir=folder, knowledge_dir=knowledge)
    current, problems = load_current(settings, today=TODAY)
    assert current is not None, problems[:3]
    current.search.train()
    questions = [entry.aliases[0] for entry in current.base.entries.values()]

    def answer(number: int) -> object:
        return current.search.understand(questions[number % len(questions)])

    for number in range(len(questions)):
        answer(number)
    alone = max(_timed(lambda number=n: answer(number)) for n in range(len(questions)))  # type: ignore[misc]
    _freeze()
    edit = Edit("packages/newborn.yaml", Act.ADD, ("aliases",), "俺家添丁以后去哪登记哩")
    write_plan(knowledge, plan_edits(knowledge, (edit,), today=TODAY))
    told: list[str] = []

    def reload() -> None:
        with uncollected():
            told.extend(read_again(current.base, settings, today=TODAY).told)

    began = time.perf_counter()
    waits = waits_during(answer, reload)
    print(
        f"reload of the shipped rule book with training: {time.perf_counter() - began:.1f} s, "
        f"{_worded(waits)} (alone {_in_ms(alone)})"
    )


def _freeze() -> None:
    """Do as the program does once it runs: what is in force is kept from the collector."""
    gc.collect()
    gc.freeze()


def _in_ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


if __name__ == "__main__":
    main()
