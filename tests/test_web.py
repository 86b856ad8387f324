"""The web page: sessions, posts, what is shown, and who is turned away."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.routing import Route

from bot.channels.web.app import build_web
from bot.channels.web.guard import is_own_origin
from bot.channels.web.render import body_of, lines_html, linked, show_reply
from bot.channels.web.site import Core
from bot.channels.web.slip import essential_lines
from bot.desk import Desk
from bot.dialogue import (
    Button,
    Channel,
    Document,
    Incoming,
    Picture,
    Refusal,
    Reply,
    Role,
    Table,
)
from bot.records import messages
from bot.records.conversations import conversation_of
from bot.settings import WebSettings
from bot.views.refusals import ROLE_NAMES
from bot.views.slip import SlipPage
from tests.conftest import Clock
from tests.web.fakes import HOME, Browser, FakeCore, a_desk, an_app

NASTY = "<script>alert(1)</script>\"' onload=x & <b>"


@pytest.fixture
def core() -> FakeCore:
    return FakeCore()


@pytest.fixture
def make_desk(clock: Clock, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    opened: list[Desk] = []

    def make(**settings: Any) -> Desk:
        opened.append(a_desk(tmp_path, clock, **settings))
        return opened[-1]

    yield make
    for desk in opened:
        desk.db.conn.close()


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()


@pytest.fixture
def browser(desk: Desk, core: FakeCore) -> Browser:
    return Browser(an_app(desk, core))


@pytest.fixture
def demo(make_desk: Callable[..., Desk], core: FakeCore) -> Browser:
    return Browser(an_app(make_desk(demo=True), core))


@pytest.fixture
def tablet(make_desk: Callable[..., Desk], core: FakeCore) -> Browser:
    return Browser(an_app(make_desk(web=WebSettings(kiosk=True)), core))


# The first page


def test_the_first_page_holds_what_a_newcomer_needs(browser: Browser) -> None:
    page = browser.get("/").text

    assert "<title>一口清" in page
    for words in (
        "开封市政务服务和大数据管理局",
        "例如“娃上户口”",
        "大字",
        "找人工",
        'href="/privacy"',
    ):
        assert words in page
    for topic in ("上户口", "退休", "医保", "公积金", "开饭店", "更多"):
        assert re.search(rf"<button[^>]*>(<svg.*?</svg>)?{topic}</button>", page)


def test_the_conversation_and_the_field_have_their_names(browser: Browser) -> None:
    page = browser.get("/").text

    assert 'role="log" aria-live="polite" aria-label="对话"' in page
    assert re.search(r'<label[^>]*for="field">请输入您的问题</label>', page)
    assert '<input id="field" name="text"' in page
    assert ">发送</button>" in page


def test_a_page_asks_no_other_host_and_holds_no_inline_code(browser: Browser) -> None:
    for path in ("/", "/privacy", "/w/longting-01"):
        page = browser.get(path).text
        assert not re.search(r"(src|href|action)=\"(https?:)?//", page)
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=", page)


def test_opening_the_page_makes_nobody_known(browser: Browser, desk: Desk) -> None:
    browser.get("/")

    assert desk.db["people"].count == 0


def test_a_windows_code_shows_where_you_are(browser: Browser) -> None:
    page = browser.get("/w/LONGTING-01")

    assert page.status_code == 200
    assert "龙亭区 · 政务服务大厅 · 综合受理窗口" in page.text


def test_an_unknown_window_is_said_and_asking_still_works(browser: Browser) -> None:
    page = browser.get("/w/nowhere")

    assert page.status_code == 404
    assert "没有找到这个窗口" in page.text
    assert 'name="text"' in page.text


def test_the_window_goes_along_with_the_first_post_only(browser: Browser, desk: Desk) -> None:
    browser.ask({"text": "退休", "window": "longting-01"})

    person = desk.db.execute("SELECT id FROM people").fetchone()[0]
    assert conversation_of(desk.db, person, now=desk.now()).place.window == "longting-01"
    assert 'name="window"' not in browser.get("/").text
    assert "综合受理窗口" in browser.get("/").text


def test_an_invented_window_is_not_remembered(browser: Browser, desk: Desk) -> None:
    browser.ask({"text": "退休", "window": "nowhere-99"})

    assert desk.db["conversations"].count == 0


# Talking


def test_without_scripts_a_post_leads_back_to_the_page(browser: Browser, core: FakeCore) -> None:
    answer = browser.post("/say", {"text": "退休"})

    assert answer.status_code == 303
    assert re.fullmatch(r"/#m-\d+", answer.headers["location"])
    page = browser.get("/").text
    assert page.index("您说：</span>退休") < page.index("听到：退休")
    assert core.settled == [core.heard[0].key]


def test_with_scripts_a_post_returns_both_sides_as_html(browser: Browser, core: FakeCore) -> None:
    answer = browser.ask({"text": "退休", "after": "0"})

    numbers = [message["number"] for message in answer["messages"]]
    assert numbers == sorted(numbers)
    assert len(numbers) == 2
    assert "听到：退休" in answer["messages"][1]["html"]
    assert core.settled == [core.heard[0].key]


def test_only_what_the_browser_lacks_is_returned(browser: Browser) -> None:
    first = browser.ask({"text": "退休"})

    second = browser.ask({"text": "医保", "after": str(first["messages"][-1]["number"])})

    assert len(second["messages"]) == 2


def test_a_button_hands_over_its_token_and_its_message(browser: Browser, core: FakeCore) -> None:
    browser.ask({"token": "list:newborn", "message": "7", "text": "left over"})

    assert core.heard[0].token == "list:newborn"
    assert core.heard[0].text is None
    assert core.heard[0].message == 7


@pytest.mark.parametrize("number", ["", "x", "-1", "１", "9" * 40, "1.5"])
def test_an_odd_message_number_is_harmless(browser: Browser, core: FakeCore, number: str) -> None:
    answer = browser.ask({"token": "a", "message": number, "after": number})

    assert core.heard[0].message is None
    assert answer["messages"]


def test_the_same_post_twice_has_one_effect(browser: Browser, desk: Desk) -> None:
    fields = {"text": "退休", "key": "k1"}

    browser.ask(fields)
    again = browser.ask(fields)

    assert desk.db["messages"].count == 2
    assert len(again["messages"]) == 2


def test_a_page_brought_back_may_press_another_button(browser: Browser, core: FakeCore) -> None:
    browser.ask({"token": "yes", "key": "k1"})
    browser.ask({"token": "no", "key": "k1"})

    assert core.heard[0].key != core.heard[1].key


def test_two_browsers_never_share_a_key(desk: Desk, core: FakeCore) -> None:
    app = an_app(desk, core)

    Browser(app).ask({"text": "退休", "key": "k1"})
    Browser(app).ask({"text": "退休", "key": "k1"})

    assert core.heard[0].key != core.heard[1].key
    assert core.heard[0].person != core.heard[1].person


def test_a_changed_message_comes_first_under_its_number(browser: Browser, core: FakeCore) -> None:
    shown = browser.ask({"text": "退休"})["messages"][-1]["number"]
    core.replies["pick"] = Reply("新的", replaces=True, then=(Reply("请评价"),))

    answer = browser.ask({"token": "pick", "message": str(shown), "after": str(shown)})

    assert [m["number"] for m in answer["messages"]] == [shown, shown + 1]
    assert "新的" in answer["messages"][0]["html"]


def test_a_reply_that_was_not_recorded_is_still_shown(desk: Desk, core: FakeCore) -> None:
    def unrecorded(_desk: Desk, _incoming: Incoming) -> Reply:
        return Reply("出了点问题，编号 abc")

    app = build_web(desk, Core(unrecorded, core.settle, core.slip_page))

    assert "编号 abc" in Browser(app).post("/say", {"text": "退休"}).text
    assert "编号 abc" in Browser(app).ask({"text": "退休"})["messages"][-1]["html"]


def test_polling_returns_what_was_pushed(browser: Browser, desk: Desk) -> None:
    last = browser.ask({"text": "留言"})["messages"][-1]["number"]
    person = desk.db.execute("SELECT id FROM people").fetchone()[0]
    messages.record_out(desk.db, person, Channel.WEB, "工作人员回复您", None, now=desk.now())

    pushed = browser.get(f"/messages?after={last}").json()["messages"]

    assert len(pushed) == 1
    assert "工作人员回复您" in pushed[0]["html"]


def test_nobody_reads_anothers_conversation(browser: Browser, desk: Desk, core: FakeCore) -> None:
    browser.ask({"text": "退休"})
    other = Browser(an_app(desk, core))

    assert other.get("/messages?after=0").json()["messages"] == []
    assert "听到" not in other.get("/").text


def test_a_conversation_survives_a_reload_and_a_restart(desk: Desk, core: FakeCore) -> None:
    before = Browser(an_app(desk, core))
    before.ask({"text": "退休"})
    after = Browser(an_app(desk, core))
    after.cookies.update(before.cookies)

    assert "听到：退休" in after.get("/").text


def test_who_deleted_their_data_is_told_and_comes_back_as_new(browser: Browser) -> None:
    browser.ask({"text": "退休"})
    before = browser.cookies["session"]

    answer = browser.ask({"token": "erase:yes"})

    assert answer["forgotten"]
    assert "听到：erase:yes" in answer["messages"][0]["html"]
    assert browser.cookies["session"] != before


def test_deleting_without_scripts_shows_the_confirmation(browser: Browser) -> None:
    browser.post("/say", {"text": "退休"})

    answer = browser.post("/say", {"token": "erase:yes"})

    assert "听到：erase:yes" in answer.text
    assert "听到：退休" not in answer.text


def test_commands_of_links_are_not_shown_as_words(browser: Browser) -> None:
    browser.ask({"text": "/start s-20250206-ABCDEF"})

    assert "您说：" not in browser.get("/").text


# What is shown


class Tags(HTMLParser):
    """Collects the names of the elements and of their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_nothing_of_a_reply_becomes_markup() -> None:
    reply = Reply(
        f"{NASTY}\n{NASTY}\n   {NASTY}",
        headings=(NASTY,),
        table=Table((NASTY,), ((NASTY,),)),
        buttons=((Button(NASTY, "t:<>\"'"), Button(NASTY, url='https://x/?"><script>')),),
        picture=Picture(b"png", NASTY),
        document=Document(NASTY, b""),
    )

    tags = Tags(show_reply(reply, 1, NASTY).html)

    assert not tags.names & {"script", "b"}
    assert not tags.attributes & {"onload", "onload=x"}


