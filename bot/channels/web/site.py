"""What every page needs: the desk, the core's functions, the page's files, the tablets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.channels.beside import Beside
from bot.channels.web.lookups import Lookups
from bot.channels.web.pages import Pages
from bot.channels.web.session import KioskSessions
from bot.desk import Desk
from bot.dialogue import Incoming, Reply, Role
from bot.views.slip import SlipPage


def _no_channels() -> Mapping[str, str]:
    return {}


def _no_menu(_role: Role) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Core:
    """The core's functions as the page calls them.

    `slip_page` raises Refusal `slip_unknown` or, for a slip no longer open, `slip_closed`.
    `menu` names the words in a role's menu; `health` says for each other channel how it is.
    """

    respond: Callable[[Desk, Incoming], Reply | None]
    settle: Callable[[Desk, str], None]
    slip_page: Callable[[Desk, str], SlipPage]
    menu: Callable[[Role], tuple[str, ...]] = _no_menu
    health: Callable[[], Mapping[str, str]] = _no_channels


@dataclass(frozen=True, slots=True)
class Site:
    """Everything an endpoint may touch."""

    desk: Desk
    core: Core
    pages: Pages
    kiosk: KioskSessions = field(default_factory=KioskSessions)
    lookups: Lookups = field(default_factory=Lookups)
    beside: Beside = field(default_factory=Beside)
