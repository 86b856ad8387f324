"""One walk through every route of the router and of the page, in the place of a stranger.

龙亭 has one of everything: a bad rating with words, a phone, a rectification, a message left, a
late case with a 督办 drafted, a certificate, staff, a provincial rating, a table waiting for its
sender's word, a file in a conversation. Whoever answers for another district, department or
window tries every button, word and address with the very numbers, and gets nothing of it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

import pytest
from openpyxl import load_workbook
from starlette.routing import Route

from bot import router
from bot.channels.web.app import build_web
from bot.channels.web.site import Core
from bot.clock import LOCAL
from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import Channel, Reply, Role, Scope, Upload
from bot.handlers import statistics
from bot.handlers.slips import slip_page
from bot.oversight import run_overdue
from bot.records import people
from bot.records.official_ratings import OfficialRating, put_official
from bot.records.roster import Member, put_member
from reminders.certificates import CertificateRow, apply_certificates, begin_import
from tests.case_builders import a_case
from tests.conftest import Clock, Talker
from tests.ugly_files import a_case as a_case_row
from tests.ugly_files import an_xlsx, cases
from tests.web.fakes import Browser

WORDS = "窗口那位说话很冲"
NOTE = "请把那张绿色的表寄给我"
PHONE = "13877665544"
CASE = "410202250124008642"
HANDLER = "司空某某"
CERTIFICATE = "XK6410977531"
HOLDER = "端木小馆"
OFFICIAL = "HN99887766"
CLERK = "欧阳某某"
FAULTY_ROW = "上官某某"
RATED_ON, TODAY = date(2025, 1, 24), date(2025, 2, 13)
PERIOD = f"{RATED_ON}:{TODAY}"

NOT_TRIED = {"erase", "reload", "unbind"}
"""These end the session, or read every file of the knowledge again."""

STRANGERS = [
    (Role.SUPERVISOR, Scope("兰考县")),
    (Role.SUPERVISOR, Scope("龙亭区", None, "longting-02")),
    (Role.SUPERVISOR, Scope(None, "market")),
    (Role.LEAD, Scope("兰考县")),
    (Role.LEAD, Scope("龙亭区", None, "longting-02")),
    (Role.DEPARTMENT, Scope(None, "market")),
    (Role.DEPARTMENT, Scope("兰考县", "public_security")),
    (Role.EDITOR, Scope(None, "market")),
    (Role.ADMINISTRATOR, Scope("兰考县")),
    (Role.CLERK, Scope("兰考县", None, "lankao-01")),
    (Role.CITIZEN, Scope()),
]


@dataclass
class World:
    """龙亭 with one of everything, and the page over it."""

    desk: Desk
    wang: Talker
    zhao: Talker
    rectification: str
    enquiry: str
    slip: str
    waiting_key: str

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what a stranger must see nowhere."""
        return (
            WORDS,
            NOTE,
            PHONE,
            CASE[-4:],
            HANDLER,
            CERTIFICATE[-4:],
            HOLDER,
            OFFICIAL[-4:],
            CLERK,
            FAULTY_ROW,
            self.rectification[-6:],
            self.enquiry[-6:],
        )

    def numbers(self) -> list[str]:
        """Return everything that could stand behind a button's verb here."""
        ids = ("1", "1:slow", "1:done", "1:1")
        codes = (self.rectification, self.enquiry, self.waiting_key, "newborn", "d:longting")
        return ["", *ids, *codes]


@pytest.fixture
def world(wang: Talker, zhao: Talker, zhou: Talker, clock: Clock) -> World:
    desk = wang.desk
    wang.says("/start w-longting-01")
    wang.says("娃上户口要啥")
    wang.presses("都符合")
    slip = wang.presses("告知单")
    wang.presses("不满意")
    wang.presses("窗口服务")
    wang.presses("服务态度生硬")
    wang.presses("写几句")
    wang.says(WORDS)
    wang.presses("留个电话")
    wang.says(PHONE)
    wang.sends_token("human")
    wang.presses("留言")
    wang.says(NOTE)
    clock.at = datetime(2025, 2, 13, 10, 0, tzinfo=LOCAL)
    a_case(desk.db, number=CASE, handler_name=HANDLER, as_of="2025-02-13T08:00")
    run_overdue(desk, desk.db)
    _fill(desk)
    waiting = _table_waits(zhao)
    (rectification,) = desk.db.execute("SELECT number FROM rectifications").fetchone()
    (enquiry,) = desk.db.execute("SELECT number FROM enquiries").fetchone()
    assert slip.document is not None
    (slip_number,) = desk.db.execute("SELECT number FROM slips").fetchone()
    del zhou
    return World(desk, wang, zhao, rectification, enquiry, slip_number, waiting)