def test_nothing_that_was_said_becomes_markup(browser: Browser) -> None:
    browser.ask({"text": NASTY})

    assert "<script>alert" not in browser.get("/").text


def test_a_link_never_runs_a_script() -> None:
    reply = Reply("x", buttons=((Button("点", url="javascript:alert(1)"),),))

    assert "javascript" not in show_reply(reply, 1).html


def test_rows_of_buttons_stay_rows() -> None:
    reply = Reply("x", buttons=((Button("甲", "a"), Button("乙", "b")), (Button("丙", "c"),)))

    html = show_reply(reply, 1).html

    assert re.findall(r'class="row of-(\d)"', html) == ["2", "1"]
    assert '<button type="submit" name="token" value="a">甲</button>' in html


def test_headings_and_the_first_line_stand_out() -> None:
    html = lines_html("第一行\n必须带\n1. 甲\n   细节", ("必须带",))

    assert html == (
        '<p class="first"><strong>第一行</strong></p><h3>必须带</h3>'
        '<p class="numbered">1. 甲</p><p class="more">细节</p>'
    )


def test_a_long_reply_starts_with_links_to_its_parts() -> None:
    headings = ("甲", "乙", "丙", "丁（注）")

    html = lines_html("开头\n" + "\n".join(headings), headings, "m-5")

    assert '<a href="#m-5-4">丁</a>' in html
    assert '<h3 id="m-5-4">丁（注）</h3>' in html
    assert html.index("<nav") < html.index("<h3")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("请拨 12345。", "tel:12345"),
        ("电话 0371-12345678，", "tel:037112345678"),
        ("见 https://www.hnzwfw.gov.cn/a?b=1。", "https://www.hnzwfw.gov.cn/a?b=1"),
    ],
)
def test_phones_and_addresses_are_links(text: str, address: str) -> None:
    assert f'href="{address}"' in linked(text)


