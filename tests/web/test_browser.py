"""The page in a real browser: what fits, what can be reached, and what survives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import Select, WebDriverWait

from bot.dialogue import Button, Reply
from bot.settings import WebSettings
from tests.browser import resize
from tests.web.conftest import Server

pytestmark = pytest.mark.browser

LEVELS = ("非常满意", "满意", "基本满意", "不满意", "非常不满意")
RATING_ROW = (tuple(Button(level, f"rate:1:{n}") for n, level in enumerate(LEVELS)),)
RATING_COLUMN = tuple((button,) for button in RATING_ROW[0])
LONG = Reply(
    "只能窗口办｜退休\n共带 2 件\n必须带\n" + "1. 身份证【原件】\n   为什么要：核对\n" * 40,
    headings=("必须带",),
    buttons=((Button("改条件", "edit"), Button("告知单", "slip")),),
    then=(Reply("这次答得怎么样？", buttons=RATING_COLUMN),),
)

CUT_OFF = """
    return Array.from(document.querySelectorAll('button, a, input, select')).filter(function (e) {
        const box = e.getBoundingClientRect();
        return box.width && getComputedStyle(e).position !== 'absolute' && !e.closest('.parts') &&
            (box.left < 0 || box.right > innerWidth + .5 || e.scrollWidth > e.clientWidth + 1);
    }).map(function (e) { return e.textContent; });
"""
TOO_SMALL = """
    return Array.from(document.querySelectorAll('button, a.button, #field, select'))
        .filter(function (e) {
            const box = e.getBoundingClientRect();
            return box.width && (box.height < 44 || box.width < 44);
        }).map(function (e) { return e.textContent; });
"""
# Contrast as WCAG 2 has it, of every element with text of its own against what lies behind it.
TOO_PALE = """
    function channels(colour) { return colour.match(/[\\d.]+/g).map(Number); }
    function light(colour) {
        const parts = channels(colour).slice(0, 3).map(function (c) {
            c /= 255;
            return c <= .03928 ? c / 12.92 : Math.pow((c + .055) / 1.055, 2.4);
        });
        return .2126 * parts[0] + .7152 * parts[1] + .0722 * parts[2];
    }
    function behind(element) {
        for (let e = element; e; e = e.parentElement) {
            const colour = getComputedStyle(e).backgroundColor;
            const alpha = channels(colour)[3];
            if (alpha === undefined || alpha === 1) return colour;
        }
        return 'rgb(255, 255, 255)';
    }
    return Array.from(document.body.querySelectorAll('*')).filter(function (e) {
        const own = Array.from(e.childNodes).some(function (n) {
            return n.nodeType === 3 && n.textContent.trim();
        });
        if (!own || !e.getBoundingClientRect().width) return false;
        const pair = [light(getComputedStyle(e).color), light(behind(e))].sort();
        const low = Math.min(pair[0], pair[1]), high = Math.max(pair[0], pair[1]);
        return (high + .05) / (low + .05) < 4.5;
    }).map(function (e) { return e.className + ': ' + e.textContent.slice(0, 20); });