def _fill(desk: Desk) -> None:
    now = desk.now()
    with transaction(desk.db):
        put_official(
            desk.db,
            (OfficialRating(OFFICIAL, RATED_ON, 2, False, "龙亭区", None, "上户口"),),
            now=now,
        )
        put_member(
            desk.db, Member("K7788", CLERK, Role.CLERK, Scope("龙亭区", None, "longting-01"))
        )
        import_id = begin_import(
            desk.db, file_hash="x", file_name="r.csv", by_person_id=None, now=now
        )
        row = CertificateRow(
            number=CERTIFICATE,
            kind="食品经营许可证",
            kind_id="food_operation",
            holder=HOLDER,
            issuer="公安局",
            department="public_security",
            district="龙亭区",
            valid_from=date(2020, 7, 1),
            expires_on=date(2025, 3, 1),
        )
        apply_certificates(desk.db, [row], import_id=import_id, now=now)


def _table_waits(zhao: Talker) -> str:
    """Send a table with a bad row in the lead's name, and return the key it waits under."""
    rows = [*cases(30), a_case_row("410200-031", 经办人=FAULTY_ROW, 承诺时限="何时算何时")]
    zhao._send(upload=Upload("办件.xlsx", an_xlsx(rows)), token="import:cases")
    buttons = [b for m in zhao.heard for row in m.buttons for b in row]
    return next(b.token for b in buttons if b.token and b.token.startswith("imptake")).split(":")[1]


# -- every route of the router


def tokens(world: World) -> Iterator[str]:
    """Yield every verb with everything a curious person would try behind it."""
    places = ("d:longting", "w:longting-01", "e:newborn")
    periods = [PERIOD, *(f"{PERIOD}:{place}" for place in places)]
    acts = "contact uphold dismiss rectify appeal void maintain satisfied unreachable close extend"
    for verb, route in (router.TOKENS | router.FIGURES | router.EARLY).items():
        if verb in NOT_TRIED:
            continue
        is_figure = route.handler.__module__ == statistics.__name__
        arguments = periods if is_figure else world.numbers()
        yield from (f"{verb}:{argument}".rstrip(":") for argument in arguments)
        if verb == "ract":
            yield from (f"ract:{world.rectification}:{act}" for act in acts.split())


def words_of(world: World) -> Iterator[str]:
    """Yield every word of a command, with the numbers where it takes one."""
    for command in router.COMMANDS:
        if command.name in NOT_TRIED:
            continue
        yield from command.words
        yield f"/{command.name}"
    yield from (f"{name}评价" for name in ("龙亭区", "longting-01", "2025-01-24", "上户口"))


def said_to(world: World, curious: Talker) -> str:
    """Return everything the router answers to somebody."""
    replies = [curious.sends_token(token) for token in tokens(world)]
    replies += [curious.says(words) for words in words_of(world)]
    return "\n".join(shown(m) for reply in replies for m in reply.messages())


def shown(reply: Reply) -> str:
    """Return all that a reply holds as text, its sheet's cells too."""
    labels = " ".join(b.label for row in reply.buttons for b in row)
    document = ""
    if reply.document is not None:
        document = cells_of(reply.document.content) or reply.document.content.decode(
            "utf-8", "replace"
        )
    picture = reply.picture.description if reply.picture else ""
    return f"{reply.text} {reply.table} {labels} {picture} {document}"


def cells_of(content: bytes) -> str:
    """Return the cells of a workbook as text; nothing for anything else."""
    if not content.startswith(b"PK"):
        return ""
    book = load_workbook(io.BytesIO(content), read_only=True)
    return " ".join(
        str(cell)
        for sheet in book.worksheets
        for row in sheet.iter_rows(values_only=True)
        for cell in row
        if cell is not None
    )


# -- every route of the page


def addresses(world: World, messages: int) -> dict[str, list[str]]:
    """Return for every route of the page the addresses a curious person would open or post to."""
    today, files = ("龙亭区", "longting", ""), [f"/file/{n}" for n in range(1, messages + 1)]
    periods = ("today", "week", "month", "2025-01-24")
    boards = [f"?period={p}&district={d}" for p in periods for d in today]
    boards += [
        f"?from={RATED_ON}&to={TODAY}&{part}" for part in ("window=longting-01", "item=newborn")
    ]
    return {
        "/": ["/"],
        "/w/{code}": ["/w/longting-01"],
        "/join/{code}": ["/join/ABCDEFGH"],
        "/slip/{number}": [f"/slip/{world.slip}", f"/slip/{world.slip}?view=image"],
        "/progress": ["/progress"],
        "/progress/{number}": [f"/progress/{CASE}"],
        "/feedback/{key}": [f"/feedback/{key}" for key in (world.rectification, "1", "a" * 22)],
        "/dashboard": [f"/dashboard{board}" for board in boards],
        "/dashboard/print": ["/dashboard/print", "/dashboard/print?unit=龙亭区政务服务大厅"],
        "/dashboard/rows": [
            f"/dashboard/rows{board}&kind={kind}"
            for board in boards
            for kind in ("good", "bad", "unrated")
        ],
        "/dashboard/rectification/{number}": [f"/dashboard/rectification/{world.rectification}"],
        "/dashboard/sheet": [f"/dashboard/sheet{board}" for board in boards],
        "/certificates/sheet": ["/certificates/sheet"],
        "/upload": ["/upload"],
        "/upload/faulty/{key}": [f"/upload/faulty/{world.waiting_key}"],
        "/upload/template/{kind}": ["/upload/template/cases"],
        "/privacy": ["/privacy"],
        "/healthz": ["/healthz"],
        "/say": ["/say"],
        "/messages": ["/messages?after=0"],
        "/file/{number:int}": files,
        "/large": ["/large"],
        "/demo/role": ["/demo/role"],
        "/next": ["/next"],
        "/still": ["/still"],
        "/static/{name}": ["/static/chat.js"],
    }


