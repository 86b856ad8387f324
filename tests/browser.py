"""A real headless Chromium for tests; where none is found they skip, in CI they fail."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import mkdtemp

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webdriver import WebDriver

# Quiet: a browser under test reaches for nothing but our own page.
FLAGS = """--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --no-proxy-server
    --disable-background-networking --disable-component-update --disable-sync --disable-extensions
    --disable-default-apps --disable-dev-shm-usage""".split()


def open_browser(folder: Path | None = None) -> WebDriver:
    """Start a browser as a small phone; whoever calls this quits it."""
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        assert not os.environ.get("BROWSER_REQUIRED"), "Chromium must be installed here"
        pytest.skip("Chromium 或 chromedriver 没有安装，浏览器测试跳过")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS, f"--user-data-dir={folder or mkdtemp(prefix='chromium')}"):
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=Service(driver))
    resize(browser, 360, 640)
    return browser


def resize(browser: WebDriver, width: int, height: int) -> None:
    """Give the browser the screen of a phone, or of a computer from 1024 pixels on."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 1024}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
