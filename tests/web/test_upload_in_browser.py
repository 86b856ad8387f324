"""The form for tables in a real browser: with scripts off, with a file too large, on a phone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from bot import router
from bot.channels.web.app import build_web
from bot.channels.web.site import Core
from bot.database import FILE_NAME, open_database, transaction
from bot.desk import Desk, Knowledge, Library, Links, WorkingDays
from bot.dialogue import Role, Scope
from bot.handlers.slips import slip_page
from bot.importing.uploads import UPLOAD_LIMIT
from bot.records import people
from bot.settings import Settings
from reminders.cases import case_by_number
from reminders.working_days import load_calendar
from tests.conftest import Clock
from tests.ugly_files import an_xlsx, cases
from tests.web.test_browser import CUT_OFF, TOO_PALE, TOO_SMALL

pytestmark = pytest.mark.browser


class Hall:
    """The real core behind the page, over a file, in a thread of its own."""

    def __init__(self, folder: Path, knowledge: Knowledge) -> None:
        self.folder, self.knowledge = folder, knowledge
        self.address = self.code = ""
        self._server: uvicorn.Server | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        assert self._ready.wait(20), "the server did not start"

    def stop(self) -> None:
        """Stop serving."""
        assert self._server is not None
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(20)

    def _serve(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        desk = Desk(
            open_database(self.folder / FILE_NAME),
            Library(self.knowledge),
            WorkingDays(load_calendar(None)[0]),
            Settings(data_dir=self.folder),
            Clock(),
            Links(),
        )
        with transaction(desk.db):
            self.code = people.make_code(
                desk.db,
                role=Role.LEAD,
                scope=Scope("龙亭区"),
                name=None,
                made_by=None,
                now=desk.now(),
            ).code
        page = build_web(desk, Core(router.respond, router.settle, slip_page))
        self._server = uvicorn.Server(uvicorn.Config(page, port=0, log_level="critical"))
        serving = asyncio.ensure_future(self._server.serve())
        while not self._server.started:
            await asyncio.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self._ready.set()
        await serving
        desk.db.conn.close()

    def knows(self, number: str) -> bool:
        """Tell whether a case was taken."""
        db = open_database(self.folder / FILE_NAME)
        known = case_by_number(db, number) is not None
        db.conn.close()
        return known


@pytest.fixture
def hall(tmp_path: Path, knowledge: Knowledge) -> Iterator[Hall]:
    hall = Hall(tmp_path, knowledge)
    yield hall
    hall.stop()


@pytest.fixture
def lead(phone: WebDriver, hall: Hall) -> WebDriver:
    phone.get(f"{hall.address}/join/{hall.code}")
    press(phone, "确认绑定")
    wait_for(phone, "绑定好了")
    phone.get(f"{hall.address}/upload")
    return phone


def press(browser: WebDriver, label: str) -> None:
    found = [b for b in browser.find_elements(By.TAG_NAME, "button") if b.text.strip() == label]
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", found[-1])
    found[-1].click()


def wait_for(browser: WebDriver, words: str) -> None:
    # The page may be exchanged for the next one while it is read.
    WebDriverWait(browser, 20, 0.05, [WebDriverException]).until(
        lambda b: words in b.find_element(By.TAG_NAME, "body").text
    )


def choose(browser: WebDriver, path: Path) -> None:
    browser.find_element(By.ID, "file").send_keys(str(path))


@pytest.mark.parametrize("scripts", [True, False])
def test_a_table_is_sent_looked_at_and_taken(
    lead: WebDriver, hall: Hall, tmp_path: Path, scripts: bool
) -> None:
    table = tmp_path / "一月办件.xlsx"
    table.write_bytes(an_xlsx(cases(3)))
    lead.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not scripts})
    lead.get(f"{hall.address}/upload")

    choose(lead, table)
    press(lead, "上传")
    wait_for(lead, "新增 3")
    assert not hall.knows("410200-001")
    press(lead, "确认导入")
    wait_for(lead, "导入好了：办件表“一月办件.xlsx”")

    assert hall.knows("410200-001")


def test_a_file_too_large_gets_our_words_and_not_the_browsers(
    lead: WebDriver, tmp_path: Path
) -> None:
    table = tmp_path / "大.csv"
    table.write_bytes(bytes(2 * UPLOAD_LIMIT))

    choose(lead, table)
    press(lead, "上传")

    wait_for(lead, "文件超过 20 MB，没有收")
    assert lead.find_elements(By.ID, "file")


def test_the_form_fits_a_small_phone(lead: WebDriver) -> None:
    assert lead.execute_script(CUT_OFF) == []
    assert lead.execute_script(TOO_SMALL) == []
    assert lead.execute_script(TOO_PALE) == []
    assert lead.execute_script("return document.documentElement.scrollWidth") <= 360


def test_every_choice_has_its_label(lead: WebDriver) -> None:
    labels = [label.text.strip() for label in lead.find_elements(By.CSS_SELECTOR, ".choice")]

    assert labels == ["办件", "证照", "人员"]
    assert lead.find_element(By.CSS_SELECTOR, "label[for=file]").is_displayed()
