"""The Telegram channel over real HTTP: no question lost, no effect repeated, nothing malformed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from bot import router
from bot.channels.telegram.core import Core, Timing
from bot.channels.telegram.outgoing import split_reply, split_text, to_html, utf16_length
from bot.channels.telegram.start import CannotUseTelegram, State, TelegramChannel
from bot.channels.telegram.tables import aligned, columns_of
from bot.database import transaction
from bot.delivery import DeliveryLoop
from bot.desk import Desk
from bot.dialogue import Button, Channel, Document, Incoming, Picture, Reply, Role, Scope, Table
from bot.records import people
from bot.records.people import Address
from bot.views.alerts import render_alert
from tests.scripted_core import BRISK, QUICK, ScriptedCore, a_desk
from tests.telegram_stub import (
    BOT_USERNAME,
    PNG,
    TOKEN,
    BadGateway,
    DropAfterEffect,
    DropBeforeEffect,
    Pace,
    Post,
    Refusal,
    Stub,
    TooManyRequests,
    User,
    blocked,
    running_stub,
)

REAL_CORE = Core(router.respond, router.settle, router.settle_later, router.menu_for)


@pytest.fixture(autouse=True)
def _no_warning_of_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the library make its RetryAfter, which else warns of its own future."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture(name="stub")
def _stub() -> Iterator[Stub]:
    with running_stub() as stub:
        yield stub


@pytest.fixture(name="core")
def _core() -> ScriptedCore:
    return ScriptedCore()


def desk_for(stub: Stub, path: Path | None = None, **telegram: Any) -> Desk:
    return a_desk(stub.base_url, stub.base_file_url, stub.token, path, **telegram)


@asynccontextmanager
async def running(desk: Desk, core: Core, timing: Timing = QUICK) -> AsyncIterator[TelegramChannel]:
    """Run a channel with its outbox loop for as long as the block lasts."""
    channel = TelegramChannel(desk, core, timing=timing)
    loop = DeliveryLoop(desk, {Channel.TELEGRAM: channel.sender}, render_alert, pace=BRISK)
    channel.wake = loop.wake
    delivering = asyncio.create_task(loop.run())
    await channel.start()
    try:
        yield channel
    finally:
        await channel.stop()
        loop.stop()
        await delivering


def talk(
    stub: Stub,
    core: ScriptedCore,
    act: Callable[[], Awaitable[None]],
    desk: Desk | None = None,
    timing: Timing = QUICK,
) -> Desk:
    """Do something while the channel runs, until all is confirmed; nothing may be malformed."""
    desk = desk or desk_for(stub)

    async def run() -> None:
        async with running(desk, core.core(), timing):
            await act()
            await stub.eventually(lambda: not stub.pending_updates())

    asyncio.run(run())
    assert stub.violations == ()
    return desk


def effects(desk: Desk) -> list[str]:
    return [key for (key,) in desk.db.execute("SELECT key FROM effects").fetchall()]


def unsettled(desk: Desk) -> int:
    query = "SELECT count(*) FROM receipts WHERE settled_at IS NULL"
    return int(desk.db.execute(query).fetchone()[0])


async def answers(stub: Stub, user: User, count: int) -> None:
    await stub.eventually(lambda: len(user.messages()) >= count)


# -- order


def test_a_question_is_answered_and_settled(stub: Stub, core: ScriptedCore) -> None:
    user = stub.user()

    async def act() -> None:
        user.sends("娃上户口")
        await answers(stub, user, 1)

    desk = talk(stub, core, act)

    assert user.texts() == ("答：娃上户口",)
    assert unsettled(desk) == 0
    (incoming,) = core.heard
    assert (incoming.channel, incoming.discreet, incoming.public) == (Channel.TELEGRAM, True, False)


def test_what_was_written_while_we_were_away_is_answered(stub: Stub, core: ScriptedCore) -> None:
    user = stub.user()
    for number in range(30):
        user.sends(f"第{number}问")

    async def act() -> None:
        await answers(stub, user, 30)

    talk(stub, core, act)

    assert user.texts() == tuple(f"答：第{number}问" for number in range(30))


def test_one_slow_person_keeps_order_and_does_not_hold_up_the_others(
    stub: Stub, core: ScriptedCore
) -> None:
    slow, others = stub.user(1), [stub.user(n) for n in range(2, 8)]
    stub.script("sendMessage", TooManyRequests(1), chat_id=1)
    timing = replace(QUICK, settle=5)

    async def act() -> None:
        for number in range(5):
            slow.sends(str(number))
        for other in others:
            other.sends("快")
        await stub.eventually(lambda: all(other.messages() for other in others), seconds=0.8)
        assert not slow.messages()
        await answers(stub, slow, 5)

    talk(stub, core, act, timing=timing)

    assert slow.texts() == tuple(f"答：{number}" for number in range(5))


def test_a_redelivered_update_has_no_second_effect(stub: Stub, core: ScriptedCore) -> None:
    user = stub.user()

    async def act() -> None:
        first = user.sends("退休")
        await answers(stub, user, 1)
        await stub.eventually(lambda: not stub.pending_updates())
        stub.redeliver(first)
        user.sends("再问")
        await answers(stub, user, 2)

    desk = talk(stub, core, act)

    assert user.texts() == ("答：退休", "答：再问")
    assert len(effects(desk)) == 2


def test_an_unsettled_reply_is_sent_when_its_update_comes_again(
    stub: Stub, core: ScriptedCore
) -> None:
    user, desk = stub.user(), desk_for(stub)
    update_id = user.sends("退休")
    with transaction(desk.db):
        person = people.person_at(desk.db, Address(Channel.TELEGRAM, str(user.id)), now=desk.now())
    core.respond(desk, Incoming(person, Channel.TELEGRAM, text="退休", key=f"tg:{update_id}"))

    async def act() -> None:
        await answers(stub, user, 1)

    talk(stub, core, act, desk)

    assert user.texts() == ("答：退休",)
    assert len(effects(desk)) == 1


def test_a_poison_update_is_given_up_after_three_tries(
    stub: Stub, core: ScriptedCore, caplog: pytest.LogCaptureFixture
) -> None:
    user = stub.user()
    tries = []

    def answer(incoming: Incoming) -> Reply:
        if incoming.text == "毒":
            tries.append(incoming)
            raise ZeroDivisionError
        return Reply("好")

    core.answer = answer

    async def act() -> None:
        user.sends("毒")
        user.sends("正常的问题")
        await answers(stub, user, 2)

    talk(stub, core, act)

    assert len(tries) == 3
    apology, answer_after = user.texts()
    assert answer_after == "好"
    (incident,) = re.findall("incident ([0-9a-f]{6}): update", caplog.text)
    assert incident in apology


# -- killed at any moment


def test_a_killed_program_loses_no_question_and_repeats_no_effect(
    stub: Stub, tmp_path: Path
) -> None:
    users = [stub.user(n) for n in range(1, 9)]
    path = tmp_path / "chat.db"
    asked = 0
    for round_ in range(2):
        for user in users:
            user.sends(f"第{round_}轮")
            user.sends(f"第{round_}轮又")
            asked += 2
        enough = asked - 5
        program = _program(stub, path)
        try:
            stub.wait_for(partial(_has_sent, stub, enough), seconds=15)
        finally:
            program.send_signal(signal.SIGKILL)
            program.wait()
    program = _program(stub, path)
    try:
        stub.wait_for(lambda: not stub.pending_updates(), seconds=15)
    finally:
        program.kill()
        program.wait()

    desk = desk_for(stub, path)
    assert len(effects(desk)) == len(set(effects(desk))) == asked
    for user in users:
        in_order = list(dict.fromkeys(user.texts()))
        assert in_order == [f"答：第{n}轮{again}" for n in range(2) for again in ("", "又")]


def _has_sent(stub: Stub, count: int) -> bool:
    return len(stub.calls_of("sendMessage")) >= count


def _program(stub: Stub, path: Path) -> subprocess.Popen[bytes]:
    arguments = (stub.base_url, stub.base_file_url, stub.token, str(path))
    return subprocess.Popen(
        [sys.executable, "-m", "tests.scripted_core", *arguments],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"},
    )


def test_a_program_killed_before_the_reply_left_answers_after_the_restart(
    stub: Stub, tmp_path: Path
) -> None:
    user, path = stub.user(), tmp_path / "chat.db"
    user.sends("退休")
    stub.script("sendMessage", DropBeforeEffect())
    program = _program(stub, path)
    stub.wait_for(lambda: stub.calls_of("sendMessage"), seconds=15)
    program.kill()
    program.wait()

    program = _program(stub, path)
    try:
        stub.wait_for(user.messages, seconds=15)
    finally:
        program.kill()
        program.wait()

    assert set(user.texts()) == {"答：退休"}
    assert len(effects(desk_for(stub, path))) == 1


# -- misfortunes


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(TooManyRequests(1), id="429"),
        pytest.param(BadGateway(), id="502"),
        pytest.param(DropBeforeEffect(), id="dropped before"),
        pytest.param(Refusal(500, "Internal Server Error"), id="500"),
    ],
)
def test_a_reply_that_failed_comes_all_the_same(stub: Stub, core: ScriptedCore, fault: Any) -> None:
    user = stub.user()
    stub.script("sendMessage", fault)

    async def act() -> None:
        user.sends("退休")
        await answers(stub, user, 1)
        await asyncio.sleep(0.1)

    desk = talk(stub, core, act)

    assert user.texts() == ("答：退休",)
    assert len(effects(desk)) == 1


def test_a_connection_cut_after_the_effect_repeats_the_message_once_at_most(
    stub: Stub, core: ScriptedCore
) -> None:
    user = stub.user()
    stub.script("sendMessage", DropAfterEffect())

    async def act() -> None:
        user.sends("退休")
        await answers(stub, user, 2)
        await asyncio.sleep(0.2)

    desk = talk(stub, core, act)

    assert user.texts() == ("答：退休", "答：退休")
    assert len(effects(desk)) == 1


def test_an_outage_makes_answers_late_and_nothing_worse(stub: Stub, core: ScriptedCore) -> None:
    users = [stub.user(n) for n in range(1, 6)]
    timing = replace(QUICK, settle=0.1)

    async def act() -> None:
        users[0].sends("先来一问")
        await answers(stub, users[0], 1)
        with stub.unreachable():
            for user in users:
                user.sends("断网时问的")
            await asyncio.sleep(0.5)
        await stub.eventually(lambda: all("答：断网时问的" in user.texts() for user in users))

    desk = talk(stub, core, act, timing=timing)

    assert len(effects(desk)) == 6
    assert sum(len(user.messages()) for user in users) == 6


def test_answers_on_their_way_when_the_line_went_down_come_later(
    stub: Stub, core: ScriptedCore
) -> None:
    user = stub.user()
    outage = stub.unreachable()

    def answer(incoming: Incoming) -> Reply:
        outage.__enter__()
        return Reply("好")

    core.answer = answer

    async def act() -> None:
        user.sends("退休")
        await asyncio.sleep(0.4)
        outage.__exit__(None, None, None)
        await answers(stub, user, 1)
        await asyncio.sleep(0.1)

    talk(stub, core, act, timing=replace(QUICK, settle=0.1))

    assert user.texts() == ("好",)


def test_a_long_flood_sends_the_reply_by_way_of_the_outbox(stub: Stub, core: ScriptedCore) -> None:
    user = stub.user()
    stub.script("sendMessage", TooManyRequests(1))

    async def act() -> None:
        user.sends("退休")
        await stub.eventually(lambda: not stub.pending_updates(), seconds=0.8)
        assert not user.messages(), "settled before it was delivered"
        await answers(stub, user, 1)

    talk(stub, core, act, timing=replace(QUICK, settle=0.2))

    assert user.texts() == ("答：退休",)


def test_under_telegrams_strictest_pace_nothing_is_lost(core: ScriptedCore) -> None:
    core.answer = lambda _: Reply("一", then=(Reply("二"),))
    with running_stub(pace=Pace(chat_seconds=1)) as stub:
        user = stub.user()

        async def act() -> None:
            user.sends("退休")
            await answers(stub, user, 2)

        talk(stub, core, act)

        assert user.texts() == ("一", "二")


def test_whoever_blocked_us_is_remembered_until_they_come_back(
    stub: Stub, core: ScriptedCore
) -> None:
    user = stub.user()
    address = Address(Channel.TELEGRAM, str(user.id))
    desk = desk_for(stub)

    def is_usable() -> bool:
        person = people.find_person(desk.db, address)
        return person is not None and address in people.addresses_of(desk.db, person.id)

    async def act() -> None:
        stub.script("sendMessage", blocked())
        user.sends("退休")
        await stub.eventually(lambda: people.find_person(desk.db, address) and not is_usable())
        user.sends("又来了")
        await stub.eventually(is_usable)
        user.blocks()
        await stub.eventually(lambda: not is_usable())
        user.unblocks()
        await stub.eventually(is_usable)

    talk(stub, core, act, desk)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(BadGateway(), id="502"),
        pytest.param(DropBeforeEffect(), id="dropped"),
        pytest.param(Refusal(409, "Conflict: terminated by other getUpdates request"), id="409"),
        pytest.param(Refusal(401, "Unauthorized"), id="401"),
        pytest.param(TooManyRequests(1), id="429"),
    ],
)
def test_polling_never_ends(stub: Stub, core: ScriptedCore, fault: Any) -> None:
    user = stub.user()
    stub.script("getUpdates", fault, *([] if isinstance(fault, TooManyRequests) else [fault] * 3))

    async def act() -> None:
        user.sends("退休")
        await answers(stub, user, 1)

    talk(stub, core, act)


def test_html_that_telegram_rejects_goes_out_plain(stub: Stub, core: ScriptedCore) -> None:
    user = stub.user()
    core.answer = lambda _: Reply("必须带\n身份证", headings=("必须带",))
    stub.script("sendMessage", Refusal(400, "Bad Request: can't parse entities: oops"))

    async def act() -> None:
        user.sends("退休")
        await answers(stub, user, 1)

    talk(stub, core, act)

    (message,) = user.messages()
    assert message.source == "必须带\n身份证"


# -- buttons


def test_a_pressed_button_changes_its_message(stub: Stub, core: ScriptedCore) -> None:
    user = stub.user()
    core.answer = lambda i: Reply("改好了", replaces=True) if i.token else echo_button()

    async def act() -> None:
        user.sends("退休")
        await answers(stub, user, 1)
        user.presses("改条件")
        await stub.eventually(lambda: user.texts() == ("改好了",))

    talk(stub, core, act)

    assert core.heard[-1].token == "edit:retire"
    assert stub.unanswered_callbacks() == ()


def echo_button() -> Reply:
    return Reply("清单", buttons=((Button("改条件", "edit:retire"),),))


def test_a_double_tap_changes_nothing_and_fails_nowhere(stub: Stub, core: ScriptedCore) -> None:
    user = stub.user()
    core.answer = lambda i: (
        replace(echo_button(), text="改好了", replaces=True) if i.token else echo_button()
    )

    async def act() -> None:
        user.sends("退休")
        await answers(stub, user, 1)
        for _ in range(3):
            user.presses("改条件")
        await stub.eventually(lambda: len(core.heard) == 4)
        await stub.eventually(lambda: not stub.unanswered_callbacks())

    talk(stub, core, act)

    assert user.texts() == ("改好了",)


@pytest.mark.parametrize(
    "pressed",
    [
        pytest.param(1, id="not ours"),
        pytest.param(999_999, id="gone"),
    ],
)
def test_a_message_that_cannot_be_changed_is_followed_by_a_new_one(
    stub: Stub, core: ScriptedCore, pressed: int
) -> None:
    user = stub.user()
    user.starts()
    core.answer = lambda i: Reply("改好了" if i.token else "菜单", replaces=True)
    if pressed == 1:
        stub.script("editMessageText", Refusal(400, "Bad Request: message can't be edited"))

    async def act() -> None:
        await answers(stub, user, 1)
        user.presses_forged("edit:retire", pressed)
        await answers(stub, user, 2)

    talk(stub, core, act)

    assert user.texts() == ("菜单", "改好了")


def test_a_stale_query_is_acted_on_all_the_same(stub: Stub, core: ScriptedCore) -> None:
    user = stub.user()

    async def act() -> None:
        user.sends("退休")
        await answers(stub, user, 1)

    talk(stub, core, act)
    user.presses("改")
    stub.expire_callbacks()

    async def come_back() -> None:
        await answers(stub, user, 2)

    talk(stub, core, come_back)

    assert user.texts()[-1] == "答：edit:1"


def test_an_edit_too_long_for_one_message_becomes_new_ones(stub: Stub, core: ScriptedCore) -> None:
    user = stub.user()
    long = "\n\n".join("材料" * 500 for _ in range(6))
    core.answer = lambda i: Reply(long, replaces=True) if i.token else echo_button()

    async def act() -> None:
        user.sends("退休")
        await answers(stub, user, 1)
        user.presses("改条件")
        await answers(stub, user, 3)

    talk(stub, core, act)

    assert stub.calls_of("editMessageText") == ()


# -- what is not text


@pytest.mark.parametrize(
    ("send", "word"),
    [
        pytest.param(User.sends_sticker, "表情", id="sticker"),
        pytest.param(User.sends_voice, "语音", id="voice"),
        pytest.param(User.sends_photo, "图片", id="photo"),
        pytest.param(lambda user: user.sends_document("a.pdf", b"%PDF"), "文件", id="document"),
    ],
)
def test_what_we_cannot_read_gets_a_polite_answer(
    stub: Stub, core: ScriptedCore, send: Callable[[User], int], word: str
) -> None:
    user = stub.user()

    async def act() -> None:
        send(user)
        await answers(stub, user, 1)

    talk(stub, core, act)

    assert user.texts()[0].startswith(f"{word}我看不懂")
    assert core.heard == []


def test_a_document_from_staff_is_fetched(stub: Stub, core: ScriptedCore) -> None:
    user, desk = stub.user(), desk_for(stub)
    with transaction(desk.db):
        address = Address(Channel.TELEGRAM, str(user.id))
        person = people.person_at(desk.db, address, now=desk.now())
        people.set_role(desk.db, person, Role.DEPARTMENT, Scope())

    async def act() -> None:
        user.sends_document("证照.xlsx", b"PK-content")
        await answers(stub, user, 1)

    talk(stub, core, act, desk)

    (incoming,) = core.heard
    assert incoming.upload is not None
    assert (incoming.upload.name, incoming.upload.content) == ("证照.xlsx", b"PK-content")


def test_a_document_too_large_for_telegram_is_refused_politely(
    stub: Stub, core: ScriptedCore
) -> None:
    user, desk = stub.user(), desk_for(stub)
    with transaction(desk.db):
        address = Address(Channel.TELEGRAM, str(user.id))
        person = people.person_at(desk.db, address, now=desk.now())
        people.set_role(desk.db, person, Role.DEPARTMENT, Scope())

    async def act() -> None:
        user.sends_document("大.xlsx", bytes(20_000_001))
        await answers(stub, user, 1)

    talk(stub, core, act, desk)

    assert "请在网页上传" in user.texts()[0]
    assert stub.calls_of("getFile") == ()


def test_an_edited_message_is_not_answered_twice(stub: Stub, core: ScriptedCore) -> None:
    user = stub.user()

    async def act() -> None:
        user.sends("退修")
        await answers(stub, user, 1)
        user.edits("退休")
        user.sends("下一问")
        await answers(stub, user, 2)

    talk(stub, core, act)

    assert user.texts() == ("答：退修", "答：下一问")


# -- groups


def test_in_a_group_only_what_is_addressed_to_us_is_answered(
    stub: Stub, core: ScriptedCore
) -> None:
    user, group = stub.user(), stub.group()

    async def act() -> None:
        group.says(user, "今天吃什么")
        group.says(user, "/help")
        group.says(user, "/help@another_bot")
        group.says(user, f"谁知道 @{BOT_USERNAME}_x 是啥")
        group.mentions(user, "退休要带啥")
        await stub.eventually(lambda: len(group.messages()) == 1)
        group.says(user, f"/help@{BOT_USERNAME}")
        await stub.eventually(lambda: len(group.messages()) == 2)
        group.replies(user, "那多久能办好")
        await stub.eventually(lambda: len(group.messages()) == 3)

    talk(stub, core, act)

    assert [i.text for i in core.heard] == ["退休要带啥", f"/help@{BOT_USERNAME}", "那多久能办好"]
    assert all(i.public and i.discreet and not i.person.is_staff for i in core.heard)
    assert group.messages()[0].reply_to is not None


def test_in_a_group_staff_are_nobody_special(stub: Stub, core: ScriptedCore) -> None:
    user, group, desk = stub.user(), stub.group(), desk_for(stub, personal_data="allow")
    with transaction(desk.db):
        person = people.person_at(desk.db, Address(Channel.TELEGRAM, str(user.id)), now=desk.now())
        people.set_role(desk.db, person, Role.SUPERVISOR, Scope())

    async def act() -> None:
        group.mentions(user, "今日评价")
        user.sends("今日评价")
        await answers(stub, user, 1)
        await stub.eventually(group.messages)

    talk(stub, core, act, desk)

    told = {i.public: (i.person.role, i.discreet) for i in core.heard}
    assert told == {True: (Role.CITIZEN, True), False: (Role.SUPERVISOR, False)}


def test_a_group_that_moved_is_found_again(stub: Stub, core: ScriptedCore) -> None:
    user, group, desk = stub.user(), stub.group(), desk_for(stub)

    async def act() -> None:
        group.mentions(user, "退休")
        await stub.eventually(group.messages)
        moved = group.migrates(user)
        moved.mentions(user, "再问")
        await stub.eventually(moved.messages)

    talk(stub, core, act, desk)

    assert core.heard[0].person.id == core.heard[1].person.id


# -- over the real core


def test_the_main_job_over_telegram(stub: Stub, desk: Desk) -> None:
    user = stub.user()
    desk = replace(desk, settings=desk_for(stub).settings)

    async def run() -> None:
        async with running(desk, REAL_CORE) as channel:
            user.starts()
            await answers(stub, user, 1)
            user.sends("娃上户口要啥")
            await _press_until_rated(stub, user)
            assert channel.health() == State.RUNNING
            assert channel.last_poll_at is not None
            await stub.eventually(lambda: stub.calls_of("setMyShortDescription"))

    asyncio.run(run())
    assert any("共带" in text for text in user.texts())
    assert "start" in user.menu()
    assert stub.violations == ()
    assert desk.db.execute("SELECT level FROM ratings").fetchall() == [(4,)]


async def _press_until_rated(stub: Stub, user: User) -> None:
    """Skip the first questions where there are any, then say 满意."""
    pressed = 0
    while not any("满意" in post.labels for post in user.messages()):
        await stub.eventually(
            lambda: any({"直接看全部", "满意"} & set(post.labels) for post in user.messages())
        )
        if pressed == 0 and not any("满意" in post.labels for post in user.messages()):
            user.presses("直接看全部")
            pressed += 1
            await stub.eventually(lambda: any("满意" in post.labels for post in user.messages()))
    user.presses("满意")
    await stub.eventually(
        lambda: any("您选了" in text for text in user.texts()) and not stub.pending_updates()
    )


def test_inline_cards_offer_what_we_know(stub: Stub, desk: Desk) -> None:
    user = stub.user()
    desk = replace(desk, settings=desk_for(stub).settings)

    async def run() -> None:
        async with running(desk, REAL_CORE):
            for query in ("退休", ""):
                update_id = user.inline(query)
                await stub.eventually(partial(stub.inline_answer, update_id))
                answer = stub.inline_answer(update_id)
                assert answer is not None
                assert 1 <= len(answer.results) <= 10
                assert (answer.is_personal, answer.cache_seconds) == (False, 60)

    asyncio.run(run())
    assert stub.violations == ()


def test_a_binding_changes_the_menu(stub: Stub, desk: Desk) -> None:
    user = stub.user()
    desk = replace(desk, settings=desk_for(stub).settings)
    with transaction(desk.db):
        code = people.make_code(
            desk.db,
            role=Role.SUPERVISOR,
            scope=Scope(),
            name="周督查",
            made_by=None,
            now=desk.now(),
        ).code

    async def run() -> None:
        async with running(desk, REAL_CORE):
            user.starts(f"join-{code}")
            await stub.eventually(lambda: "today" in user.menu())

    asyncio.run(run())
    assert stub.violations == ()


# -- start and secrets


def test_a_wrong_token_is_one_line(stub: Stub, core: ScriptedCore) -> None:
    wrong = "7000000001:" + "w" * 35
    channel = TelegramChannel(
        a_desk(stub.base_url, stub.base_file_url, wrong), core.core(), timing=QUICK
    )

    with pytest.raises(CannotUseTelegram) as raised:
        asyncio.run(channel.start())

    assert str(raised.value).startswith("Telegram 令牌不对")
    assert wrong not in str(raised.value)
    assert channel.health() == State.TOKEN_REJECTED


def test_an_unreachable_telegram_is_tried_again(
    stub: Stub, core: ScriptedCore, caplog: pytest.LogCaptureFixture
) -> None:
    user = stub.user()
    outage = stub.unreachable()
    outage.__enter__()

    async def run() -> None:
        async with running(desk_for(stub), core.core()) as channel:
            assert channel.health() == State.CONNECTING
            await asyncio.sleep(0.1)
            outage.__exit__(None, None, None)
            user.sends("退休")
            await answers(stub, user, 1)
            assert channel.health() == State.RUNNING

    asyncio.run(run())
    assert caplog.text.count("连不上 Telegram") == 1


def test_the_token_is_in_no_log_line(
    stub: Stub, core: ScriptedCore, caplog: pytest.LogCaptureFixture
) -> None:
    user = stub.user()
    caplog.set_level(logging.DEBUG)

    async def act() -> None:
        user.sends("退休")
        await answers(stub, user, 1)
        logging.getLogger("anybody").warning("asked %s", f"{stub.base_url}{TOKEN}/getMe")
        error = ValueError(TOKEN)
        logging.getLogger("anybody").error("failed", exc_info=error)

    talk(stub, core, act)

    assert "asked" in caplog.text
    assert "failed" in caplog.text
    assert TOKEN not in caplog.text
    assert TOKEN.partition(":")[2] not in caplog.text


def test_a_proxy_carries_both_directions(stub: Stub, core: ScriptedCore) -> None:
    user = stub.user()
    carried: set[str] = set()
    passing: list[asyncio.Task[None]] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passing.append(asyncio.create_task(_pass_on(stub, carried, reader, writer)))

    async def run() -> None:
        proxy = await asyncio.start_server(pass_on, "127.0.0.1", 0)
        port = proxy.sockets[0].getsockname()[1]
        desk = a_desk(
            "http://telegram.invalid/bot",
            "http://telegram.invalid/file/bot",
            stub.token,
            proxy=f"http://127.0.0.1:{port}",
        )
        async with running(desk, core.core()):
            user.sends("退休")
            await answers(stub, user, 1)
        proxy.close()
        await asyncio.gather(*passing)

    asyncio.run(run())

    assert {"getUpdates", "sendMessage"} <= carried


async def _pass_on(
    stub: Stub, carried: set[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Be a proxy for one connection: each request's address loses its host, answers pass."""
    port = int(stub.base_url.split(":")[2].split("/")[0])
    from_stub, to_stub = await asyncio.open_connection("127.0.0.1", port)

    async def pump_answers() -> None:
        with contextlib.suppress(ConnectionError):
            while data := await from_stub.read(65536):
                writer.write(data)
        await _closed(writer)

    pumping = asyncio.create_task(pump_answers())
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            found = re.findall(rb"^POST http://\S+/(\w+)", data, re.M)
            carried |= {name.decode() for name in found}
            to_stub.write(data.replace(b" http://telegram.invalid/", b" /"))
    await _closed(to_stub)
    await pumping