@pytest.mark.parametrize("text", ["编号 20250206-12345", "1234567", "共 123456 件"])
def test_other_numbers_are_not_phones(text: str) -> None:
    assert "<a " not in linked(text)


def test_a_document_is_kept_for_its_own_session_only(
    browser: Browser, desk: Desk, core: FakeCore
) -> None:
    core.replies["单"] = Reply("好了", document=Document("告知单 1.html", b"<p>hi"))
    number = browser.ask({"text": "单"})["messages"][-1]["number"]

    own = browser.get(f"/file/{number}")

    assert own.content == b"<p>hi"
    assert own.headers["content-type"] == "application/octet-stream"
    assert own.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E5%91%8A")
    assert Browser(an_app(desk, core)).get(f"/file/{number}").status_code == 404
    assert browser.get(f"/file/{number + 1}").status_code == 404
    assert browser.get("/file/0").status_code == 404


# Who is turned away


def test_every_post_is_refused_from_another_origin(desk: Desk, core: FakeCore) -> None:
    app = an_app(desk, core)
    paths = [
        route.path.replace("{code}", "ABCDEFGH")
        for route in app.routes
        if isinstance(route, Route) and "POST" in (route.methods or ())
    ]

    for path in paths:
        answer = Browser(app).post(path, {"text": "x"}, origin="https://evil.example")
        assert answer.status_code == 403, path
        assert "为了安全没有执行" in answer.text
    assert len(paths) == 7
    assert core.heard == []


