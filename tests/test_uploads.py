"""Tables sent in by page or chat: dry run, coverage, 确认, and who may not."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook
from pydantic import SecretStr
from starlette.applications import Starlette

from bot import router
from bot.channels.beside import Beside, until_quiet
from bot.channels.telegram.core import Core as TelegramCore
from bot.channels.web.app import build_web
from bot.channels.web.site import Core
from bot.channels.web.upload import MOST_DRAINED
from bot.database import FILE_NAME, open_database, transaction
from bot.desk import MOST_WAITING, Desk, Links, Waiting
from bot.dialogue import Channel, Incoming, Reply, Role, Scope, Upload
from bot.handlers import imports as handler
from bot.handlers.slips import slip_page
from bot.importing.columns import Kind
from bot.importing.faulty import template_text
from bot.importing.uploads import UPLOAD_LIMIT
from bot.records import people
from bot.records.people import Address
from bot.records.roster import member_by_number
from bot.settings import RobotSettings, Settings, TelegramSettings
from reminders.cases import Extent, Missing, case_by_number, imports
from reminders.certificates import certificates_by_number
from tests.conftest import Clock, Talker
from tests.telegram_stub import Stub, User, running_stub
from tests.test_telegram_channel import running
from tests.ugly_files import a_case, a_csv, an_xlsx, cases
from tests.web.fakes import HOME

CASES = an_xlsx(cases(3))
STAFF_HEADER = ("工号", "姓名", "单位", "区县", "角色")


@pytest.fixture
def zhou(somebody: Callable[..., Talker]) -> Talker:
    return somebody("zhou", Role.SUPERVISOR)


def sent(
    talker: Talker, content: bytes, kind: str | None = None, name: str = "办件.xlsx", **more: Any
) -> Reply:
    token = f"import:{kind}" if kind else None
    return talker._send(upload=Upload(name, content), token=token, **more)


# -- the dry run


def test_a_table_is_shown_before_it_is_taken(zhou: Talker) -> None:
    reply = sent(zhou, CASES)

    assert "新增 3，更新 0，办结 0，不变 0，拒绝 0" in reply.text
    assert "办件表“办件.xlsx”，读 3 行" in reply.text
    assert zhou.labels() == [
        "确认导入",
        "取消",
        "改：这张表含全部办件",
        "改：我管的区县、部门都在表里",
        "改：哪天受理的都算",
    ]
    assert case_by_number(zhou.desk.db, "410200-001") is None
    assert imports(zhou.desk.db) == ()


def test_the_range_is_proposed_from_the_rows(zhou: Talker) -> None:
    rows = [a_case(), a_case("410200-002", 区县="鼓楼区", 受理日期="2025-01-10")]

    text = sent(zhou, an_xlsx(rows)).text

    for line in (
        "含哪些办件：在办",
        "区县：鼓楼区、龙亭区",
        "受理日期：2025-01-10 至 2025-01-20 受理的",
        "数据截至：表里没写，按现在算",
    ):
        assert f"· {line}" in text


@pytest.mark.parametrize("kind", list(Kind))
def test_in_chat_the_kind_is_found_from_the_header(zhou: Talker, kind: Kind) -> None:
    example = "X-001"
    rows = template_text(kind).splitlines()
    first = rows[1].split(",")[0]
    content = "\r\n".join([rows[0], rows[1].replace(first, example, 1)]).encode()

    reply = sent(zhou, content, name="表.csv")

    words = {"cases": "办件表", "certificates": "证照表", "staff": "人员表"}
    assert words[kind.value] in reply.text
    assert "确认导入" in zhou.labels()


def test_a_table_of_no_known_kind_says_what_each_needs(zhou: Talker) -> None:
    reply = sent(zhou, an_xlsx([[1, 2, 3]], ("甲", "乙", "丙")))

    assert "没认出" in reply.text
    assert all(f"· {kind}：" in reply.text for kind in ("办件", "证照", "人员"))


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "空的"), (CASES[:2000], "不完整"), (b"%PDF-1.7", "PDF"), (b"\x89PNG\r\n\x1a\n", "图片")],
)
@pytest.mark.parametrize("kind", [None, "cases"])
def test_a_file_that_cannot_be_read_says_why(
    zhou: Talker, content: bytes, says: str, kind: str | None
) -> None:
    reply = sent(zhou, content, kind)

    assert says in reply.text
    assert "没有导入" in reply.text
    assert "确认导入" not in zhou.labels()


def test_problems_are_listed_and_the_bad_rows_come_back(zhou: Talker) -> None:
    rows = cases(100)
    for row in rows[:4]:
        row[5] = "2025/2/30"

    reply = sent(zhou, an_xlsx(rows))

    assert "新增 96，更新 0，办结 0，不变 0，拒绝 4" in reply.text
    assert "有误 4 处，所在的 4 行不导入" in reply.headings
    assert "· 第 2 行“受理日期”（2025/2/30）：" in reply.text
    document = reply.then[0].document
    assert document is not None
    assert document.name == "办件-有误.xlsx"
    assert load_workbook(io.BytesIO(document.content)).worksheets[0].max_row == 5


def test_only_the_first_twenty_problems_are_listed(zhou: Talker) -> None:
    rows = cases(600)
    for row in rows[:21]:
        row[5] = "2025/2/30"

    text = sent(zhou, an_xlsx(rows)).text

    assert text.count("· 第 ") == 20
    assert "……另有 1 处" in text


def test_more_than_five_in_a_hundred_bad_rows_offer_nothing_to_confirm(zhou: Talker) -> None:
    rows = cases(100)
    for row in rows[:6]:
        row[5] = "2025/2/30"

    reply = sent(zhou, an_xlsx(rows))

    assert "6 行有误，超过 5%，一行也不写入" in reply.text
    assert "确认导入" not in zhou.labels()
    assert reply.then[0].document is not None


def test_a_table_too_long_for_one_transaction_is_refused(
    zhou: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "MOST_ROWS", 2)

    assert "最多 2 行" in sent(zhou, CASES).text
    assert "确认导入" not in zhou.labels()


def test_columns_with_personal_data_are_named_as_not_read(zhou: Talker) -> None:
    header = ("办件编号", "事项名称", "受理日期", "承诺时限", "申请人身份证号")
    rows = [["1-1", "不动产登记", "2025-01-20", "5个工作日", "某"]]

    assert "没有读：申请人身份证号" in sent(zhou, an_xlsx(rows, header)).text


CERTIFICATE_HEADER = ("证照编号", "证照名称", "持证人", "发证机关", "有效期至")
HONEY = ("YF001", "养蜂证", "某某蜂场", "郑州市某局", "2025-06-30")


def test_unknown_kinds_and_offices_are_named_with_their_rows(zhou: Talker) -> None:
    shown = sent(zhou, an_xlsx([HONEY], CERTIFICATE_HEADER)).text
    taken = zhou.presses("确认导入").text

    for text in (shown, taken):
        assert "规则未登记的证照种类" in text
        assert "养蜂证：1 行" in text
        assert "没认出的发证机关" in text
        assert "郑州市某局：1 行" in text


def test_the_kinds_usual_department_refuses_nobodys_table(
    somebody: Callable[..., Talker],
) -> None:
    mine = somebody("drugs", Role.DEPARTMENT, Scope(None, "drug"))
    row = ("JY001", "食品经营许可证", "某某饭店", "", "2025-06-30")

    assert "新增 1" in sent(mine, an_xlsx([row], CERTIFICATE_HEADER)).text


def test_a_path_in_a_files_name_is_dropped(zhou: Talker) -> None:
    reply = sent(zhou, CASES, name="C:\\某人\\桌面\\..\\一月\n办件.xlsx")

    assert "“一月办件.xlsx”" in reply.text


# -- the sender's word


def test_confirming_takes_the_table(zhou: Talker) -> None:
    sent(zhou, CASES)

    reply = zhou.presses("确认导入")

    assert "导入好了" in reply.text
    assert "新增 3" in reply.text
    assert reply.replaces
    assert case_by_number(zhou.desk.db, "410200-003") is not None
    (one,) = imports(zhou.desk.db)
    assert (one.by_person_id, one.file_name) == (zhou.person.id, "办件.xlsx")


def test_a_second_press_hears_the_same_and_does_nothing(zhou: Talker) -> None:
    sent(zhou, CASES)
    first = zhou.presses("确认导入")
    token = next(
        b.token for m in zhou.heard for row in m.buttons for b in row if b.label == "确认导入"
    )
    assert token is not None

    again = zhou.sends_token(token)

    assert again.text == first.text
    assert len(imports(zhou.desk.db)) == 1


def test_the_same_table_again_changes_nothing_and_says_so(zhou: Talker) -> None:
    sent(zhou, CASES)
    zhou.presses("确认导入")

    shown = sent(zhou, CASES)
    taken = zhou.presses("确认导入")

    assert "已经导入过" in shown.text
    assert "不变 3" in shown.text
    assert "什么也没变" in taken.text


def test_declining_keeps_nothing(zhou: Talker) -> None:
    sent(zhou, CASES)
    reply = zhou.presses("取消")

    assert "没有导入" in reply.text
    assert "已经不在了" in zhou.presses("确认导入").text
    assert imports(zhou.desk.db) == ()


def test_only_the_sender_may_confirm(zhou: Talker, somebody: Callable[..., Talker]) -> None:
    other = somebody("other", Role.SUPERVISOR)
    sent(zhou, CASES)
    token = zhou.button("确认导入")[0].token
    assert token is not None

    assert "已经不在了" in other.sends_token(token).text
    assert imports(zhou.desk.db) == ()


@pytest.mark.parametrize(("minutes", "is_taken"), [(29, True), (30, False)])
def test_a_table_waits_for_half_an_hour(
    zhou: Talker, clock: Clock, minutes: int, is_taken: bool
) -> None:
    sent(zhou, CASES)
    clock.move(minutes=minutes)

    zhou.presses("确认导入")

    assert bool(imports(zhou.desk.db)) is is_taken


def test_a_newer_table_takes_the_place_of_the_older(zhou: Talker) -> None:
    sent(zhou, CASES)
    older = zhou.button("确认导入")[0].token
    sent(zhou, an_xlsx(cases(2)))

    assert older is not None
    assert "已经不在了" in zhou.sends_token(older).text
    assert "新增 2" in zhou.presses("确认导入").text


@pytest.mark.parametrize(
    "token",
    ["import", "import:cases", "impsay", "imptake", "imptake:nope", "impdrop:nope", "impsay:x:y"],
)
def test_invented_buttons_lead_nowhere(zhou: Talker, token: str) -> None:
    reply = zhou.sends_token(token)

    assert "失效" in reply.text or "已经不在了" in reply.text


# -- what the file covers


def test_the_sender_may_say_that_a_table_holds_all(zhou: Talker) -> None:
    sent(zhou, an_xlsx(cases(3)))
    zhou.presses("确认导入")
    sent(zhou, an_xlsx(cases(2)))

    all_ = zhou.presses("改：这张表含全部办件")
    zhou.presses("确认导入")

    assert "含哪些办件：全部" in all_.text
    assert "1 件，会记为“待核”" in all_.text
    assert all_.replaces
    missing = case_by_number(zhou.desk.db, "410200-003")
    assert missing is not None
    assert missing.is_open
    assert missing.missing is Missing.UNVERIFIED
    assert {one.covers.extent for one in imports(zhou.desk.db)} == {Extent.OPEN, Extent.ALL}


def test_what_an_open_only_table_lacks_is_perhaps_done(zhou: Talker) -> None:
    sent(zhou, an_xlsx(cases(3)))
    zhou.presses("确认导入")
    sent(zhou, an_xlsx(cases(2)))

    reply = zhou.presses("确认导入")

    assert "表里没有的 1 件记为“可能已办结”" in reply.text


def test_saying_all_does_not_widen_the_range(zhou: Talker) -> None:
    sent(zhou, an_xlsx([a_case("410200-009", 区县="鼓楼区")]))
    zhou.presses("确认导入")
    sent(zhou, an_xlsx([a_case(区县="")]))

    all_ = zhou.presses("改：这张表含全部办件")

    assert "没写区县的 1 件，算市直单位" in all_.text
    assert "0 件，会记为“待核”" in all_.text


def test_the_oldest_case_is_missed_where_every_day_is_said(zhou: Talker) -> None:
    sent(zhou, an_xlsx([a_case("410200-001", 受理日期="2025-01-02"), *cases(3)[1:]]))
    zhou.presses("确认导入")

    proposed = sent(zhou, an_xlsx(cases(3)[1:]))
    said = zhou.presses("改：哪天受理的都算")
    zhou.presses("确认导入")

    assert "另有 1 件在办，受理日期在范围外" in proposed.text
    assert "0 件，会记为“可能已办结”" in proposed.text
    assert "1 件，会记为“可能已办结”" in said.text
    assert missing_of(zhou, "410200-001") is Missing.PERHAPS_DONE


def test_a_department_without_cases_left_is_missed_where_all_places_are_said(
    zhou: Talker,
) -> None:
    sent(zhou, an_xlsx([*cases(2), a_case("410200-009", 区县="鼓楼区")]))
    zhou.presses("确认导入")
    sent(zhou, an_xlsx(cases(2)))

    said = zhou.presses("改：我管的区县、部门都在表里")
    zhou.presses("确认导入")

    assert "区县：您管的都算" in said.text
    assert missing_of(zhou, "410200-009") is Missing.PERHAPS_DONE


def test_a_leads_word_never_reaches_beyond_the_own_district(zhao: Talker, zhou: Talker) -> None:
    sent(zhou, an_xlsx([*cases(2), a_case("410200-009", 区县="鼓楼区")]))
    zhou.presses("确认导入")
    sent(zhao, an_xlsx(cases(1)))

    zhao.presses("改：我管的区县、部门都在表里")
    zhao.presses("确认导入")

    assert missing_of(zhou, "410200-002") is Missing.PERHAPS_DONE
    assert missing_of(zhou, "410200-009") is None


def missing_of(talker: Talker, number: str) -> Missing | None:
    case = case_by_number(talker.desk.db, number)
    assert case is not None
    return case.missing


def test_a_word_may_be_taken_back(zhou: Talker) -> None:
    sent(zhou, CASES)
    zhou.presses("改：这张表含全部办件")

    assert "含哪些办件：在办" in zhou.presses("改：这张表只有在办件").text


# -- certificates and staff


def test_certificates_and_staff_are_taken_alike(zhou: Talker) -> None:
    header = ("证照编号", "证照名称", "持证人", "有效期至")
    sent(zhou, an_xlsx([["JY1", "食品经营许可证", "某店", "2026-01-01"]], header), "certificates")
    zhou.presses("确认导入")
    sent(zhou, an_xlsx([["9001", "张三", "人社局", "龙亭区", "窗口人员"]], STAFF_HEADER), "staff")
    zhou.presses("确认导入")

    assert len(certificates_by_number(zhou.desk.db, "JY1")) == 1
    assert member_by_number(zhou.desk.db, "9001") is not None


# -- who may


@pytest.mark.parametrize("role", [Role.LEAD, Role.DEPARTMENT, Role.SUPERVISOR])
def test_those_who_answer_for_windows_may_send_tables(
    somebody: Callable[..., Talker], role: Role
) -> None:
    assert "新增 3" in sent(somebody("a", role), CASES).text


@pytest.mark.parametrize("role", [Role.CLERK, Role.EDITOR])
def test_other_staff_are_told_who_may(somebody: Callable[..., Talker], role: Role) -> None:
    talker = somebody("a", role)

    assert "窗口负责人、证照科室或督查人员" in sent(talker, CASES).text
    assert "看您能做什么" in talker.sends_token("imptake:abc:open").text


def test_a_citizens_file_is_not_read(wang: Talker) -> None:
    assert "新增" not in sent(wang, CASES).text


def test_a_discreet_channel_takes_no_table(zhou: Talker) -> None:
    reply = sent(zhou, CASES, discreet=True)

    assert "请在网页上传" in reply.text
    assert reply.buttons[0][0].url == "http://127.0.0.1:8000/upload"


def test_a_lead_does_not_import_another_districts_cases(zhao: Talker) -> None:
    reply = sent(zhao, an_xlsx([a_case(), a_case("410200-002", 区县="鼓楼区")]))

    assert "不归您管的：鼓楼区（您管的是龙亭区）" in reply.text
    assert "确认导入" not in zhao.labels()


def test_a_lead_imports_the_own_districts_cases(zhao: Talker) -> None:
    assert "新增 3" in sent(zhao, CASES).text


def test_nobody_lists_a_superior(zhao: Talker) -> None:
    table = an_xlsx([["9001", "张三", "人社局", "龙亭区", "督查人员"]], STAFF_HEADER)

    assert "不能由您列入的角色：督查人员" in sent(zhao, table, "staff").text


def test_the_word_upload_leads_to_the_form(zhao: Talker) -> None:
    reply = zhao.says("上传")

    assert reply.buttons[0][0].url == "http://127.0.0.1:8000/upload"


# -- afterwards


def alerts(desk: Desk) -> int:
    query = "SELECT count(*) FROM outbox WHERE kind = 'case_digest'"
    return int(desk.db.execute(query).fetchone()[0])


def test_an_import_in_working_hours_reminds_at_once(zhou: Talker, clock: Clock) -> None:
    sent(zhou, an_xlsx(cases(1, 受理日期="2025-01-02")))

    reply = zhou.presses("确认导入")

    assert "马上发出提醒" in reply.text


def test_what_an_upload_makes_red_the_group_robots_hear_too(zhou: Talker, clock: Clock) -> None:
    clock.at = clock.at.replace(month=2, day=10, hour=9)
    url = SecretStr("http://127.0.0.1:9/send?key=x")
    robot = RobotSettings(name="longting", kind="wecom", url=url)
    settings = zhou.desk.settings.model_copy(update={"robots": (robot,)})
    zhou.desk = dataclasses.replace(zhou.desk, settings=settings)
    sent(zhou, CASES)

    zhou.presses("确认导入")

    put = zhou.desk.db.execute("SELECT facts FROM outbox WHERE kind = 'robot'").fetchall()
    assert len(put) == 1
    assert "longting" in put[0][0]
    assert alerts(zhou.desk) > 0


@pytest.mark.parametrize("by", [{"hours": 11}, {"days": 1}])
def test_at_night_and_on_rest_days_nobody_is_disturbed(
    zhou: Talker, clock: Clock, by: dict[str, float]
) -> None:
    clock.move(**by)
    sent(zhou, an_xlsx(cases(1, 受理日期="2025-01-02")))

    zhou.presses("确认导入")

    assert alerts(zhou.desk) == 0


# -- what waits


def test_what_waits_is_of_one_kind_one_person_and_a_while(clock: Clock) -> None:
    waiting, now = Waiting(), clock()
    key = waiting.put("表", 7, until=now + timedelta(minutes=1), now=now)

    assert waiting.get(key, 7, str, now=now) == "表"
    assert waiting.get(key, 8, str, now=now) is None
    assert waiting.get(key, 7, int, now=now) is None
    assert waiting.get(key, 7, str, now=now + timedelta(minutes=1)) is None


def test_only_so_much_waits(clock: Clock) -> None:
    waiting, now = Waiting(), clock()
    until = now + timedelta(minutes=1)

    keys = [waiting.put(n, n, until=until, now=now) for n in range(MOST_WAITING + 1)]

    assert waiting.get(keys[0], 0, int, now=now) is None
    assert waiting.get(keys[1], 1, int, now=now) == 1


# -- beside the loop


@pytest.fixture
def kept_desk(desk: Desk, settings: Settings) -> Iterator[Desk]:
    """Return the desk over a file, as a running program has it."""
    db = open_database(settings.data_dir / FILE_NAME)
    yield replace(desk, db=db)
    db.conn.close()


def a_lead(desk: Desk, address: Address) -> None:
    with transaction(desk.db):
        person = people.person_at(desk.db, address, now=desk.now())
        people.set_role(desk.db, person, Role.LEAD, Scope("龙亭区"))


def test_a_table_is_read_in_a_worker_and_a_question_is_not(
    kept_desk: Desk, somebody: Callable[..., Talker]
) -> None:
    where: list[tuple[bool, bool]] = []
    person = people.person_at(kept_desk.db, Address(Channel.TERMINAL, "a"), now=kept_desk.now())

    def respond(desk: Desk, _incoming: Incoming) -> Reply:
        here = threading.current_thread() is threading.main_thread()
        where.append((here, desk.db is kept_desk.db))
        return Reply("好")

    async def ask() -> None:
        beside = Beside()
        for what in ({"upload": Upload("a", b"")}, {"token": "imptake:a:all"}, {"text": "退休"}):
            incoming = dataclasses.replace(Incoming(person, Channel.WEB), **what)
            await beside.respond(respond, kept_desk, incoming)

    asyncio.run(ask())

    assert where == [(False, False), (False, False), (True, True)]


def test_the_loop_goes_on_while_a_table_is_read(kept_desk: Desk) -> None:
    address = Address(Channel.WEB, "a")
    a_lead(kept_desk, address)
    person = people.person_at(kept_desk.db, address, now=kept_desk.now())
    upload = Upload("a.csv", a_csv([[f"1-{n}", *a_case()[1:]] for n in range(5000)]))
    ticks = 0

    async def count(done: asyncio.Event) -> None:
        nonlocal ticks
        while not done.is_set():
            await asyncio.sleep(0.005)
            ticks += 1

    async def ask() -> Reply | None:
        done = asyncio.Event()
        counting = asyncio.create_task(count(done))
        incoming = Incoming(person, Channel.WEB, upload=upload)
        reply = await Beside().respond(router.respond, kept_desk, incoming)
        done.set()
        await counting
        return reply

    reply = asyncio.run(ask())

    assert reply is not None
    assert "新增 5000" in reply.text
    assert ticks > 3


def test_others_wait_for_a_long_transaction_without_blocking(desk: Desk) -> None:
    async def wait() -> bool:
        with desk.long_writes.one():
            waiting = asyncio.create_task(until_quiet(desk))
            await asyncio.sleep(0.05)
            was_waiting = not waiting.done()
        await asyncio.wait_for(waiting, 5)
        return was_waiting

    assert asyncio.run(wait())
    assert not desk.long_writes.are_going_on


# -- on the page


class Page:
    """A browser without scripts, on the real core over a file."""

    def __init__(self, desk: Desk) -> None:
        core = Core(router.respond, router.settle, slip_page)
        self.app: Starlette = build_web(desk, core)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(
            transport=transport, base_url=HOME, follow_redirects=True, timeout=60
        )

    def get(self, path: str) -> httpx.Response:
        return asyncio.run(self.client.get(path))

    def post(self, path: str, origin: str = HOME, **more: Any) -> httpx.Response:
        return asyncio.run(self.client.post(path, headers={"origin": origin}, **more))

    def upload(
        self, content: bytes, kind: str = "cases", name: str = "办件.xlsx", key: str = "k"
    ) -> httpx.Response:
        return self.post(
            "/upload", data={"kind": kind, "key": key}, files={"file": (name, content)}
        )

    def press(self, html: str, label: str) -> httpx.Response:
        form = next(f for f in reversed(html.split("<form")) if f">{label}</button>" in f)
        fields = dict(re.findall(r'name="(key|message)" value="([^"]*)"', form))
        (token,) = re.findall(rf'name="token" value="([^"]*)">{label}<', form)
        return self.post("/say", data={**fields, "token": token})


@pytest.fixture
def page(kept_desk: Desk) -> Page:
    page = Page(kept_desk)
    code = _code(kept_desk, Role.LEAD)
    page.post(f"/join/{code}", data={"key": "join"})
    return page


def _code(desk: Desk, role: Role) -> str:
    with transaction(desk.db):
        made = people.make_code(
            desk.db, role=role, scope=Scope("龙亭区"), name=None, made_by=None, now=desk.now()
        )
    return made.code


def test_the_form_has_a_file_a_kind_and_templates(page: Page) -> None:
    html = page.get("/upload").text

    assert 'type="file"' in html
    assert 'enctype="multipart/form-data"' in html
    assert re.findall(r'name="kind" value="(\w+)"', html) == ["cases", "certificates", "staff"]
    assert "最大 20 MB" in html
    for kind in Kind:
        sheet = page.get(f"/upload/template/{kind.value}")
        assert load_workbook(io.BytesIO(sheet.content)).worksheets


def test_a_table_goes_from_the_form_into_the_records(page: Page, kept_desk: Desk) -> None:
    shown = page.upload(CASES)
    done = page.press(shown.text, "确认导入")

    assert shown.status_code == 200
    assert "新增 3" in shown.text
    assert "导入好了" in done.text
    assert "确认导入</button>" not in done.text
    assert case_by_number(kept_desk.db, "410200-001") is not None


def test_the_same_post_twice_is_one_message(page: Page) -> None:
    page.upload(CASES)

    twice = page.upload(CASES)

    assert twice.text.count("还没写入，请核对") == 1


def test_another_file_under_the_same_key_is_another_post(page: Page) -> None:
    page.upload(CASES)

    assert "新增 2" in page.upload(an_xlsx(cases(2))).text


def test_the_bad_rows_are_fetched_while_the_table_waits(
    page: Page, kept_desk: Desk, clock: Clock
) -> None:
    rows = cases(40)
    rows[3][4], rows[3][5] = "李四一", "2025/2/30"
    shown = page.upload(an_xlsx(rows)).text
    (link,) = re.findall(r'href="(/upload/faulty/\w+)"', shown)

    sheet = page.get(link)
    other = Page(kept_desk).get(link)
    clock.move(minutes=30)
    gone = page.get(link)

    assert load_workbook(io.BytesIO(sheet.content)).worksheets[0].max_row == 2
    assert (other.status_code, gone.status_code) == (404, 404)
    assert "李四一" not in "\n".join(kept_desk.db.conn.iterdump())


@pytest.mark.parametrize("extra", [1, UPLOAD_LIMIT])
def test_a_file_too_large_is_refused_in_words(page: Page, extra: int) -> None:
    reply = page.upload(bytes(UPLOAD_LIMIT + extra))

    assert reply.status_code == 413
    assert "文件超过 20 MB，没有收" in reply.text
    assert 'type="file"' in reply.text


def test_a_file_of_just_the_limit_is_read(page: Page) -> None:
    assert "没有导入" in page.upload(bytes(UPLOAD_LIMIT), name="零.csv").text


def test_without_end_is_cut_off(page: Page) -> None:
    sent_bytes = 0

    async def endless() -> Any:
        nonlocal sent_bytes
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        while True:
            sent_bytes += 1024 * 1024
            yield bytes(1024 * 1024)

    kind = {"content-type": "multipart/form-data; boundary=b", "origin": HOME}
    reply = asyncio.run(page.client.post("/upload", content=endless(), headers=kind))

    assert reply.status_code == 413
    assert sent_bytes <= MOST_DRAINED + 2 * 1024 * 1024


def test_no_file_or_no_kind_asks_again(page: Page) -> None:
    nothing = page.post("/upload", data={"kind": "cases"}, files={"file": ("", b"")})
    wrong = page.upload(CASES, kind="dogs")

    assert (nothing.status_code, wrong.status_code) == (400, 400)
    assert "请先选一个文件" in nothing.text
    assert "请选这是哪种表" in wrong.text


@pytest.mark.parametrize(
    ("kind", "content", "status"),
    [
        ("application/x-www-form-urlencoded", b"kind=cases", 415),
        ("multipart/form-data", b"", 400),
        ("multipart/form-data; boundary=b", b"no part", 400),
    ],
)
def test_what_is_no_such_form_is_refused(
    page: Page, kind: str, content: bytes, status: int
) -> None:
    headers = {"content-type": kind, "origin": HOME}
    reply = asyncio.run(page.client.post("/upload", content=content, headers=headers))

    assert reply.status_code == status


def test_another_sites_form_is_refused(page: Page) -> None:
    reply = page.post("/upload", origin="https://elsewhere.example", files={"file": ("a", CASES)})

    assert reply.status_code == 403


@pytest.mark.parametrize("role", [None, Role.CLERK])
def test_the_form_is_for_those_who_import(kept_desk: Desk, role: Role | None) -> None:
    page = Page(kept_desk)
    if role is not None:
        page.post(f"/join/{_code(kept_desk, role)}", data={"key": "join"})

    for reply in (page.get("/upload"), page.upload(CASES)):
        assert reply.status_code == 403
        assert "这里没有您要看的内容" in reply.text
    assert page.get("/upload/template/cases").status_code == 404
    assert page.get("/upload/faulty/abc").status_code == 404


# -- over Telegram


@pytest.fixture(name="stub")
def _stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    with running_stub() as stub:
        yield stub


def telegram_desk(desk: Desk, stub: Stub, personal_data: str) -> Desk:
    told: Any = {
        "base_url": stub.base_url,
        "base_file_url": stub.base_file_url,
        "personal_data": personal_data,
    }
    settings = desk.settings.model_copy(
        update={"telegram": TelegramSettings(**told), "telegram_token": SecretStr(stub.token)}
    )
    return replace(desk, settings=settings, links=Links(page="https://hall.example"))


def over_telegram(desk: Desk, stub: Stub, act: Callable[[], Any]) -> None:
    core = TelegramCore(router.respond, router.settle, router.settle_later, router.menu_for)

    async def run() -> None:
        async with running(desk, core):
            await act()
            await stub.eventually(lambda: not stub.pending_updates())

    asyncio.run(run())
    assert stub.violations == ()


def a_bound_user(stub: Stub, desk: Desk) -> User:
    user = stub.user()
    a_lead(desk, Address(Channel.TELEGRAM, str(user.id)))
    return user


def test_over_telegram_a_table_is_shown_and_taken(kept_desk: Desk, stub: Stub) -> None:
    desk = telegram_desk(kept_desk, stub, "allow")
    user = a_bound_user(stub, desk)
    rows = cases(40)
    rows[0][5] = "2025/2/30"

    async def act() -> None:
        user.sends_document("办件.xlsx", an_xlsx(rows))
        await stub.eventually(lambda: len(user.messages()) >= 2)
        user.presses("确认导入")
        await stub.eventually(lambda: imports(desk.db) != ())

    over_telegram(desk, stub, act)

    shown = user.texts()
    assert any("导入好了" in text for text in shown)
    assert len(stub.calls_of("sendDocument")) == 1
    assert case_by_number(desk.db, "410200-002") is not None


def test_over_telegram_tables_are_refused_by_default(kept_desk: Desk, stub: Stub) -> None:
    desk = telegram_desk(kept_desk, stub, "deny")
    user = a_bound_user(stub, desk)

    async def act() -> None:
        user.sends_document("办件.xlsx", CASES)
        await stub.eventually(lambda: len(user.messages()) >= 1)

    over_telegram(desk, stub, act)

    assert "请在网页上传" in user.texts()[0]
    assert imports(desk.db) == ()