async def _closed(writer: asyncio.StreamWriter) -> None:
    """Close a connection, reset by the other side or not, and wait for its end."""
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


# -- webhook


def test_the_webhook_answers_once_an_update_is_settled(stub: Stub, core: ScriptedCore) -> None:
    user = stub.user()

    async def act(address: str) -> None:
        user.sends("退休")
        codes = await asyncio.to_thread(stub.push_webhook)
        assert codes == (200,)
        assert user.texts() == ("答：退休",), "200 came before the reply was accepted"
        update = {"update_id": 9, "message": {}}
        async with httpx.AsyncClient(trust_env=False) as client:
            bare = await client.post(address, json=update)
            header = {"X-Telegram-Bot-Api-Secret-Token": "wrong"}
            wrong = await client.post(address, json=update, headers=header)
            header = {"X-Telegram-Bot-Api-Secret-Token": "right-secret"}
            broken = await client.post(address, content=b"{", headers=header)
            asked = await client.get(address, headers=header)
        codes = (bare.status_code, wrong.status_code, broken.status_code, asked.status_code)
        assert codes == (403, 403, 400, 405)

    asyncio.run(_with_webhook(stub, core, act))

    assert len(core.heard) == 1
    assert stub.violations == ()


async def _with_webhook(
    stub: Stub, core: ScriptedCore, act: Callable[[str], Awaitable[None]]
) -> None:
    app = Starlette()
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve())
    await stub.eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    address = f"http://127.0.0.1:{port}/telegram"
    hook = {"url": f"http://127.0.0.1:{port}", "secret": "right-secret"}
    desk = desk_for(stub, mode="webhook", webhook=hook)
    try:
        async with running(desk, core.core()) as channel:
            assert channel.webhook is not None
            app.routes.append(Route("/telegram", channel.webhook))
            await stub.eventually(lambda: stub.world.webhook.url == address)
            await act(address)
    finally:
        server.should_exit = True
        await serving


