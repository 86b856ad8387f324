"""Somebody who talks to the program: the same verbs over a terminal, Telegram or the page."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Protocol

from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement

from tests.conftest import Talker
from tests.telegram_stub import Stub, User

PATIENCE_SECONDS = 20.0


class Actor(Protocol):
    """A person at a channel."""

    def opens(self, payload: str) -> None:
        """Come by a deep link or QR code: `w-…`, `s-…`, or nothing."""

    def says(self, text: str) -> None:
        """Type something and send it."""

    def presses(self, label: str) -> None:
        """Press the newest button whose label begins so."""

    def reads(self, words: str) -> str:
        """Wait until these words stand in the conversation; return all of it."""

    def hears(self, words: str) -> str:
        """Wait for these words in what is new since one last listened; return what is new."""

    def listens(self) -> str:
        """Return what is new since one last listened, without waiting for anything."""


def wait_until(condition: Callable[[], bool], what: Callable[[], str]) -> None:
    """Wait for a condition, or fail with what was there instead."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        # The page may be exchanged for the next one while it is read.
        with contextlib.suppress(WebDriverException):
            if condition():
                return
        time.sleep(0.05)
    raise AssertionError(what())


class TerminalActor:
    """The core spoken to directly, as the terminal driver does."""

    def __init__(self, talker: Talker) -> None:
        """Speak through a talker."""
        self._talker = talker
        self._heard = 0

    def opens(self, payload: str) -> None:
        """Start with a payload."""
        self._talker.says(f"/start {payload}".strip())

    def says(self, text: str) -> None:
        """Say a text."""
        self._talker.says(text)

    def presses(self, label: str) -> None:
        """Press a button."""
        self._talker.presses(label)

    def reads(self, words: str) -> str:
        """Return everything shown."""
        shown = "\n".join(reply.text for reply in self._talker.heard)
        assert words in shown, shown[-1500:]
        return shown

    def hears(self, words: str) -> str:
        """Return what is new, with these words in it."""
        new = self.listens()
        assert words in new, new[-1500:]
        return new

    def listens(self) -> str:
        """Return what was shown since the last time."""
        new = self._talker.heard[self._heard :]
        self._heard += len(new)
        return "\n".join(reply.text for reply in new)


class TelegramActor:
    """A user of the stub on loopback, over real HTTP."""

    def __init__(self, stub: Stub, user: User) -> None:
        """Be this user."""
        self._stub = stub
        self._user = user
        self._heard = 0

    def opens(self, payload: str) -> None:
        """Press START behind a deep link."""
        self._settled(lambda: self._user.starts(payload))

    def says(self, text: str) -> None:
        """Send a text."""
        self._settled(lambda: self._user.sends(text))

    def presses(self, label: str) -> None:
        """Press an inline button."""
        wait_until(lambda: self._has(label), lambda: f"no button {label}: {self._labels()}")
        exact = next(full for full in reversed(self._labels()) if full.startswith(label))
        self._settled(lambda: self._user.presses(exact))

    def reads(self, words: str) -> str:
        """Wait for words in any message as it stands now."""
        wait_until(lambda: words in self._text(), lambda: f"no {words}: {self._text()[-1500:]}")
        return self._text()

    def hears(self, words: str) -> str:
        """Wait for words in a new message."""
        wait_until(lambda: words in self._new(), lambda: f"no {words}: {self._new()[-1500:]}")
        return self.listens()

    def listens(self) -> str:
        """Return the messages since the last time, as they stand now, with their buttons."""
        new = self._new()
        self._heard = max((post.message_id for post in self._user.messages()), default=0)
        return new

    def _new(self) -> str:
        posts = [post for post in self._user.messages() if post.message_id > self._heard]
        return "\n\n".join("\n".join((p.text, *map("[{}]".format, p.labels))) for p in posts)

    def _settled(self, act: Callable[[], int]) -> None:
        """Do something and wait until the program has confirmed the update as settled."""
        update = act()
        wait_until(
            lambda: update not in self._stub.pending_updates(),
            lambda: f"update {update} was not settled; {self._text()[-500:]}",
        )

    def _has(self, label: str) -> bool:
        return any(full.startswith(label) for full in self._labels())

    def _labels(self) -> list[str]:
        return [label for post in self._user.messages() for label in post.labels]

    def _text(self) -> str:
        return "\n".join(self._user.texts())


