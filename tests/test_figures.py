"""Figures over everything are computed beside the loop, from one snapshot, and hold nobody up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

import httpx
import pytest

from bot import router
from bot.channels.beside import Beside
from bot.channels.web.app import build_web
from bot.channels.web.site import Core
from bot.database import FILE_NAME, connect, open_database, reading, transaction
from bot.desk import Desk
from bot.dialogue import Channel, Incoming, Person, Reply, Role, Scope
from bot.handlers import statistics
from bot.handlers.slips import slip_page
from bot.records import people
from bot.records.audit import Deed, deeds
from bot.records.people import Address
from bot.settings import Settings
from tests.web.fakes import HOME

PERIOD = "2025-01-24:2025-01-24"


@pytest.fixture
def kept(desk: Desk, settings: Settings) -> Iterator[Desk]:
    """Return the desk over a file, as a running program has it."""
    db = open_database(settings.data_dir / FILE_NAME)
    yield replace(desk, db=db)
    db.conn.close()


def somebody_with(desk: Desk, role: Role) -> Person:
    with transaction(desk.db):
        person = people.person_at(desk.db, Address(Channel.WEB, role), now=desk.now())
        return people.set_role(desk.db, person, role, Scope())


def where(desk: Desk, person: Person, **what: str) -> str:
    """Return the kind of thread that answered."""
    found: list[str] = []

    def respond(at: Desk, _incoming: Incoming) -> Reply:
        assert (at.db is desk.db) == (threading.current_thread() is threading.main_thread())
        found.append(threading.current_thread().name.partition("_")[0])
        return Reply("好")

    asyncio.run(Beside().respond(respond, desk, replace(Incoming(person, Channel.WEB), **what)))  # type: ignore[arg-type]
    return found[0]


@pytest.mark.parametrize("verb", sorted(router.FIGURES))
def test_every_button_for_figures_is_answered_in_the_figures_thread(kept: Desk, verb: str) -> None:
    supervisor = somebody_with(kept, Role.SUPERVISOR)

    assert where(kept, supervisor, token=f"{verb}:{PERIOD}") == "figures"


@pytest.mark.parametrize("words", ["今日评价", "2025-02-06 评价", "龙亭区 本周评价", "/today"])
def test_words_for_figures_are_answered_there_too(kept: Desk, words: str) -> None:
    assert where(kept, somebody_with(kept, Role.SUPERVISOR), text=words) == "figures"


@pytest.mark.parametrize("words", ["退休要啥", "菜单", "怎么评价"])
def test_questions_are_answered_at_once(kept: Desk, words: str) -> None:
    assert where(kept, somebody_with(kept, Role.SUPERVISOR), text=words) == "MainThread"


def test_a_citizen_who_says_such_words_is_answered_at_once(kept: Desk) -> None:
    assert where(kept, somebody_with(kept, Role.CITIZEN), text="龙亭区评价") == "MainThread"


def test_everything_about_ratings_in_chat_is_among_the_figures() -> None:
    by_button = {
        verb
        for verb, route in router.TOKENS.items()
        if route.handler.__module__ == statistics.__name__
    }

    assert by_button == set()


def test_a_snapshot_agrees_with_itself_while_others_write(kept: Desk) -> None:
    other = connect(kept.settings.data_dir / FILE_NAME)

    with reading(kept.db):
        before = kept.db.execute("SELECT count(*) FROM people").fetchone()
        with transaction(other):
            people.person_at(other, Address(Channel.WEB, "new"), now=kept.now())
        within = kept.db.execute("SELECT count(*) FROM people").fetchone()
    after = kept.db.execute("SELECT count(*) FROM people").fetchone()
    other.conn.close()

    assert before == within
    assert after[0] == before[0] + 1


def test_a_question_is_answered_while_the_dashboard_is_computed(kept: Desk) -> None:
    """Hold the dashboard's worker until the question has had its answer."""
    answered, began = threading.Event(), threading.Event()

    def now() -> datetime:
        if threading.current_thread() is not threading.main_thread():
            began.set()
            assert answered.wait(20), "the question waited for the dashboard"
        return kept.now()

    held = replace(kept, now=now)
    app = build_web(held, Core(router.respond, router.settle, slip_page))

    async def ask() -> tuple[httpx.Response, httpx.Response]:
        supervisor, citizen = (_client(app) for _ in range(2))
        await _say(supervisor, "你好")
        (person_id,) = kept.db.execute("SELECT max(id) FROM people").fetchone()
        person = people.person_by_id(kept.db, person_id)
        with transaction(kept.db):
            people.set_role(kept.db, person, Role.SUPERVISOR, Scope())
        board = asyncio.create_task(supervisor.get("/dashboard"))
        await asyncio.to_thread(began.wait, 20)
        said = await _say(citizen, "娃上户口要啥")
        answered.set()
        return await board, said

    board, said = asyncio.run(ask())

    assert said.status_code == 200
    assert "上户口" in said.text
    assert board.status_code == 200
    assert "服务反馈" in board.text
    seen = [d.subject for d in deeds(kept.db) if d.deed in (Deed.SAW_FIGURES, Deed.SAW_LIST)]
    assert seen == ["dashboard:2025-01-24:2025-01-24"]


def _client(app: Callable[..., object]) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url=HOME)


async def _say(client: httpx.AsyncClient, words: str) -> httpx.Response:
    headers = {"origin": HOME, "accept": "application/json"}
    fields = {"text": words, "key": f"key-{len(words):08}"}
    return await client.post("/say", data=fields, headers=headers)


def test_the_menus_button_for_figures_is_answered_in_the_figures_thread(kept: Desk) -> None:
    supervisor = somebody_with(kept, Role.SUPERVISOR)

    assert where(kept, supervisor, token="do:today") == "figures"
    assert where(kept, supervisor, token="do:rectifications") == "MainThread"
