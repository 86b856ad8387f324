"""Group robots over a loopback server: what is posted, and what is believed of the answer."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.robots import SERVICES, RobotSender, fitting, robot_senders
from bot.clock import real_clock
from bot.database import FILE_NAME, open_database
from bot.delivery import DeliveryLoop, Pace, Robots
from bot.desk import Desk, Library, Links, WorkingDays
from bot.dialogue import DeliveryError, Reply
from bot.oversight import run_overdue
from bot.settings import RobotSettings, Settings, load_settings
from bot.views.alerts import render_alert
from bot.views.robots import CUT_LINE, render_robot
from reminders.working_days import load_calendar
from tests.case_builders import NUMBER, a_case, a_row, at, bring_in
from tests.conftest import Clock
from tests.scenarios.program import running_program, write_config

KEY = "key-that-nobody-may-see"
GOOD = {
    "wecom": {"errcode": 0, "errmsg": "ok"},
    "dingtalk": {"errcode": 0, "errmsg": "ok"},
    "feishu": {"code": 0, "msg": "success", "data": {}},
}


@dataclass
class Group:
    """A chat group's server: takes posts and answers from a script, else that all is well."""

    url: str = ""
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)
    default: dict[str, Any] = field(default_factory=lambda: dict(GOOD["wecom"]))

    async def take(self, request: Request) -> Response:
        self.posts.append((str(request.url), await request.json()))
        if self.answers:
            return self.answers.pop(0)
        return Response(json.dumps(self.default), media_type="application/json")

    def answers_with(self, body: object, status: int = 200) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.answers.append(Response(text, status))

    @property
    def texts(self) -> list[str]:
        return [
            body["text"]["content"] if "text" in body else body["content"]["text"]
            for _, body in self.posts
        ]


@pytest.fixture
def group() -> Iterator[Group]:
    group = Group()
    app = Starlette(routes=[Route("/send", group.take, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 10
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    group.url = f"http://127.0.0.1:{port}/send?key={KEY}"
    yield group
    server.should_exit = True
    thread.join(10)


def a_robot(group: Group, kind: str = "wecom", **more: Any) -> RobotSettings:
    return RobotSettings.model_validate(
        {"name": "longting", "kind": kind, "url": SecretStr(group.url), **more}
    )


def send(robot: RobotSettings, *texts: str) -> list[Exception | None]:
    """Send texts one after another through one sender; return what became of each."""

    async def run() -> list[Exception | None]:
        outcomes: list[Exception | None] = []
        async with httpx.AsyncHTTPTransport() as transport:
            sender = RobotSender(robot, transport, clock=real_clock)
            for text in texts:
                (part,) = sender.parts(Reply(text))
                try:
                    await sender.send(robot.name, part)
                    outcomes.append(None)
                except DeliveryError as error:
                    outcomes.append(error)
        return outcomes

    return asyncio.run(run())


def refused(robot: RobotSettings) -> DeliveryError:
    (error,) = send(robot, "办件")
    assert isinstance(error, DeliveryError)
    return error


@pytest.mark.parametrize("kind", sorted(SERVICES))
def test_each_kind_gets_the_text_in_its_own_form(group: Group, kind: str) -> None:
    group.default = GOOD[kind]

    assert send(a_robot(group, kind), "超期 1 件") == [None]

    assert group.texts == ["超期 1 件"]
    body = group.posts[0][1]
    assert body.get("msgtype" if kind != "feishu" else "msg_type") == "text"


@pytest.mark.parametrize(
    ("kind", "answer", "permanent", "least_rest"),
    [
        ("wecom", {"errcode": 93000, "errmsg": "invalid webhook url"}, True, 0),
        ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}, False, 60),
        ("wecom", {"errcode": -1, "errmsg": "system busy"}, False, 60),
        ("dingtalk", {"errcode": 310000, "errmsg": "keywords not in content"}, True, 0),
        ("dingtalk", {"errcode": 130101, "errmsg": "send too fast"}, False, 600),
        ("feishu", {"code": 19001, "msg": "param invalid"}, True, 0),
        ("feishu", {"code": 11232, "msg": "frequency limited"}, False, 60),
    ],
)
def test_a_refusal_inside_an_answer_of_200_is_seen(
    group: Group, kind: str, answer: dict[str, Any], permanent: bool, least_rest: int
) -> None:
    group.answers_with(answer)

    error = refused(a_robot(group, kind))

    assert (error.permanent, error.sent) == (permanent, False)
    assert (error.retry_after or 0) >= least_rest


def test_the_older_answer_of_feishu_is_understood(group: Group) -> None:
    group.answers_with({"StatusCode": 0, "StatusMessage": "success"})

    assert send(a_robot(group, "feishu"), "x") == [None]


@pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"errcode": "0"}', ""])
def test_an_answer_that_says_nothing_is_an_unknown_outcome(group: Group, body: str) -> None:
    group.answers_with(body)

    assert refused(a_robot(group)).sent is None


