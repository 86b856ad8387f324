"""A citizen's questions while a supervisor's dashboard over a million ratings is computed.

python -m benchmarks figures    makes the ratings in a temporary folder, measures and removes them
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.ratings import NOW, RATINGS, fill, ratings_desk
from bot import router
from bot.channels.beside import Beside
from bot.channels.web.dashboard import dashboard_html
from bot.desk import Desk
from bot.dialogue import Channel, Incoming, Person, Reply
from bot.handlers.statistics import MOST_ROWS, export
from bot.records import people
from bot.records.people import Address
from bot.reports.statistics import Query

QUESTIONS = ("退休要啥材料", "娃上户口", "开个小饭馆，四十平", "公积金提取多久到账")
BETWEEN_SECONDS = 0.1
RUNS = 5

Work = Callable[[Desk], object]


def main() -> None:
    """Make the ratings, then ask while figures are computed beside the loop and on it."""
    with TemporaryDirectory() as name:
        desk = ratings_desk(Path(name))
        fill(desk, RATINGS)
        desk.db.execute("ANALYZE")
        desk.search.train()
        supervisor = people.person_by_id(desk.db, 1)
        month = Query(NOW.date().replace(day=1), NOW.date())
        words = Incoming(supervisor, Channel.WEB, text="本月评价")
        works: dict[str, Work] = {
            "the dashboard of a month": lambda at: dashboard_html(at, supervisor, month),
            "its workbook": lambda at: export(at, supervisor, month, limit=MOST_ROWS),
            "本月评价 in chat": lambda at: router.respond(at, words),
            "the picture in chat": lambda at: router.respond(at, _chart(supervisor, month)),
        }
        asyncio.run(_measure(desk, works))


def _chart(supervisor: Person, month: Query) -> Incoming:
    token = f"chart:{month.from_on}:{month.to_on}"
    return Incoming(supervisor, Channel.WEB, token=token)


async def _measure(desk: Desk, works: dict[str, Work]) -> None:
    with_nothing = [await _ask(desk, n) for n in range(200)]
    print(f"questions alone: {_said(with_nothing)}")
    beside = Beside()
    for what, work in works.items():
        spent, waits = await _meanwhile(desk, lambda work=work: beside.compute(desk, work))  # type: ignore[misc]
        print(f"{what}, beside the loop ({spent:.0f} ms): {_said(waits)}")
        spent, waits = await _meanwhile(desk, lambda work=work: _on_the_loop(desk, work))  # type: ignore[misc]
        print(f"{what}, on the loop as before ({spent:.0f} ms): {_said(waits)}")


async def _on_the_loop(desk: Desk, work: Work) -> object:
    return work(desk)


async def _meanwhile(
    desk: Desk, compute: Callable[[], Awaitable[object]]
) -> tuple[float, list[float]]:
    """Ask every 100 ms while figures are computed some times; return their time and the waits."""
    waits: list[float] = []
    done = asyncio.Event()

    async def ask() -> None:
        due, n = time.perf_counter(), 0
        while not done.is_set():
            # A question that came while the loop was held up waits from when it came.
            due = max(due + BETWEEN_SECONDS, time.perf_counter() - 10)
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            await _ask(desk, n)
            waits.append((time.perf_counter() - due) * 1000)
            n += 1

    asking = asyncio.create_task(ask())
    await asyncio.sleep(0.1)
    spent = 0.0
    for _ in range(RUNS):
        began = time.perf_counter()
        await compute()
        spent += (time.perf_counter() - began) * 1000 / RUNS
        await asyncio.sleep(2 * BETWEEN_SECONDS)
    done.set()
    await asking
    return spent, waits


async def _ask(desk: Desk, n: int) -> float:
    began = time.perf_counter()
    person = people.person_at(desk.db, Address(Channel.WEB, f"asks-{n % 50}"), now=NOW)
    incoming = Incoming(person, Channel.WEB, text=QUESTIONS[n % len(QUESTIONS)])
    reply = router.respond(desk, incoming)
    assert isinstance(reply, Reply)
    return (time.perf_counter() - began) * 1000


def _said(waits: list[float]) -> str:
    ordered = sorted(waits)
    p99 = ordered[int(len(ordered) * 0.99)]
    return (
        f"{len(ordered)} answers, median {median(ordered):.0f} ms, p99 {p99:.0f} ms, "
        f"longest {ordered[-1]:.0f} ms"
    )