"""


def wait(browser: WebDriver, seconds: float = 10) -> WebDriverWait[WebDriver]:
    # The page may be exchanged for the next one while it is read; the driver says so in many ways.
    return WebDriverWait(browser, seconds, 0.05, [WebDriverException])


def wait_for_words(browser: WebDriver, words: str) -> None:
    wait(browser).until(lambda b: words in b.find_element(By.CSS_SELECTOR, "[role=log]").text)


def ask(browser: WebDriver, text: str) -> None:
    field = browser.find_element(By.NAME, "text")
    field.clear()
    field.send_keys(text)
    press(browser, "发送")


def press(browser: WebDriver, label: str) -> None:
    found = [b for b in browser.find_elements(By.CSS_SELECTOR, "button") if b.text.strip() == label]
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", found[-1])
    found[-1].click()


def complaints(browser: WebDriver) -> Any:
    return browser.execute("getLog", {"type": "browser"})["value"]


def is_large(browser: WebDriver) -> bool:
    return "large" in (browser.find_element(By.TAG_NAME, "html").get_attribute("class") or "")


def come_to_rest(browser: WebDriver) -> None:
    """Wait until the scrolling that an answer caused is over: a tablet takes it for a person."""
    browser.execute_async_script(
        "const done = arguments[0];"
        "requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100)));"
    )


def pretend_later(browser: WebDriver, seconds: int) -> None:
    browser.execute_script(
        "const now = Date.now, by = arguments[0]; Date.now = () => now() + by * 1000;", seconds
    )


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    server = serve()
    server.core.replies["退休"] = LONG
    return server


@pytest.mark.parametrize("path", ["/", "/w/longting-01"])
def test_the_first_screen_needs_no_scrolling(phone: WebDriver, server: Server, path: str) -> None:
    phone.get(server.address + path)

    assert phone.execute_script("return document.documentElement.scrollHeight") <= 640
    for words in (
        "主办：",
        "例如“娃上户口”",
        "上户口",
        "更多",
        "大字",
        "找人工",
        "请勿输入身份证号",
    ):
        assert words in phone.find_element(By.TAG_NAME, "body").text


def test_the_demonstrations_first_screen_needs_no_scrolling(
    phone: WebDriver, serve: Callable[..., Server]
) -> None:
    phone.get(serve(demo=True).address)

    assert phone.execute_script("return document.documentElement.scrollHeight") <= 640


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("rows", [RATING_ROW, RATING_COLUMN])
def test_nothing_is_cut_off_or_too_small_to_touch(
    phone: WebDriver,
    server: Server,
    width: int,
    large: bool,
    rows: tuple[tuple[Button, ...], ...],
) -> None:
    server.core.replies["评"] = Reply("这次答得怎么样？", buttons=rows)
    resize(phone, width, 640)
    phone.get(server.address)
    if large:
        press(phone, "大字")
    ask(phone, "评")
    wait_for_words(phone, "非常不满意")

    assert phone.execute_script("return document.documentElement.scrollWidth") <= width
    assert phone.execute_script(CUT_OFF) == []
    assert phone.execute_script(TOO_SMALL) == []


@pytest.mark.parametrize("rows", [RATING_ROW, RATING_COLUMN])
def test_the_five_levels_are_equal_in_weight(
    phone: WebDriver, server: Server, rows: tuple[tuple[Button, ...], ...]
) -> None:
    server.core.replies["评"] = Reply("这次答得怎么样？", buttons=rows)
    phone.get(server.address)
    ask(phone, "评")
    wait_for_words(phone, "非常不满意")

    levels = phone.find_elements(By.CSS_SELECTOR, ".told button")
    sizes = {(round(b.rect["width"]), round(b.rect["height"])) for b in levels}
    looks = {b.value_of_css_property("background-color") for b in levels}
    assert len(levels) == 5
    assert len(sizes) == 1
    assert len(looks) == 1


@pytest.mark.parametrize("path", ["/", "/privacy", "/join/ABCDEFGH", "/nowhere"])
def test_everything_can_be_read(phone: WebDriver, server: Server, path: str) -> None:
    phone.get(server.address + path)
    if path == "/":
        ask(phone, "退休")
        wait_for_words(phone, "共带 2 件")

    assert phone.execute_script(TOO_PALE) == []


def test_the_demonstration_bar_can_be_read(phone: WebDriver, serve: Callable[..., Server]) -> None:
    phone.get(serve(demo=True).address)

    assert phone.execute_script(TOO_PALE) == []


def test_an_answer_begins_at_its_first_line(phone: WebDriver, server: Server) -> None:
    phone.get(server.address)
    ask(phone, "退休")
    wait_for_words(phone, "共带 2 件")

    def top(_: object) -> float:
        first = phone.find_element(By.CSS_SELECTOR, ".told")
        return float(phone.execute_script("return arguments[0].getBoundingClientRect().top", first))

    wait(phone).until(lambda b: 0 <= top(b) < 120)


def test_a_conversation_needs_no_mouse(phone: WebDriver, server: Server) -> None:
    phone.get(server.address)
    phone.find_element(By.CSS_SELECTOR, "input[name=text]").send_keys("退休" + Keys.ENTER)
    wait_for_words(phone, "共带 2 件")

    for _ in range(40):
        phone.switch_to.active_element.send_keys(Keys.TAB)
        if phone.switch_to.active_element.text == "告知单":
            break
    outline = phone.switch_to.active_element.value_of_css_property("outline-style")
    phone.switch_to.active_element.send_keys(Keys.ENTER)

    assert outline == "solid"
    wait_for_words(phone, "听到：slip")


def test_the_conversation_works_with_scripts_off(phone: WebDriver, server: Server) -> None:
    phone.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    phone.get(server.address + "/w/longting-01")
    ask(phone, "退休")
    wait_for_words(phone, "共带 2 件")
    press(phone, "告知单")
    wait_for_words(phone, "听到：slip")
    press(phone, "上户口")
    wait_for_words(phone, "听到：上户口")
    press(phone, "大字")
    wait(phone).until(is_large)

    assert "综合受理窗口" in phone.find_element(By.TAG_NAME, "body").text


def test_a_reload_keeps_conversation_and_large_type(phone: WebDriver, server: Server) -> None:
    phone.get(server.address)
    press(phone, "大字")
    ask(phone, "退休")
    wait_for_words(phone, "共带 2 件")
    wait(phone).until(lambda b: b.get_cookie("large"))

    phone.refresh()

    wait_for_words(phone, "共带 2 件")
    assert is_large(phone)


def test_a_changed_message_changes_in_its_place(phone: WebDriver, server: Server) -> None:
    server.core.replies["edit"] = Reply("改好了，共带 1 件", replaces=True)
    phone.get(server.address)
    ask(phone, "退休")
    wait_for_words(phone, "共带 2 件")
    press(phone, "改条件")
    wait_for_words(phone, "改好了")

    told = [a.text for a in phone.find_elements(By.CSS_SELECTOR, ".told")]
    assert told[0].startswith("改好了")
    assert told[1].startswith("这次答得怎么样")
    assert len(told) == 2


def test_a_message_sent_while_offline_arrives_once(phone: WebDriver, server: Server) -> None:
    phone.get(server.address)
    server.stop()
    ask(phone, "医保")
    wait(phone).until(lambda b: "自动重试" in b.find_element(By.CSS_SELECTOR, ".ask .status").text)
    assert phone.find_element(By.CSS_SELECTOR, "input[name=text]").get_attribute("value") == "医保"

    server.start()

    wait_for_words(phone, "听到：医保")
    assert len(server.core.heard) == 1
    assert phone.find_element(By.CSS_SELECTOR, ".ask .status").text == ""


def test_nothing_on_the_page_runs_from_what_people_write(phone: WebDriver, server: Server) -> None:
    phone.get(server.address)
    ask(
        phone,
        "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>",
    )
    wait_for_words(phone, "听到：<img")

    assert "owned" not in phone.title
    assert phone.find_elements(By.CSS_SELECTOR, ".log img") == []


def test_the_browser_finds_nothing_to_complain_about(phone: WebDriver, server: Server) -> None:
    complaints(phone)
    phone.get(server.address)
    ask(phone, "退休")
    wait_for_words(phone, "共带 2 件")

    assert complaints(phone) == []


def test_choosing_a_role_takes_effect_at_once(
    phone: WebDriver, serve: Callable[..., Server]
) -> None:
    phone.get(serve(demo=True).address)
    Select(phone.find_element(By.NAME, "身份")).select_by_visible_text("督查人员")

    wait(phone).until(
        lambda b: any(
            x.text == "今日评价" for x in b.find_elements(By.CSS_SELECTOR, ".words button")
        )
    )


def test_an_idle_tablet_warns_and_then_clears_itself(
    phone: WebDriver, serve: Callable[..., Server]
) -> None:
    server = serve(web=WebSettings(kiosk=True))
    phone.get(server.address)
    ask(phone, "医保")
    wait_for_words(phone, "听到：医保")
    come_to_rest(phone)
    pretend_later(phone, 106)
    wait(phone).until(lambda b: b.find_element(By.ID, "stay").is_displayed())

    pretend_later(phone, 15)

    wait(phone).until(lambda b: "听到" not in b.find_element(By.TAG_NAME, "body").text)
    assert not phone.find_element(By.ID, "stay").is_displayed()


def test_who_is_still_there_keeps_a_tablet(phone: WebDriver, serve: Callable[..., Server]) -> None:
    phone.get(serve(web=WebSettings(kiosk=True)).address)
    ask(phone, "医保")
    wait_for_words(phone, "听到：医保")
    come_to_rest(phone)
    pretend_later(phone, 110)
    wait(phone).until(lambda b: b.find_element(By.ID, "stay").is_displayed())

    press(phone, "我还在")

    assert not phone.find_element(By.ID, "stay").is_displayed()
    assert "听到：医保" in phone.find_element(By.TAG_NAME, "body").text
