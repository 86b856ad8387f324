"""The register as Excel, of any length: link, worker thread, scope, audit; and holders' codes."""

from __future__ import annotations

import asyncio
import io
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import httpx
import openpyxl
import pytest
from click.testing import CliRunner

from bot import router
from bot.__main__ import main
from bot.channels.beside import Beside
from bot.channels.web.app import build_web
from bot.channels.web.site import Core
from bot.database import FILE_NAME, open_database, transaction
from bot.desk import Desk
from bot.dialogue import Channel, Incoming, Reply, Role, Scope
from bot.handlers.certificates import sheet
from bot.handlers.slips import slip_page
from bot.records import people
from bot.records.audit import Deed, deeds
from bot.records.people import Address
from bot.reports.certificates import count_at_level, level_counts
from bot.settings import CertificateSettings, Settings
from knowledge.model import Confidence
from reminders.certificate_holders import held_by, make_opt_in_code
from reminders.certificate_rules import Level
from reminders.certificates import (
    Certificate,
    CertificateRow,
    apply_certificates,
    begin_import,
    certificates_by_number,
)
from tests.conftest import Talker

HOME = "http://127.0.0.1"
MARKET = Scope(None, "market")


@pytest.fixture
def kept_desk(desk: Desk, settings: Settings) -> Iterator[Desk]:
    """Return the desk over a file, as a running program has it."""
    db = open_database(settings.data_dir / FILE_NAME)
    yield replace(desk, db=db)
    db.conn.close()


class Page:
    """A browser without scripts, on the real core."""

    def __init__(self, desk: Desk) -> None:
        transport = httpx.ASGITransport(
            build_web(desk, Core(router.respond, router.settle, slip_page))
        )
        self.client = httpx.AsyncClient(
            transport=transport, base_url=HOME, follow_redirects=True, timeout=60
        )

    def get(self, path: str) -> httpx.Response:
        return asyncio.run(self.client.get(path))

    def post(self, path: str, **data: str) -> httpx.Response:
        return asyncio.run(self.client.post(path, data=data, headers={"origin": HOME}))


def staff_page(desk: Desk, role: Role, scope: Scope) -> Page:
    with transaction(desk.db):
        code = people.make_code(
            desk.db, role=role, scope=scope, name=None, made_by=None, now=desk.now()
        )
    page = Page(desk)
    page.post(f"/join/{code.code}", key="join")
    return page


def take(desk: Desk, *rows: CertificateRow) -> None:
    with transaction(desk.db):
        import_id = begin_import(
            desk.db, file_hash="h", file_name="r.csv", by_person_id=None, now=desk.now()
        )
        apply_certificates(desk.db, rows, import_id=import_id, now=desk.now())


def a_row(number: str = "JY0001", holder: str = "示例饭店", **more: object) -> CertificateRow:
    row = CertificateRow(
        number,
        "食品经营许可证",
        "food_operation",
        holder,
        department="market",
        district="龙亭区",
        expires_on=date(2025, 2, 20),
    )
    return replace(row, **more)  # type: ignore[arg-type]