# These open to whoever holds the number, and the case's own number is what was asked with.
BY_NUMBER = {"/progress/{number}"}


def opened_by(world: World, browser: Browser, routes: list[Route]) -> str:
    """Return everything the page answers to a session, whatever the route."""
    (messages,) = world.desk.db.execute("SELECT max(id) FROM messages").fetchone()
    known = addresses(world, messages)
    found = []
    for route in routes:
        for address in known[route.path]:
            response = (
                browser.get(address)
                if "GET" in (route.methods or ())
                else browser.post(address, {"text": "今日评价", "key": f"walk{len(found):09}"})
            )
            text = cells_of(response.content) or response.text
            if route.path in BY_NUMBER:
                text = text.replace(CASE[-4:], "")
            found.append(f"{response.status_code} {text}")
    return "\n".join(found)


def a_session(world: World, role: Role, scope: Scope) -> tuple[Browser, list[Route], Talker]:
    """Return a browser bound to a role, the page's routes, and the same person as a talker."""
    core = Core(router.respond, router.settle, slip_page)
    app = build_web(world.desk, core)
    browser = Browser(app)
    browser.ask({"text": "你好", "key": "hello-hello-1"})
    (person_id,) = world.desk.db.execute("SELECT max(id) FROM people").fetchone()
    person = people.person_by_id(world.desk.db, person_id)
    if role is not Role.CITIZEN:
        person = people.set_role(world.desk.db, person, role, scope)
    routes = [route for route in app.routes if isinstance(route, Route)]
    return browser, routes, Talker(world.desk, person, Channel.WEB)


def records(desk: Desk) -> dict[str, list[tuple[object, ...]]]:
    """Return what no stranger may have changed."""
    tables = "ratings rectifications rectification_events cases case_events acts enquiries"
    tables += " certificates official_matches staff knowledge_tasks"
    return {table: desk.db.execute(f"SELECT * FROM {table}").fetchall() for table in tables.split()}


def test_every_address_of_the_page_is_in_the_walk(world: World) -> None:
    _, routes, _ = a_session(world, Role.CITIZEN, Scope())

    assert {route.path for route in routes} == set(addresses(world, 1))


@pytest.mark.parametrize(("role", "scope"), STRANGERS)
def test_a_stranger_gets_nothing_of_the_others(world: World, role: Role, scope: Scope) -> None:
    browser, routes, curious = a_session(world, role, scope)
    before = records(world.desk)

    # The page first: what a conversation holds afterwards was looked at while it was said.
    everything = opened_by(world, browser, routes) + said_to(world, curious)

    leaked = [secret for secret in world.secrets if secret in everything]
    # A window finds the certificates of its whole district by their tail, to give a 提醒码.
    is_window_there = role in (Role.CLERK, Role.LEAD) and scope.district == "龙亭区"
    assert leaked == ([CERTIFICATE[-4:]] if is_window_there else [])
    assert "差评 1" not in everything
    assert "🔴 1" not in everything
    assert records(world.desk) == before


@pytest.mark.parametrize(
    "path",
    ["/dashboard", "/dashboard/sheet", "/dashboard/print", "/certificates/sheet", "/upload"],
)
def test_a_citizen_is_turned_away_from_the_pages_of_staff(world: World, path: str) -> None:
    browser, _, _ = a_session(world, Role.CITIZEN, Scope())

    assert browser.get(path).status_code == 403


def test_the_same_walk_within_the_scope_finds_it(world: World) -> None:
    """Show that the walk would find a leak: whose it is finds all but what asks for a reason."""
    browser, routes, supervisor = a_session(world, Role.SUPERVISOR, Scope("龙亭区"))

    pages = opened_by(world, browser, routes)
    everything = said_to(world, supervisor) + pages

    unseen = {secret for secret in world.secrets if secret not in everything}
    assert unseen == {PHONE, CLERK, FAULTY_ROW}
    assert "差评 1" in pages