# -- form, without a network


def test_text_is_cut_where_a_reader_would() -> None:
    paragraph = "。".join(["甲" * 99] * 9)
    text = "\n\n".join([paragraph] * 10)

    pieces = split_text(text)

    assert all(utf16_length(piece) <= 4096 for piece in pieces)
    assert "\n\n".join(pieces) == text
    assert len(pieces) == 3


@pytest.mark.parametrize(
    "text", ["甲" * 9000, "😀" * 9000, "行\n" * 9000, "a" * 4096, "e\u0301" * 5000]
)
def test_whatever_the_text_nothing_is_lost_or_too_long(text: str) -> None:
    pieces = split_text(text)

    assert all(0 < utf16_length(piece) <= 4096 for piece in pieces)
    assert "".join(pieces).replace("\n", "") == text.replace("\n", "")
    assert not any(piece.startswith("\u0301") for piece in pieces)


def test_the_buttons_stand_under_the_last_part() -> None:
    reply = Reply("段落。\n\n" * 2000, buttons=((Button("转人工", "human"),),))

    parts = split_reply(reply)

    assert len(parts) > 1
    assert [bool(part.buttons) for part in parts] == [False] * (len(parts) - 1) + [True]


def test_variables_are_escaped_and_headings_bold() -> None:
    reply = Reply("必须带\n<b>&\"'甲</b>", headings=("必须带",))

    assert to_html(reply) == "<b>必须带</b>\n&lt;b&gt;&amp;\"'甲&lt;/b&gt;"