@pytest.mark.parametrize(
    ("status", "permanent"), [(429, False), (502, False), (404, True), (400, True)]
)
def test_the_status_counts_too(group: Group, status: int, permanent: bool) -> None:
    group.answers_with(GOOD["wecom"], status)

    error = refused(a_robot(group))

    assert (error.permanent, error.sent) == (permanent, False)


def test_nobody_listening_is_not_sent() -> None:
    robot = a_robot(Group(url="http://127.0.0.1:9/send?key=x"))

    error = refused(robot)

    assert (error.reason, error.permanent, error.sent) == ("no_connection", False, False)


def test_the_twenty_first_message_of_a_minute_waits(group: Group) -> None:
    outcomes = send(a_robot(group), *(str(n) for n in range(21)))

    assert outcomes[:20] == [None] * 20
    last = outcomes[20]
    assert isinstance(last, DeliveryError)
    assert last.retry_after is not None
    assert 50 < last.retry_after <= 60
    assert len(group.posts) == 20


def test_after_a_limit_nothing_is_posted_until_it_is_over(group: Group) -> None:
    group.answers_with({"errcode": 130101})

    first, second = send(a_robot(group, "dingtalk"), "a", "b")

    assert isinstance(first, DeliveryError)
    assert isinstance(second, DeliveryError)
    assert second.reason == "pace"
    assert len(group.posts) == 1


def test_dingtalk_is_signed_in_the_address_and_feishu_in_the_body(group: Group) -> None:
    group.default = {"errcode": 0, "code": 0}
    send(a_robot(group, "dingtalk", secret="SEC1"), "x")
    send(a_robot(group, "feishu", secret="SEC1"), "x")

    query = parse_qs(urlsplit(group.posts[0][0]).query)
    stamp = query["timestamp"][0]
    expected = hmac.new(b"SEC1", f"{stamp}\nSEC1".encode(), hashlib.sha256).digest()
    assert query["sign"] == [base64.b64encode(expected).decode()]
    body = group.posts[1][1]
    key = f"{body['timestamp']}\nSEC1".encode()
    expected = hmac.new(key, b"", hashlib.sha256).digest()
    assert body["sign"] == base64.b64encode(expected).decode()


@pytest.mark.parametrize("length", [10, 681, 682, 683, 684, 2048, 5000])
def test_a_message_fits_into_2048_bytes_of_whole_characters(length: int) -> None:
    cut = fitting("汉" * length, 2048)

    assert len(cut.encode()) <= 2048
    assert "�" not in cut
    assert cut == "汉" * length if length <= 682 else cut.endswith(CUT_LINE)


def test_a_long_message_is_cut_between_lines() -> None:
    cut = fitting("\n".join(f"第{n:03}件办件超期了" for n in range(200)), 2048)

    assert len(cut.encode()) <= 2048
    assert all(line.endswith("了") for line in cut.split("\n")[:-1])


# -- through the outbox


@pytest.fixture
def desk(clock: Clock, tmp_path: Path) -> Desk:
    days = WorkingDays(load_calendar(None)[0])
    library: Any = None  # cases do not ask the knowledge base
    clock.at = at("2025-02-10T08:30")
    settings = Settings(data_dir=tmp_path)
    return Desk(open_database(None), Library(library), days, settings, clock, Links())


def with_robots(desk: Desk, *robots: RobotSettings) -> Desk:
    settings = desk.settings.model_copy(update={"robots": robots})
    return Desk(desk.db, desk.library, desk.working_days, settings, desk.now, desk.links)


def deliver(desk: Desk) -> None:
    async def run() -> None:
        async with httpx.AsyncHTTPTransport() as transport:
            senders = robot_senders(desk.settings.robots, transport, clock=real_clock)
            robots = Robots(dict(senders), render_robot)
            loop = DeliveryLoop(desk, {}, render_alert, pace=Pace(), robots=robots)
            await loop.deliver_due()

    asyncio.run(run())


def test_a_sweep_tells_the_group_counts_item_and_tail_only(group: Group, desk: Desk) -> None:
    desk = with_robots(desk, a_robot(group, districts=("龙亭区",)))
    a_case(desk.db, as_of="2025-02-10T08:00")

    run_overdue(desk, desk.db)
    deliver(desk)
    run_overdue(desk, desk.db)
    deliver(desk)

    (text,) = group.texts
    assert "🔴 超期 1 件" in text
    assert "新生儿出生一件事（尾号 1234）" in text
    for private in (NUMBER, "张", "小李", "政务服务大厅"):
        assert private not in text
    sent_as = "SELECT sent_as FROM outbox WHERE kind = 'robot'"
    assert desk.db.execute(sent_as).fetchone()[0].startswith("wecom:longting:")


def test_a_group_hears_of_its_own_districts_only(group: Group, desk: Desk) -> None:
    desk = with_robots(desk, a_robot(group, districts=("兰考县",)))
    a_case(desk.db, as_of="2025-02-10T08:00")

    run_overdue(desk, desk.db)
    deliver(desk)

    assert group.posts == []