def rows_of(content: bytes) -> list[tuple[object, ...]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [row for page in book.worksheets for row in page.iter_rows(min_row=2, values_only=True)]


def test_a_department_gets_every_row_and_hears_how_many(kept_desk: Desk) -> None:
    take(kept_desk, *(a_row(f"JY{n:04d}", f"第{n}号饭店") for n in range(2600)))
    take(kept_desk, a_row("YP1", kind="药品经营许可证", kind_id="drug", department="drug"))
    page = staff_page(kept_desk, Role.DEPARTMENT, MARKET)

    said = page.post("/say", token="certsheet", key="k").text
    sent = page.get("/certificates/sheet")

    assert "证照名单共 2600 行" in said
    assert 'href="/certificates/sheet"' in said
    rows = rows_of(sent.content)
    assert len(rows) == 2600
    assert {row[1] for row in rows} == {"食品经营许可证"}
    (line,) = (deed for deed in deeds(kept_desk.db) if deed.deed is Deed.EXPORTED)
    assert line.subject == "certificates:2025-01-24:2600"


def test_others_get_no_sheet(kept_desk: Desk) -> None:
    take(kept_desk, a_row())

    for page in (Page(kept_desk), staff_page(kept_desk, Role.CLERK, Scope("龙亭区"))):
        reply = page.get("/certificates/sheet")
        assert (reply.status_code, "示例饭店" in reply.text) == (403, False)
    assert not [deed for deed in deeds(kept_desk.db) if deed.deed is Deed.EXPORTED]


def test_a_supervisors_scope_holds(kept_desk: Desk) -> None:
    take(kept_desk, a_row(), a_row("JY0002", "兰考饭店", district="兰考县"))

    def exported(scope: Scope) -> list[object]:
        page = staff_page(kept_desk, Role.SUPERVISOR, scope)
        return [row[3] for row in rows_of(page.get("/certificates/sheet").content)]

    assert exported(Scope("兰考县")) == ["兰考饭店"]
    assert sorted(map(str, exported(Scope()))) == ["兰考饭店", "示例饭店"]


def test_the_sheet_is_written_in_a_worker_over_its_own_connection(kept_desk: Desk) -> None:
    person = people.person_at(kept_desk.db, Address(Channel.TERMINAL, "a"), now=kept_desk.now())
    where: list[tuple[bool, bool]] = []

    def respond(desk: Desk, _incoming: Incoming) -> Reply:
        main_thread = threading.current_thread() is threading.main_thread()
        where.append((main_thread, desk.db is kept_desk.db))
        return Reply("好")

    incoming = Incoming(person, Channel.TELEGRAM, token="certsheet")
    asyncio.run(Beside().respond(respond, kept_desk, incoming))

    assert where == [(False, False)]


def test_where_documents_may_go_the_sheet_comes_with_its_count(
    desk: Desk, somebody: Callable[..., Talker]
) -> None:
    take(desk, a_row(), a_row("JY0002"))

    reply = somebody("m", Role.DEPARTMENT, MARKET).sends_token("certsheet")

    assert "证照名单共 2 行" in reply.text
    assert reply.document is not None
    assert rows_of(reply.document.content)[0][:3] == ("红·紧急", "食品经营许可证", "JY0001")


def test_a_holder_named_like_a_formula_stays_text(
    desk: Desk, somebody: Callable[..., Talker]
) -> None:
    take(desk, a_row(holder='=HYPERLINK("http://x")\x07'))
    person = somebody("m", Role.DEPARTMENT, MARKET).person

    content, count = sheet(desk, person)

    cell = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]["D2"]
    assert (count, cell.value, cell.data_type) == (1, '=HYPERLINK("http://x")', "s")


def test_the_command_exports_without_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, desk: Desk
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("city: 开封市\n", encoding="utf-8")
    kept = replace(desk, db=open_database(tmp_path / "data" / FILE_NAME))
    take(kept, *(a_row(f"JY{n:04d}", f"第{n}号饭店") for n in range(600)))
    kept.db.conn.close()
    run = CliRunner().invoke

    arguments = ["certificates", "--export", "证照.xlsx", "--clock", "2025-01-24T09:00"]
    done = run(main, [*arguments, "--department", "market"])

    assert (done.exit_code, "600 行" in done.output) == (0, True)
    assert len(rows_of((tmp_path / "证照.xlsx").read_bytes())) == 600
    assert run(main, [*arguments, "--json"]).exit_code == 2


# -- holders


def the_certificate(desk: Desk) -> Certificate:
    take(desk, a_row())
    return certificates_by_number(desk.db, "JY0001")[0]


def holders_code(desk: Desk, certificate: Certificate) -> str:
    with transaction(desk.db):
        return make_opt_in_code(desk.db, certificate, made_by=None, now=desk.now()).code