def test_too_many_buttons_leave_a_hint() -> None:
    row = tuple(Button(f"按{n}", f"x:{n}") for n in range(12))
    reply = Reply("选一个", buttons=(row,) * 10)

    (part,) = split_reply(reply)

    assert sum(map(len, part.buttons)) == 100
    assert max(map(len, part.buttons)) == 8
    assert "还有 20 项" in part.text


def test_buttons_with_odd_addresses_are_left_out() -> None:
    urls = ("https://example.org/a", "tg://resolve?domain=a", "javascript:alert(1)", "http://host")
    row = tuple(Button(url, url=url) for url in urls)

    (part,) = split_reply(Reply("看", buttons=(row,)))

    assert [b.url for r in part.buttons for b in r] == list(urls[:2])


def test_a_narrow_table_is_aligned_by_width_and_a_wide_one_becomes_lines() -> None:
    narrow = Table(("窗口", "好评"), (("户籍窗口", "12"), ("A1", "3")))
    wide = Table(("窗口", "说明"), (("户籍", "甲" * 30),))

    lines = aligned(narrow).split("\n")
    (part,) = split_reply(Reply("今日", table=wide))

    assert len({columns_of(line) for line in lines}) == 1
    assert part.table is None
    assert "户籍：说明 甲甲" in part.text


