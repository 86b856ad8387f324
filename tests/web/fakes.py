"""A small desk, a core that answers from a script, and a browser without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import httpx
from starlette.applications import Starlette

from bot.channels.web.app import build_web
from bot.channels.web.site import Core
from bot.database import open_database, transaction
from bot.desk import Desk, Knowledge, Library, Links, WorkingDays
from bot.dialogue import CITY, Channel, Incoming, Refusal, Reply, Role
from bot.packing import pack_reply, unpack_reply
from bot.records import messages, people
from bot.settings import Settings
from bot.views.slip import SlipPage
from knowledge.model import Department, District, KnowledgeBase, Place, Window
from reminders.working_days import load_calendar

HOME = "http://127.0.0.1:8000"
BASE = KnowledgeBase(
    version="v1",
    entries={},
    districts=(District(id="longting", name="龙亭区"),),
    departments={"market": Department(id="market", name="市场监管局")},
    places={
        "hall": Place(
            id="hall",
            name="龙亭区政务服务大厅",
            district="龙亭区",
            windows=(Window(code="longting-01", name="综合受理窗口"),),
        )
    },
)


@dataclass
class FakeCore:
    """Answers from a script and records like the router: both sides, and a receipt by key."""

    replies: dict[str, Reply] = field(default_factory=dict)
    heard: list[Incoming] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    slips: dict[str, SlipPage | Refusal] = field(default_factory=dict)

    def respond(self, desk: Desk, incoming: Incoming) -> Reply | None:
        self.heard.append(incoming)
        if incoming.key is not None:
            receipt = messages.receipt_for(desk.db, incoming.key)
            if receipt is not None:
                return None if receipt.reply is None else unpack_reply(receipt.reply)
        said = incoming.token or incoming.text or ""
        if said == "/bind ABCDEFGH":
            with transaction(desk.db):
                people.set_role(desk.db, incoming.person, Role.SUPERVISOR, CITY)
        reply = self.replies.get(said, Reply(f"听到：{said}"))
        with transaction(desk.db):
            numbered = self._record(desk, incoming, reply)
            if said == "erase:yes":
                messages.forget_messages(desk.db, incoming.person.id)
                people.forget_person(desk.db, incoming.person, now=desk.now())
        return numbered

    def _record(self, desk: Desk, incoming: Incoming, reply: Reply) -> Reply:
        now, person = desk.now(), incoming.person.id
        if incoming.text:
            messages.record_in(desk.db, person, Channel.WEB, incoming.text, now=now)
        numbered = replace(reply, number=self._number(desk, incoming, reply), then=())
        later = tuple(
            replace(part, number=self._number(desk, incoming, part)) for part in reply.then
        )
        whole = replace(numbered, then=later)
        if incoming.key is not None:
            messages.put_receipt(desk.db, incoming.key, person, pack_reply(whole), now=now)
        return whole

    def _number(self, desk: Desk, incoming: Incoming, reply: Reply) -> int:
        return messages.record_out(
            desk.db,
            incoming.person.id,
            Channel.WEB,
            reply.text,
            pack_reply(replace(reply, then=())),
            now=desk.now(),
            replaces=incoming.message if reply.replaces else None,
        )

    def settle(self, desk: Desk, key: str) -> None:
        self.settled.append(key)
        with transaction(desk.db):
            messages.settle_receipt(desk.db, key, now=desk.now())

    def slip_page(self, _desk: Desk, number: str) -> SlipPage:
        slip = self.slips.get(number, Refusal("slip_unknown"))
        if isinstance(slip, Refusal):
            raise slip
        return slip

    def menu(self, role: Role) -> tuple[str, ...]:
        return ("今日评价",) if role is Role.SUPERVISOR else ()


def a_desk(folder: Path, clock: Callable[[], datetime], **settings: Any) -> Desk:
    """Return a desk in memory over one hall with one window; it cannot search."""
    calendar, _ = load_calendar(None)
    knowledge = Knowledge(BASE, cast(Any, None))
    return Desk(
        open_database(None),
        Library(knowledge),
        WorkingDays(calendar),
        Settings(data_dir=folder, **settings),
        clock,
        Links(HOME),
    )


def an_app(desk: Desk, core: FakeCore, **more: Any) -> Starlette:
    """Return the page over a fake core."""
    return build_web(desk, Core(core.respond, core.settle, core.slip_page, menu=core.menu, **more))


class Browser:
    """One browser with its cookies, talking to the application without a network."""

    def __init__(self, app: Starlette) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url=HOME)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return asyncio.run(self._client.get(path, **more))

    def post(
        self, path: str, fields: dict[str, str] | None = None, **headers: str
    ) -> httpx.Response:
        told = {"origin": HOME} | {k.replace("_", "-"): v for k, v in headers.items()}
        return asyncio.run(self._client.post(path, data=fields or {}, headers=told))

    def ask(self, fields: dict[str, str]) -> Any:
        return self.post("/say", fields, accept="application/json").json()

    @property
    def cookies(self) -> httpx.Cookies:
        return self._client.cookies