def test_a_holders_link_does_not_speak_of_staff(kept_desk: Desk) -> None:
    code = holders_code(kept_desk, the_certificate(kept_desk))
    page = Page(kept_desk)

    opened = page.get(f"/join/{code}").text
    page.post(f"/join/{code}", key="join")
    said = page.post("/say", text="0001", key="tail").text

    assert "订证照到期提醒" in opened
    assert "后 4 位" in opened
    assert "工作人员" not in opened.partition("<main")[2]
    assert "食品" not in opened
    assert "订好了" in said


def test_a_staff_link_still_does(kept_desk: Desk) -> None:
    assert "绑定工作人员身份" in Page(kept_desk).get("/join/ABCDEFGH").text


@pytest.mark.parametrize("role", [Role.CLERK, Role.LEAD, Role.EDITOR, Role.SUPERVISOR])
def test_staff_who_hold_a_certificate_see_and_answer_it(
    desk: Desk, somebody: Callable[..., Talker], role: Role
) -> None:
    certificate = the_certificate(desk)
    holder = somebody("h", role, Scope("龙亭区", None, "longting-01"))

    holder.says(f"绑定 {holders_code(desk, certificate)}")
    holder.says("0001")

    assert "我的证照 1 张" in holder.says("我的证照").text
    assert "您" not in holder.presses("看 0001").text.partition("到哪办")[0]
    assert "已提交延续申请" in holder.presses("已提交").text
    assert [held.number for held in held_by(desk.db, holder.person.id)] == ["JY0001"]


def test_a_department_that_holds_one_has_both_cards(
    desk: Desk, somebody: Callable[..., Talker]
) -> None:
    certificate = the_certificate(desk)
    holder = somebody("h", Role.DEPARTMENT, MARKET)
    holder.says(f"绑定 {holders_code(desk, certificate)}")
    holder.says("0001")

    holder.says("我的证照")
    own = holder.presses("看 0001")
    holder.sends_token("certlist:urgent")
    duty = holder.presses("看 0001")

    assert "退订" in [b.label for row in own.buttons for b in row]
    assert "已打电话" in [b.label for row in duty.buttons for b in row]


def test_mine_is_still_cases_for_a_clerk(li: Talker) -> None:
    assert "办件" in li.says("/mine").text
    assert "证照" in li.says("我的证照").text
    assert [c.name for c in router.menu_for(Role.CLERK)].count("mine") == 1


def test_what_a_department_passes_on_does_not_hold_the_tail(
    desk: Desk, somebody: Callable[..., Talker]
) -> None:
    certificate = the_certificate(desk)
    desk.links.bot = "yikouqing_bot"
    market = somebody("m", Role.DEPARTMENT, MARKET)

    reply = market.sends_token(f"certcode:{certificate.id}")

    passed_on = reply.text.partition("转给持证人")[2]
    (code,) = set(re.findall(r"绑定 ([2-9A-Z]{8})", passed_on))
    assert f"http://127.0.0.1:8000/join/{code}" in passed_on
    assert f"https://t.me/yikouqing_bot?start=join-{code}" in passed_on
    assert "食品经营许可证" in passed_on
    assert "0001" not in passed_on
    assert reply.picture is not None


def test_a_sensitive_kind_is_not_named_in_what_is_passed_on(
    desk: Desk, somebody: Callable[..., Talker]
) -> None:
    certificate = the_certificate(desk)
    chosen = CertificateSettings(sensitive_kinds=("food_operation",))
    careful = replace(desk, settings=desk.settings.model_copy(update={"certificate": chosen}))
    careful.links.bot = "yikouqing_bot"
    market = somebody("m", Role.DEPARTMENT, MARKET)

    reply = Talker(careful, market.person).sends_token(f"certcode:{certificate.id}")

    passed_on = reply.text.partition("转给持证人")[2]
    assert "食品" not in passed_on
    assert "t.me" not in passed_on


def test_who_looks_at_names_and_phones_is_written_down(
    desk: Desk, somebody: Callable[..., Talker]
) -> None:
    take(desk, a_row(contact="13800001234", consent_on=date(2025, 1, 2)))
    market = somebody("m", Role.DEPARTMENT, MARKET)

    market.sends_token("certlist:urgent")
    market.presses("看 0001")

    assert [d.deed for d in deeds(desk.db)] == [Deed.SAW_CONTACT, Deed.SAW_LIST]