@pytest.mark.parametrize(
    ("headers", "is_own"),
    [
        ({"origin": HOME}, True),
        ({"origin": "null"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "http://127.0.0.1:9999"}, False),
        ({"origin": "http://127.0.0.1:8000.evil.example"}, False),
        ({"referer": f"{HOME}/w/longting-01"}, True),
        ({"referer": "https://evil.example/"}, False),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "cross-site", "origin": HOME}, False),
        ({"sec-fetch-site": "same-site", "origin": HOME}, False),
        ({}, False),
        ({"origin": "http://[broken"}, False),
    ],
)
def test_only_our_own_page_may_post(headers: dict[str, str], is_own: bool) -> None:
    given = Headers(headers | {"host": "127.0.0.1:8000"})

    assert is_own_origin(given, None) is is_own


@pytest.mark.parametrize(
    ("host", "origin", "is_own"),
    [
        ("inner:8000", "https://ykq.example.cn", True),
        ("ykq.example.cn", "http://ykq.example.cn", False),
        ("127.0.0.1:8000", "http://127.0.0.1:8000", True),
        ("evil.example", "http://evil.example", False),
    ],
)
def test_a_public_address_is_the_only_origin_from_outside(
    host: str, origin: str, is_own: bool
) -> None:
    given = Headers({"host": host, "origin": origin})

    assert is_own_origin(given, "https://ykq.example.cn") is is_own


def test_a_refused_script_gets_a_sentence(browser: Browser) -> None:
    answer = browser.post("/say", {"text": "x"}, origin="null", accept="application/json")

    assert "为了安全没有执行" in answer.json()["error"]


@pytest.mark.parametrize("host", ["evil.example", "192.168.1.5:8000", "127.0.0.1.evil.example", ""])
def test_the_demonstration_answers_on_this_machine_only(demo: Browser, host: str) -> None:
    answer = demo.get("/", headers={"host": host})

    assert answer.status_code == 421
    assert "演示只在本机打开" in answer.text


def test_ten_thousand_characters_reach_the_core(browser: Browser, core: FakeCore) -> None:
    browser.post("/say", {"text": "开" * 10_000})

    assert core.heard[0].text == "开" * 10_000