def test_only_a_supervisors_group_hears_what_waits_for_release(group: Group, desk: Desk) -> None:
    supervisors = a_robot(group, name="city", roles=("supervisor",))
    desk = with_robots(desk, a_robot(group), supervisors)
    bring_in(desk.db, a_row(limit_days=1), as_of="2025-02-10T08:00")  # long overdue: an act waits

    run_overdue(desk, desk.db)
    deliver(desk)

    waiting = ["待签发 1 件" in text for text in group.texts]
    assert sorted(waiting) == [False, True]


def test_a_refused_robot_is_told_to_the_administrator(group: Group, desk: Desk) -> None:
    group.answers_with({"errcode": 93000})
    desk = with_robots(desk, a_robot(group))
    a_case(desk.db, as_of="2025-02-10T08:00")

    run_overdue(desk, desk.db)
    deliver(desk)

    failure = desk.db.execute("SELECT failure FROM outbox WHERE kind = 'robot'").fetchone()
    told = desk.db.execute("SELECT role, facts FROM outbox WHERE kind = 'robot_refused'").fetchone()
    assert failure[0] == "code_93000"
    assert (told[0], "longting" in told[1]) == ("administrator", True)


def test_a_limit_makes_the_message_late_not_lost(group: Group, desk: Desk, clock: Clock) -> None:
    group.answers_with({"errcode": 45009})
    desk = with_robots(desk, a_robot(group))
    a_case(desk.db, as_of="2025-02-10T08:00")
    run_overdue(desk, desk.db)

    deliver(desk)
    clock.move(seconds=61)
    deliver(desk)

    assert len(group.posts) == 2
    assert desk.db.execute("SELECT sent_at FROM outbox WHERE kind = 'robot'").fetchone()[0]


def test_at_night_a_group_is_left_alone(group: Group, desk: Desk, clock: Clock) -> None:
    desk = with_robots(desk, a_robot(group))
    a_case(desk.db, as_of="2025-02-10T08:00")
    run_overdue(desk, desk.db)
    clock.at = at("2025-02-10T20:00")

    deliver(desk)

    assert group.posts == []


def test_the_address_stands_in_no_log_and_no_printout(
    group: Group, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    robot = a_robot(group, secret="SEC1")
    group.answers_with("<html>")
    with_robots(desk, robot)

    error = refused(robot)

    shown = f"{robot!r} {Settings(robots=(robot,))!r} {error!r} {error.__context__!r} {caplog.text}"
    assert KEY not in shown
    assert "SEC1" not in shown


@pytest.mark.slow
def test_the_program_itself_tells_a_group_at_its_start(group: Group, tmp_path: Path) -> None:
    write_config(tmp_path, f"robots:\n  - {{name: longting, kind: wecom, url: '{group.url}'}}\n")
    db = open_database(tmp_path / "data" / FILE_NAME)
    a_case(db, as_of="2025-02-10T08:00")
    db.conn.close()

    with running_program(tmp_path, "--clock", "2025-02-10T08:31") as program:
        program.address()
        until = time.monotonic() + 30
        while not group.posts and time.monotonic() < until:
            time.sleep(0.05)
        printed = "\n".join(program.printed)

    assert len(group.texts) == 1
    assert "🔴 超期 1 件" in group.texts[0]
    assert KEY not in printed


# -- settings


def config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


ROBOT = "robots:\n  - {name: longting, kind: wecom"
Loaded = Callable[[str, dict[str, str]], tuple[Settings | None, str]]


@pytest.fixture
def load(tmp_path: Path) -> Loaded:
    def call(text: str, environment: dict[str, str]) -> tuple[Settings | None, str]:
        settings, problems = load_settings(config(tmp_path, text), environment)
        return settings, "\n".join(map(str, problems))

    return call


def test_an_address_comes_from_the_environment_a_file_or_the_settings(
    load: Loaded, tmp_path: Path
) -> None:
    (tmp_path / "robot.url").write_text("https://a.example/file\n", encoding="utf-8")
    file, environment = ", url_file: robot.url}", {"ROBOT_URL_LONGTING": "https://a.example/env"}
    cases = (
        (file, {}, "file"),
        (file, environment, "env"),
        ("}", environment, "env"),
        (", url: 'https://a.example/here'}", {}, "here"),
    )
    for text, given, expected in cases:
        settings, problems = load(ROBOT + text, given)
        assert settings is not None, problems
        url = settings.robots[0].url
        assert url is not None
        assert url.get_secret_value() == f"https://a.example/{expected}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("}", "ROBOT_URL_LONGTING"),
        (", url_file: nosuch}", "nosuch"),
        (", url: 'http://a.example/secret'}", "https"),
        (", url: 'https://a.example/', roles: [king]}", "roles"),
        ("}\n  - {name: longting, kind: feishu}", "不能重复"),
    ],
)
def test_a_robot_without_a_good_address_is_a_problem(load: Loaded, text: str, said: str) -> None:
    settings, problems = load(ROBOT + text, {})

    assert settings is None
    assert said in problems
    assert "secret" not in problems
