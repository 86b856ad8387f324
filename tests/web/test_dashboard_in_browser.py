"""The dashboard in a real Chromium over the whole program in demonstration mode."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver

from tests.scenarios.program import start_program, write_config

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("dashboard")
    write_config(folder)
    program = start_program(folder, ("--demo", "--clock", "2025-02-07T16:00"))
    try:
        yield program.address()
    finally:
        program.kill()


def as_supervisor(chromium: WebDriver, address: str, path: str) -> WebDriver:
    chromium.get(address)
    chromium.add_cookie({"name": "role", "value": "supervisor", "path": "/"})
    chromium.get(f"{address}/{path}")
    return chromium


@pytest.mark.parametrize("width", [390, 1200])
def test_figures_charts_and_rows_fit_the_width(
    chromium: WebDriver, address: str, width: int
) -> None:
    chromium.set_window_size(width, 1600)
    page = as_supervisor(chromium, address, "dashboard?period=month")

    assert len(page.find_elements(By.CSS_SELECTOR, "svg.chart")) == 2
    assert "好评率" in page.find_element(By.TAG_NAME, "main").text
    overflow = page.execute_script(
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow <= 0


def test_nothing_is_loaded_from_another_host(chromium: WebDriver, address: str) -> None:
    page = as_supervisor(chromium, address, "dashboard?period=month")

    loaded = page.execute_script(
        "return performance.getEntriesByType('resource').map(entry => entry.name)"
    )
    assert all(name.startswith((address.rstrip("/"), "data:")) for name in loaded)


def test_a_district_leads_to_its_own_figures(chromium: WebDriver, address: str) -> None:
    page = as_supervisor(chromium, address, "dashboard?period=month")

    page.find_element(By.LINK_TEXT, "龙亭区").click()

    assert "district=longting" in page.current_url
    assert "市民之家" not in page.find_element(By.CSS_SELECTOR, ".told").text


def test_it_paints_within_a_second(chromium: WebDriver, address: str) -> None:
    page = as_supervisor(chromium, address, "dashboard?period=today")

    spent = page.execute_script(
        "const t = performance.getEntriesByType('navigation')[0];"
        "return t.domContentLoadedEventEnd - t.startTime"
    )
    assert spent < 1000