@pytest.mark.parametrize("text", ["开" * 22_000, "a" * 200_000])
def test_what_is_too_long_is_said_and_nothing_happens(
    browser: Browser, core: FakeCore, text: str
) -> None:
    answer = browser.post("/say", {"text": text})

    assert answer.status_code == 413
    assert "什么都没丢" in answer.text
    assert core.heard == []


@pytest.mark.parametrize(
    "text", ["", "   ", "😀😀", "\u202eabc", "a\x00b\x07", "'; DROP TABLE people; --", "\ud7ff"]
)
def test_odd_texts_are_handed_over_as_they_are(browser: Browser, core: FakeCore, text: str) -> None:
    assert browser.post("/say", {"text": text}).status_code == 303
    assert core.heard[0].text == text


def test_bytes_that_are_no_text_do_no_harm(browser: Browser, core: FakeCore) -> None:
    answer = asyncio.run(
        browser._client.post(
            "/say",
            content=b"text=%ff%fe\xff&text",
            headers={"origin": HOME, "content-type": "application/x-www-form-urlencoded"},
        )
    )

    assert answer.status_code == 303
    assert len(core.heard) == 1


def test_a_file_sent_by_hand_is_refused_in_words(browser: Browser) -> None:
    answer = asyncio.run(browser._client.post("/say", files={"f": b"x"}, headers={"origin": HOME}))

    assert answer.status_code == 415
    assert "这里只收文字" in answer.text


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/say", 405), ("/static/x", 404)])
def test_wrong_addresses_get_a_plain_page(browser: Browser, path: str, status: int) -> None:
    answer = browser.get(path)

    assert answer.status_code == status
    assert "回首页" in answer.text


def test_a_bug_becomes_a_polite_page_with_all_headers(desk: Desk, core: FakeCore) -> None:
    def broken(_desk: Desk, _incoming: Incoming) -> Reply:
        raise RuntimeError("secret detail")

    answer = Browser(build_web(desk, Core(broken, core.settle, core.slip_page))).post(
        "/say", {"text": "x"}
    )

    assert answer.status_code == 500
    assert "再试一次" in answer.text
    assert "secret detail" not in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]


# Headers and cookies


@pytest.mark.parametrize("path", ["/", "/privacy", "/healthz", "/nowhere", "/messages", "/slip/x"])
def test_every_answer_carries_the_security_headers(browser: Browser, path: str) -> None:
    headers = browser.get(path).headers

    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_the_session_cookie_is_closed_to_scripts_and_other_sites(browser: Browser) -> None:
    cookie = browser.get("/").headers["set-cookie"]

    for part in ("HttpOnly", "SameSite=lax", "Path=/"):
        assert part in cookie
    assert "Secure" not in cookie


def test_the_session_cookie_is_secure_where_the_page_is(
    make_desk: Callable[..., Desk], core: FakeCore
) -> None:
    desk = make_desk(web=WebSettings(public_url="https://ykq.example.cn"))

    assert "Secure" in Browser(an_app(desk, core)).get("/").headers["set-cookie"]


def test_only_the_hash_of_the_cookie_is_kept(browser: Browser, desk: Desk) -> None:
    browser.ask({"text": "退休"})

    kept = "\n".join(desk.db.conn.iterdump())
    assert browser.cookies["session"] not in kept


@pytest.mark.parametrize("value", ["", "short", "x" * 44, "a" * 42 + ";", "开" * 43])
def test_a_cookie_not_of_our_making_is_replaced(desk: Desk, core: FakeCore, value: str) -> None:
    answer = Browser(an_app(desk, core)).get("/", headers={"cookie": f"session={value}".encode()})

    assert re.search(r"session=[A-Za-z0-9_-]{43};", answer.headers["set-cookie"])


