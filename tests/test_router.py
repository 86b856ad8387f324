"""Routing: who may do what, one effect an event, and no traceback on a person's screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot import router
from bot.dialogue import Channel, Incoming, Reply, Role
from tests.conftest import Talker


def test_every_token_route_needs_a_known_verb() -> None:
    assert all(verb.isascii() and verb.islower() for verb in router.TOKENS)


@pytest.mark.parametrize("command", router.COMMANDS, ids=lambda c: c.name)
def test_a_role_outside_a_route_gets_a_polite_no(
    command: router.Command, somebody: Callable[..., Talker]
) -> None:
    same_word = [c for c in router.COMMANDS if command.words[0] in c.words]
    for role in set(Role) - {role for c in same_word for role in c.roles}:
        person = somebody(f"{role}-{command.name}", role)

        reply = person.says(command.words[0])

        hint = "工作人员用的" if role is Role.CITIZEN else "发“菜单”看您能做什么"
        assert hint in reply.text


@pytest.mark.parametrize("role", list(Role))
def test_every_listed_command_answers_its_role(role: Role, somebody: Callable[..., Talker]) -> None:
    person = somebody(f"any-{role}", role)

    for command in router.menu_for(role):
        reply = person.says(f"/{command.name}")

        assert "出了点问题" not in reply.text


def test_a_citizen_who_asks_for_counts_gets_no_hint_of_data(wang: Talker) -> None:
    reply = wang.says("今日评价")

    assert not any(word in reply.text for word in ("好评", "差评", "未评"))


def test_a_keyword_counts_only_as_the_whole_message() -> None:
    assert router.find_command("帮助") is not None
    assert router.find_command("帮助残疾人办证") is None
    assert router.find_command("绑定 ABCD2345") is not None
    assert router.find_command("2025-02-06 评价") is not None


def test_a_redelivered_event_has_its_effect_once(wang: Talker) -> None:
    first = wang.says("娃上户口要啥", key="e:1")
    again = router.respond(
        wang.desk, Incoming(wang.person, Channel.TERMINAL, text="娃上户口要啥", key="e:1")
    )

    assert again == first
    assert wang.desk.db.execute("SELECT count(*) FROM interactions").fetchone()[0] == 1


def test_a_settled_event_is_not_answered_again(wang: Talker) -> None:
    wang.says("娃上户口要啥", key="e:2")
    router.settle(wang.desk, "e:2")

    assert (
        router.respond(
            wang.desk, Incoming(wang.person, Channel.TERMINAL, text="娃上户口要啥", key="e:2")
        )
        is None
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "😀😀😀",
        "\u202eمرحبا",
        "\x00\x01\x02",
        "<b>你好</b><script>alert(1)</script>",
        "'; DROP TABLE people; --",
        "/nosuchcommand",
        "/reload",
        "娃" * 10_000,
        "嗯",
        "{" * 200,
    ],
)
def test_odd_text_gets_a_plain_sentence(wang: Talker, text: str) -> None:
    reply = wang.says(text)

    assert reply.text
    assert "出了点问题" not in reply.text


@pytest.mark.parametrize(
    "token",
    [
        "nosuch:1",
        "list",
        "list:newborn",
        "list:nosuch:-:abcd",
        "list:newborn:999:zzzz",
        "rate:1:5",
        "rate:x:y",
        "rate:99999999999999999999:5",
        "have:newborn:-:x:~",
        "at:newborn:-:x:mars",
        "pick",
        "pick:nosuch",
        "erase:no",
        "stats:2025-13-01:x",
        "cause:1:answer",
        ":::",
        "",
        "a" * 200,
    ],
)
def test_a_stale_or_invented_button_gets_a_friendly_answer(wang: Talker, token: str) -> None:
    reply = wang.sends_token(token)

    assert reply.text
    assert "出了点问题" not in reply.text


def test_an_unexpected_error_becomes_one_line_with_a_number(
    wang: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = replace(router.TOKENS["menu"], handler=_fails)
    monkeypatch.setitem(router.TOKENS, "menu", broken)

    reply = wang.sends_token("menu")

    assert "编号" in reply.text
    assert "Error" not in reply.text


def _fails(*_: object) -> Reply:
    raise ZeroDivisionError


def test_personal_data_is_masked_before_it_is_stored(wang: Talker) -> None:
    wang.says("我的电话13812345678，娃上户口要啥")

    stored = wang.desk.db.execute("SELECT text FROM messages WHERE direction = 'in'").fetchone()
    assert "13812345678" not in stored[0]
    assert "138****5678" in stored[0]


def test_in_public_nothing_personal_is_done(wang: Talker) -> None:
    reply = wang.says("删除我的数据", public=True)

    assert "私聊" in reply.text


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.CITIZEN])
def test_the_menu_offers_staff_their_work_by_button(
    role: Role, somebody: Callable[..., Talker]
) -> None:
    person = somebody(f"menu-{role}", role)
    work = [c.words[0] for c in router.menu_for(role) if Role.CITIZEN not in c.roles]

    person.says("菜单")
    offered = person.labels()

    assert work
    assert set(work) <= set(offered)
    for word in work:
        person.says("菜单")
        assert "看您能做什么" not in person.presses(word).text


def test_a_citizen_who_copies_a_staff_button_is_refused(wang: Talker) -> None:
    reply = wang.sends_token("do:overdue")

    assert "工作人员" in reply.text
