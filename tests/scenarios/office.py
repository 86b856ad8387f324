"""The people of one late case, and the days that pass for them, over the program as it is started.

A day passes by starting the program again with a later clock on the same folder and port.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bot.clock import parse_instant
from bot.dialogue import Role
from tests.scenarios.actors import Actor
from tests.scenarios.program import Program, run_command, running_program
from tests.telegram_stub import TOKEN

BEFORE = timedelta(seconds=3)
ITEM = "社会保障卡申领"
NUMBER = "410202202501240007"
ROSTER = """工号,姓名,单位,区县,窗口,角色
A001,小李,人社局,龙亭区,longting-01,窗口人员
A002,赵主任,人社局,龙亭区,,窗口负责人
"""


@dataclass(frozen=True, slots=True)
class Post:
    """What somebody is in the office, and the options of the command that makes their code."""

    name: str
    role: Role
    options: tuple[str, ...] = ()


CLERK = Post("小李", Role.CLERK, ("--district", "龙亭", "--window", "longting-01"))
LEAD = Post("赵主任", Role.LEAD, ("--district", "龙亭"))
DEPARTMENT = Post("陈局长", Role.DEPARTMENT, ("--department", "human_resources"))
DISTRICT = Post("孙督查", Role.SUPERVISOR, ("--district", "龙亭"))
CITY = Post("周督查", Role.SUPERVISOR)
ADMINISTRATOR = Post("管理员", Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Row:
    """The case as the platform exports it: accepted on 2025-01-24, five working days."""

    state: str = "在办"
    completed_on: str = ""

    def sheet(self, as_of: str) -> str:
        """Return the platform's export, with the line that says how fresh it is."""
        row = {
            "申办号": NUMBER,
            "事项名称": ITEM,
            "所属区县": "龙亭区",
            "承办单位": "人社局",
            "受理窗口": "longting-01",
            "工号": "A001",
            "经办人": "小李",
            "申请人": "王秀兰",
            "受理时间": "2025/1/24",
            "承诺时限": "5个工作日",
            "法定时限": "20个工作日",
            "办件状态": self.state,
            "办结时间": self.completed_on,
        }
        text = io.StringIO()
        csv.writer(text).writerows([["办件导出"], [f"数据截至：{as_of}"], row, row.values()])
        return text.getvalue()


@dataclass(slots=True)
class Office:
    """A folder, its people by post, and what each read when."""

    folder: Path
    people: dict[Post, Actor] = field(default_factory=dict)
    transcript: list[str] = field(default_factory=list)
    clock: str = ""
    address: str = ""

    @contextmanager
    def at(self, clock: str) -> Iterator[Program]:
        """Let the program run from an instant on."""
        self.clock = clock
        with running_program(self.folder, "--clock", clock, token=TOKEN) as program:
            self.address = program.address()
            yield program

    @contextmanager
    def at_slot(self, slot: str) -> Iterator[Program]:
        """Let the program run from shortly before a slot until everything of it is delivered."""
        slot_at = parse_instant(slot)
        with self.at((slot_at - BEFORE).isoformat()) as program:
            self.clock = slot
            program.settles(slot_at)
            yield program

    def imports(self, row: Row, *, as_of: str) -> None:
        """Import the platform's export by command, at the instant it is fresh of."""
        table = self.folder / "办件.csv"
        table.write_text(row.sheet(as_of), encoding="utf-8-sig")
        self.commands("import", "cases", str(table), "--clock", as_of.replace(" ", "T"))

    def enrols(self) -> None:
        """Import the roster."""
        table = self.folder / "名册.csv"
        table.write_text(ROSTER, encoding="utf-8")
        self.commands("import", "staff", str(table))

    def binds(self, post: Post, actor: Actor) -> None:
        """Give somebody their post by a code."""
        options = ("--role", post.role, "--name", post.name, *post.options)
        code = self.commands("people", "code", *options, "--clock", self.clock, "--json")
        actor.says(f"绑定 {json.loads(code)['code']}")
        actor.hears("绑定好了")
        self.people[post] = actor

    def commands(self, *arguments: str) -> str:
        """Run a command, which must succeed, and return what it printed."""
        done = run_command(self.folder, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def hears(self, post: Post, words: str) -> str:
        """Let somebody wait for something new, and write down what they read."""
        return self._noted(post, self.people[post].hears(words))

    def presses(self, post: Post, label: str, words: str) -> str:
        """Let somebody press a button and read what comes of it."""
        self.people[post].presses(label)
        self.transcript.append(f"—— {self.clock} {post.name} 按 [{label}]\n")
        return self._noted(post, self.people[post].hears(words))

    def silence(self, *posts: Post) -> None:
        """Assert that these people have been told nothing of the case since they last listened."""
        for post in posts:
            new = self.people[post].listens()
            assert ITEM not in new, f"{self.clock} {post.name}: {new}"
            self._noted(post, new)

    def _noted(self, post: Post, text: str) -> str:
        self.transcript.append(f"—— {self.clock} {post.name} 读到\n{text or '（什么也没有）'}\n")
        return text