def test_assets_are_kept_for_ever_under_their_content(browser: Browser) -> None:
    address = re.findall(r'"(/static/page\.css\?v=[0-9a-f]+)"', browser.get("/").text)[0]

    named = browser.get(address)

    assert "immutable" in named.headers["cache-control"]
    assert browser.get("/static/page.css").headers["cache-control"] == "no-cache"
    again = browser.get(address, headers={"if-none-match": named.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("name", ["chat.html", "..%2fapp.py", "../app.py"])
def test_nothing_but_assets_is_served(browser: Browser, name: str) -> None:
    assert browser.get(f"/static/{name}").status_code == 404


def test_large_type_is_remembered_and_taken_back(browser: Browser) -> None:
    browser.post("/large")
    assert '<html lang="zh-CN" class="large">' in browser.get("/").text

    browser.post("/large", {"size": "normal"})
    assert 'class="large"' not in browser.get("/").text


def test_switching_size_at_a_window_stays_there(browser: Browser) -> None:
    answer = browser.post("/large", referer=f"{HOME}/w/longting-01")

    assert answer.headers["location"] == "/w/longting-01"


# Staff


def test_opening_a_binding_link_uses_nothing_up(browser: Browser, core: FakeCore) -> None:
    page = browser.get("/join/abcdefgh")

    assert "ABCDEFGH" in page.text
    assert "确认绑定" in page.text
    assert core.heard == []


def test_confirming_binds(browser: Browser, core: FakeCore) -> None:
    answer = browser.post("/join/ABCDEFGH")

    assert answer.status_code == 303
    assert core.heard[0].text == "/bind ABCDEFGH"
    assert "今日评价</button>" in browser.get("/").text


@pytest.mark.parametrize("code", ["short", "ABCDEFG0", "ABCDEFGHI", "<b>"])
def test_a_malformed_code_is_said(browser: Browser, core: FakeCore, code: str) -> None:
    assert "这个码不对" in browser.get(f"/join/{code}").text
    assert browser.post(f"/join/{code}").status_code == 404
    assert core.heard == []


def test_a_shared_tablet_binds_nobody(tablet: Browser, core: FakeCore) -> None:
    assert "共用平板上不能绑定" in tablet.post("/join/ABCDEFGH").text
    assert core.heard == []


def test_the_dashboard_gives_others_no_hint(browser: Browser, core: FakeCore) -> None:
    browser.ask({"text": "退休"})
    page = browser.get("/dashboard")

    assert page.status_code == 403
    assert "评价" not in page.text
    assert len(core.heard) == 1


@pytest.mark.parametrize(
    ("period", "days"),
    [
        ("today", "from=2025-01-24&amp;to=2025-01-24"),
        ("yesterday", "from=2025-01-23&amp;to=2025-01-23"),
        ("week", "from=2025-01-20&amp;to=2025-01-24"),
        ("last_week", "from=2025-01-13&amp;to=2025-01-19"),
        ("month", "from=2025-01-01&amp;to=2025-01-24"),
        ("last_month", "from=2024-12-01&amp;to=2024-12-31"),
        ("nonsense", "from=2025-01-24&amp;to=2025-01-24"),
    ],
)
def test_a_supervisor_sees_a_period_and_leaves_the_conversation_alone(
    browser: Browser, core: FakeCore, period: str, days: str
) -> None:
    browser.post("/join/ABCDEFGH")
    heard, said = len(core.heard), browser.get("/messages?after=0").text

    page = browser.get(f"/dashboard?period={period}")

    assert page.status_code == 200
    assert f'/dashboard?{days}" aria-current="page"' in page.text
    assert len(core.heard) == heard
    assert browser.get("/messages?after=0").text == said


def test_uploads_are_for_those_who_import_tables(browser: Browser) -> None:
    assert browser.get("/upload").status_code == 403

    browser.post("/join/ABCDEFGH")

    assert 'type="file"' in browser.get("/upload").text


# The demonstration


def test_the_demonstration_offers_all_roles(demo: Browser, browser: Browser) -> None:
    page = demo.get("/").text

    assert '<select id="role" name="身份">' in page
    assert re.findall(r"<option[^>]*>(.*?)</option>", page) == list(ROLE_NAMES.values())
    assert "演示，不作办事依据" in page
    assert "身份</label>" not in browser.get("/").text


@pytest.mark.parametrize("role", list(Role))
def test_each_role_is_a_person_of_its_own(demo: Browser, core: FakeCore, role: Role) -> None:
    demo.ask({"text": "先问"})
    demo.post("/demo/role", {"身份": role.value})
    demo.ask({"text": "再问"})

    assert core.heard[1].person.role is role
    assert (core.heard[0].person == core.heard[1].person) is (role is Role.CITIZEN)


def test_a_clerk_of_the_demonstration_stands_at_a_window(demo: Browser, core: FakeCore) -> None:
    demo.post("/demo/role", {"身份": "窗口人员"})
    demo.ask({"text": "退休"})

    assert core.heard[0].person.scope.window == "longting-01"
    assert "综合受理窗口" in demo.get("/").text


def test_an_invented_role_is_refused(demo: Browser) -> None:
    assert demo.post("/demo/role", {"身份": "root"}).status_code == 400


def test_roles_cannot_be_chosen_in_earnest(browser: Browser, core: FakeCore) -> None:
    assert browser.post("/demo/role", {"身份": "supervisor"}).status_code == 404

    browser.cookies.set("role", "supervisor")
    browser.ask({"text": "退休"})
    assert core.heard[0].person.role is Role.CITIZEN


# Shared tablets


def test_the_next_person_finds_nothing(tablet: Browser) -> None:
    tablet.get("/w/longting-01")
    tablet.ask({"text": "退休"})
    before = tablet.cookies["session"]
    assert "听到：退休" in tablet.get("/").text

    answer = tablet.post("/next")

    assert answer.headers["location"] == "/w/longting-01"
    assert tablet.cookies["session"] != before
    assert "听到：退休" not in tablet.get("/").text


def test_an_old_cookie_opens_nothing_after_the_next_person(tablet: Browser) -> None:
    tablet.get("/")
    tablet.ask({"text": "退休"})
    old = tablet.cookies["session"]
    tablet.post("/next")

    page = tablet.get("/", headers={"cookie": f"session={old}"})

    assert "听到：退休" not in page.text


@pytest.mark.parametrize(("seconds", "is_kept"), [(119, True), (120, False)])
def test_two_idle_minutes_clear_a_tablet(
    tablet: Browser, clock: Clock, seconds: int, is_kept: bool
) -> None:
    tablet.get("/")
    tablet.ask({"text": "退休"})
    clock.move(seconds=seconds)

    assert tablet.get("/messages?after=0").json()["fresh"] is not is_kept
    assert ("听到：退休" in tablet.get("/").text) is is_kept


def test_listening_alone_does_not_keep_a_tablet_awake(tablet: Browser, clock: Clock) -> None:
    tablet.get("/")
    tablet.ask({"text": "退休"})
    for _ in range(2):
        clock.move(seconds=60)
        answer = tablet.get("/messages?after=0").json()

    assert answer["fresh"]


def test_reading_keeps_a_tablet_awake(tablet: Browser, clock: Clock) -> None:
    tablet.get("/")
    tablet.ask({"text": "退休"})
    for _ in range(3):
        clock.move(seconds=60)
        tablet.post("/still")

    assert "听到：退休" in tablet.get("/").text


def test_a_tablets_cookie_ends_with_the_browser(tablet: Browser, browser: Browser) -> None:
    assert "Max-Age" not in tablet.get("/").headers["set-cookie"]
    assert "Max-Age=15552000" in browser.get("/").headers["set-cookie"]


def test_only_tablets_can_be_cleared(browser: Browser) -> None:
    assert "换下一位" not in browser.get("/").text
    assert browser.post("/next").status_code == 404


# Slips, privacy, health


SLIP = SlipPage(
    title="办事材料一次性告知单（咨询用）",
    number="20250206-ABCDEF",
    reply=Reply(
        "办事材料一次性告知单（咨询用）\n编号 20250206-ABCDEF\n\n只能窗口办｜退休\n共带 2 件\n"
        "必须带\n1. 身份证（正反面）【原件】\n   为什么要：核对\n2. 任带一样：\n"
        "   · 户口簿【原件】\n"
        "看情况再加\n· 发票【复印件 1 份】——去前先问（谁的：母亲；问医保（12393））\n"
        "依据和来源\n· 某某办法",
        headings=("必须带", "看情况再加", "依据和来源"),
    ),
    foot=("供办事准备。", "可找“办不成事”窗口或 12345。"),
    qr_png=b"png",
)


def test_a_slip_is_open_without_identity(browser: Browser, core: FakeCore, desk: Desk) -> None:
    core.slips[SLIP.number] = SLIP

    page = browser.get(f"/slip/{SLIP.number}")

    assert page.status_code == 200
    assert "set-cookie" not in page.headers
    assert desk.db["people"].count == 0
    assert page.headers["x-robots-tag"].startswith("noindex")
    assert '<meta name="robots" content="noindex' in page.text
    for words in ("发给家人", "存图", "打印", "供办事准备。", "data:image/png;base64,"):
        assert words in page.text
    assert page.text.count(f"{SLIP.title}</h1>") == 1


def test_a_slips_picture_leaves_details_and_sources_out() -> None:
    assert list(essential_lines(SLIP)) == [
        "编号 20250206-ABCDEF",
        "",
        "只能窗口办｜退休",
        "共带 2 件",
        "必须带",
        "1. 身份证（正反面）【原件】",
        "2. 任带一样：",
        "   · 户口簿【原件】",
        "看情况再加",
        "· 发票【复印件 1 份】——去前先问",
    ]


def test_a_slips_picture_has_no_tools(browser: Browser, core: FakeCore) -> None:
    core.slips[SLIP.number] = SLIP

    page = browser.get(f"/slip/{SLIP.number}?view=image").text

    assert "身份证" in page
    assert "发给家人" not in page
    assert "<form" not in page


def test_unknown_and_ended_slips_say_so(browser: Browser, core: FakeCore) -> None:
    core.slips["old"] = Refusal("slip_closed")

    assert browser.get("/slip/x").status_code == 404
    assert "没有找到这张告知单" in browser.get("/slip/x").text
    assert browser.get("/slip/old").status_code == 410
    assert "已过期" in browser.get("/slip/old").text


def test_privacy_names_who_why_what_how_long_and_whom_to_ask(browser: Browser) -> None:
    page = browser.get("/privacy").text

    for words in (
        "开封市政务服务和大数据管理局",
        "180 天",
        "90 天",
        "12345",
        "境外",
        "删除我的数据",
    ):
        assert words in page


def test_health_names_the_channels(desk: Desk, core: FakeCore) -> None:
    app = an_app(desk, core, health=lambda: {"telegram": "off"})

    answer = Browser(app).get("/healthz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": "ok", "channels": {"telegram": "off"}}


def test_health_fails_where_the_database_does(desk: Desk, core: FakeCore) -> None:
    app = an_app(desk, core)
    desk.db.conn.close()

    assert Browser(app).get("/healthz").status_code == 503


# The page's own files


@pytest.mark.parametrize("name", ["chat.js", "slip.js"])
def test_scripts_use_nothing_newer_than_2017(browser: Browser, name: str) -> None:
    script = browser.get(f"/static/{name}").text

    for newer in (
        r"\?\.",
        r"\?\?",
        r"\.\.\.",
        r"\bimport\b",
        r"replaceChildren",
        r"\.flat\(",
        r"\.at\(",
        r"replaceAll",
        r"submitter",
        r"#[a-z]+\s*=",
        r"\bfinally\b",
    ):
        assert not re.search(newer, script), newer


def test_styles_use_nothing_newer_than_2019(browser: Browser) -> None:
    style = browser.get("/static/page.css").text

    style = re.sub(r"/\*.*?\*/", "", style)

    assert not re.search(r":has\(|@container|@layer|:is\(|:where\(|inset:|aspect-ratio|dvh", style)
    for rule in re.findall(r"\{[^{}]*\bgap:[^{}]*\}", style):
        assert "grid-gap" in rule or "display: grid" in rule


def test_a_light_is_drawn_and_its_word_stays() -> None:
    html = "".join(body_of(Reply("数据\n🟡 即将超期 <2>"), None))

    assert 'class="light yellow"' in html
    assert "即将超期 &lt;2&gt;" in html