# -- a department's lists


def test_the_phone_list_holds_phones_and_leads_on(
    desk: Desk, somebody: Callable[..., Talker]
) -> None:
    soon = date(2025, 1, 26)
    take(
        desk,
        a_row(expires_on=soon, contact="13800001234", consent_on=date(2025, 1, 2)),
        a_row("JY0002", "没电话饭店", expires_on=soon),
        a_row("JY0003", "不急饭店"),
    )
    market = somebody("m", Role.DEPARTMENT, MARKET)

    # Tomorrow is a Saturday: what has three days left then is called about today.
    assert "4 天内到期、没有消息送到的 2 张：请打电话或上门" in market.says("证照").text
    listed = market.presses("要打电话的").text
    market.presses("看 0001 示例饭店")
    market.presses("已打电话")
    rest = market.presses("接着打电话").text

    assert "4 天内到期，要打电话或上门的：2 张" in listed
    assert "电话 13800001234。" in listed
    assert "没电话饭店，龙亭区" in listed
    assert "没有留电话。" in listed
    assert "不急饭店" not in listed
    assert ("示例饭店" in rest, "没电话饭店" in rest) == (False, True)


def test_a_long_list_says_how_many_there_are(desk: Desk, somebody: Callable[..., Talker]) -> None:
    take(desk, *(a_row(f"JY{n:04d}", f"第{n}号饭店") for n in range(25)))

    text = somebody("m", Role.DEPARTMENT, MARKET).sends_token("certlist:urgent").text

    assert "紧急：25 张（第 1 页，共 4 页）" in text
    assert "要停业" not in text


def test_nothing_to_do_gives_no_advice(desk: Desk, somebody: Callable[..., Talker]) -> None:
    take(desk, a_row())

    text = somebody("m", Role.DEPARTMENT, MARKET).says("证照").text

    assert "持证人说已提交、还没决定的 0 张\n" in text


def test_a_kind_that_shares_a_word_alone_is_not_near(
    desk: Desk, somebody: Callable[..., Talker]
) -> None:
    take(
        desk, a_row(kind="不认识的证", kind_id=None), a_row("B", kind="食品经营许可", kind_id=None)
    )

    text = somebody("m", Role.DEPARTMENT, MARKET).says("证照").text

    assert "不认识的证：1 张\n" in text
    assert "食品经营许可：1 张，像是：食品经营许可证" in text


@pytest.mark.parametrize("level", list(Level))
def test_one_level_is_counted_as_among_all(desk: Desk, level: Level) -> None:
    ends = [date(2024, 12, 1) + timedelta(days=n) for n in range(0, 200, 5)]
    take(desk, *(a_row(f"J{n}", f"第{n}号饭店", expires_on=end) for n, end in enumerate(ends)))
    take(desk, a_row("X", kind="不认识的证", kind_id=None, district="兰考县"))

    for scope in (Scope(), Scope("兰考县"), MARKET):
        whole = sum(one.at(level) for one in level_counts(desk, scope))
        assert count_at_level(desk, scope, level) == whole


def test_an_uncertain_rule_never_says_that_it_is_too_late(
    desk: Desk, somebody: Callable[..., Talker]
) -> None:
    unsure = next(
        kind
        for kind in desk.base.certificates.values()
        if kind.confidence is Confidence.MEDIUM and kind.closes is not None
    )
    ends = desk.today() + timedelta(days=1)
    take(
        desk,
        a_row(kind=unsure.name, kind_id=unsure.id, expires_on=ends),
        a_row("B", expires_on=ends),
    )

    sure, not_sure = sorted(
        (line for line in said_of(desk, somebody) if "尾号" in line),
        key=lambda line: "已过" not in line,
    )

    assert "最晚申请日" in sure
    assert "已过" not in not_sure


def said_of(desk: Desk, somebody: Callable[..., Talker]) -> list[str]:
    market = somebody("m", Role.DEPARTMENT, MARKET)
    return Talker(desk, market.person).sends_token("certlist:urgent").text.splitlines()