class PageActor:
    """A person with a phone: the page in real headless Chromium."""

    def __init__(self, browser: WebDriver, address: str) -> None:
        """Open the page at an address."""
        self._browser = browser
        self._address = address
        self._heard = 0
        browser.get(f"{address}/")

    def opens(self, payload: str) -> None:
        """Open what the QR code leads to."""
        kind, _, value = payload.partition("-")
        path = {"w": "/w/", "s": "/slip/", "": "/"}[kind]
        self._browser.get(f"{self._address}{path}{value}")
        if kind == "s":
            into_chat = "//button[starts-with(normalize-space(), '接着问')]"
            self._browser.find_element(By.XPATH, into_chat).click()

    def says(self, text: str) -> None:
        """Type into the field and press 发送."""
        before = self._count()
        field = self._browser.find_element(By.NAME, "text")
        field.send_keys(text)
        send = self._browser.find_element(By.XPATH, "//button[normalize-space()='发送']")
        send.click()
        wait_until(lambda: self._count() > before, lambda: f"no answer to {text}")
        self._rest()

    def presses(self, label: str) -> None:
        """Press the newest button in the conversation whose label begins so."""
        found = self._button(label)
        before = self._text()
        self._browser.execute_script("arguments[0].scrollIntoView({block:'center'})", found)
        found.click()
        wait_until(lambda: self._text() != before, lambda: f"nothing came of {label}")
        self._rest()

    def reads(self, words: str) -> str:
        """Wait for words on the page."""
        wait_until(lambda: words in self._page(), lambda: f"no {words}: {self._page()[-1500:]}")
        return self._page()

    def hears(self, words: str) -> str:
        """Look in again and again, as somebody who comes back to the page, until words are new."""

        def heard() -> bool:
            self._browser.get(f"{self._address}/")
            return words in self._new()

        wait_until(heard, lambda: f"no {words}: {self._new()[-1500:]}")
        return self._taken()

    def listens(self) -> str:
        """Look in once and return the messages since the last time."""
        self._browser.get(f"{self._address}/")
        return self._taken()

    def _taken(self) -> str:
        new = self._new()
        numbers = [self._number(told) for told in self._told()]
        self._heard = max(numbers, default=self._heard)
        return new

    def _new(self) -> str:
        new = [told.text for told in self._told() if self._number(told) > self._heard]
        return "\n\n".join(new)

    def _told(self) -> list[WebElement]:
        return self._browser.find_elements(By.CSS_SELECTOR, "[role=log] .told[data-number]")

    def _number(self, told: WebElement) -> int:
        return int(told.get_attribute("data-number") or 0)

    def _page(self) -> str:
        return str(self._browser.find_element(By.TAG_NAME, "main").text)

    def _rest(self) -> None:
        """Wait until the page is no longer sending."""
        wait_until(
            lambda: not self._browser.find_elements(By.CSS_SELECTOR, "[aria-busy='true']"),
            lambda: "the page stays busy",
        )

    def _button(self, label: str) -> WebElement:
        found: list[WebElement] = []

        def look() -> bool:
            buttons = self._browser.find_elements(By.CSS_SELECTOR, "[role=log] button")
            try:
                found[:] = [b for b in buttons if b.text.startswith(label) and b.is_enabled()]
            except StaleElementReferenceException:
                return False
            return bool(found)

        wait_until(look, lambda: f"no button {label}: {self._text()[-800:]}")
        return found[-1]

    def _log(self) -> WebElement:
        return self._browser.find_element(By.CSS_SELECTOR, "[role=log]")

    def _text(self) -> str:
        try:
            return str(self._log().text)
        except StaleElementReferenceException:
            return ""

    def _count(self) -> int:
        return len(self._browser.find_elements(By.CSS_SELECTOR, "[role=log] > *"))