def test_pictures_documents_and_long_answers_arrive_whole(stub: Stub, core: ScriptedCore) -> None:
    user = stub.user()
    text = "\n\n".join(["<材料> & " + "甲" * 900] * 8)
    core.answer = lambda _: Reply(
        "码",
        picture=Picture(PNG, "二维码"),
        then=(
            Reply(text, headings=("码",), buttons=((Button("转人工", "human"),),)),
            Reply("", document=Document("告知单.pdf", b"%PDF")),
            Reply("长" * 2000, picture=Picture(PNG, "二维码")),
            Reply("数", table=Table(("窗口", "数"), (("<甲>", "1"), ("乙", "22")))),
        ),
    )

    async def act() -> None:
        user.sends("退休")
        await answers(stub, user, 7)

    talk(stub, core, act)

    posts = user.messages()
    kinds = ["photo", "text", "text", "document", "photo", "text", "text"]
    assert [_kind(post) for post in posts] == kinds
    assert "\n\n".join(post.text for post in posts[1:3]) == text
    assert posts[2].labels == ("转人工",)
    assert posts[1].labels == ()


def _kind(post: Post) -> str:
    media = post.media or {}
    return "photo" if "photo" in media else "document" if "document" in media else "text"


def test_the_channel_is_quick(stub: Stub, core: ScriptedCore) -> None:
    """Guard against a sleep in the way of an answer: fifty in a row take well under 5 s."""
    user = stub.user()

    async def act() -> None:
        for number in range(50):
            user.sends(str(number))
            await answers(stub, user, number + 1)

    began = time.monotonic()
    talk(stub, core, act)

    assert time.monotonic() - began < 5
