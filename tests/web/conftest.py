"""A real server on loopback and a real headless Chromium; skipped where none is found."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from selenium.webdriver.remote.webdriver import WebDriver

from bot.desk import Desk
from tests.browser import open_browser, resize
from tests.conftest import Clock
from tests.web.fakes import FakeCore, a_desk, an_app


@dataclass
class Server:
    """The page served in a thread of its own; the desk belongs to that thread."""

    folder: Path
    settings: dict[str, Any]
    core: FakeCore = field(default_factory=FakeCore)
    clock: Clock = field(default_factory=Clock)
    port: int = 0
    desk: Desk | None = None
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """Return where the page is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve until stopped; after a stop on the same port and the same data."""
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(20), "the server did not start"

    def stop(self) -> None:
        """Stop serving."""
        assert self._server is not None
        assert self._thread is not None
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(20)

    def _serve(self, ready: threading.Event) -> None:
        async def run() -> None:
            desk = a_desk(self.folder, self.clock, **self.settings)
            config = uvicorn.Config(an_app(desk, self.core), port=self.port, log_level="critical")
            self._server = uvicorn.Server(config)
            serving = asyncio.ensure_future(self._server.serve())
            while not self._server.started:
                await asyncio.sleep(0.01)
            self.port = self._server.servers[0].sockets[0].getsockname()[1]
            self.desk = desk
            ready.set()
            await serving
            desk.db.conn.close()

        asyncio.run(run())


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Return a starter of servers with settings."""
    started: list[Server] = []

    def start(**settings: Any) -> Server:
        server = Server(tmp_path, settings)
        server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    """Return a browser; one for the whole session, since starting it is slow."""
    browser = open_browser(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.quit()


@pytest.fixture
def phone(chromium: WebDriver) -> Iterator[WebDriver]:
    """Return the browser as a small phone, 360 by 640, without cookies."""
    resize(chromium, 360, 640)
    chromium.delete_all_cookies()
    yield chromium
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    # Delete cookies while still on our address, then leave so that polling stops.
    chromium.delete_all_cookies()
    chromium.get("about:blank")
