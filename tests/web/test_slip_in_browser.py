"""A slip's page in a real browser: handing on, printing, one screenshot."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from bot.dialogue import Reply
from bot.views.slip import SlipPage
from tests.browser import resize
from tests.web.conftest import Server

pytestmark = pytest.mark.browser

NUMBER = "20250206-ABCDEF"
NAMES = (f"材料{n}（写上名字和日期的那一页）【原件，复印件 2 份】" for n in range(1, 16))
LINES = "".join(f"{n}. {name}\n" for n, name in enumerate(NAMES, start=1))


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    server = serve()
    server.core.slips[NUMBER] = SlipPage(
        title="办事材料一次性告知单（咨询用）",
        number=NUMBER,
        reply=Reply(
            f"编号 {NUMBER}\n\n只能窗口办｜退休\n共带 15 件\n必须带\n{LINES}", headings=("必须带",)
        ),
        foot=("供办事准备，不是受理、补正或不予受理通知。",),
        qr_png=None,
    )
    return server


@pytest.mark.parametrize(("width", "is_shown"), [(360, False), (1023, False), (1024, True)])
def test_printing_is_offered_on_wide_screens_only(
    phone: WebDriver, server: Server, width: int, is_shown: bool
) -> None:
    resize(phone, width, 700)
    phone.get(f"{server.address}/slip/{NUMBER}")

    assert phone.find_element(By.ID, "print").is_displayed() is is_shown


def test_a_slips_picture_fits_one_screen(phone: WebDriver, server: Server) -> None:
    phone.get(f"{server.address}/slip/{NUMBER}")
    phone.find_element(By.LINK_TEXT, "存图").click()

    assert phone.execute_script("return document.documentElement.scrollHeight") <= 640
    assert "材料15" in phone.find_element(By.TAG_NAME, "body").text


def test_handing_on_without_a_share_sheet_copies_the_address(
    phone: WebDriver, server: Server
) -> None:
    phone.get(f"{server.address}/slip/{NUMBER}")
    phone.execute_script("Object.defineProperty(navigator, 'share', {value: undefined})")
    link = phone.find_element(By.LINK_TEXT, "发给家人")

    link.click()

    assert link.get_attribute("href") == f"{server.address}/slip/{NUMBER}"
    assert "链接已复制" in phone.find_element(By.CSS_SELECTOR, "[role=status]").text


def test_a_slip_leads_into_the_conversation(phone: WebDriver, server: Server) -> None:
    phone.get(f"{server.address}/slip/{NUMBER}")
    phone.find_element(By.CSS_SELECTOR, "form button").click()
    WebDriverWait(phone, 10).until(lambda b: b.find_elements(By.CSS_SELECTOR, "[role=log] .told"))

    assert server.core.heard[0].text == f"/start s-{NUMBER}"


def test_a_slip_is_no_wider_than_the_smallest_phone(phone: WebDriver, server: Server) -> None:
    resize(phone, 320, 568)
    phone.get(f"{server.address}/slip/{NUMBER}")

    assert phone.execute_script("return document.documentElement.scrollWidth") <= 320
