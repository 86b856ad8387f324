"""What the Telegram channel needs from the program: the router, as functions; and its patience."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.desk import Desk
from bot.dialogue import Incoming, Reply, Role


class MenuLine(Protocol):
    """A command as the menu shows it."""

    @property
    def name(self) -> str:
        """Return the Latin command, without its slash."""
        ...

    @property
    def words(self) -> tuple[str, ...]:
        """Return the Chinese words that do the same."""
        ...

    @property
    def description(self) -> str:
        """Return what it does."""
        ...


@dataclass(frozen=True, slots=True)
class Core:
    """The router: `respond`, `settle`, `settle_later` and `menu_for`."""

    respond: Callable[[Desk, Incoming], Reply | None]
    settle: Callable[[Desk, str], None]
    settle_later: Callable[[Desk, Incoming, Reply], None]
    menu_for: Callable[[Role], Sequence[MenuLine]]


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things may take, in seconds of the real clock; tests make them short.

    `settle`: after so long a reply goes to the outbox. `between_polls`: the wait while an update
    is in hand. `forget_ids`: Telegram chooses new update ids after a week without any.
    """

    settle: float = 8.0
    between_polls: float = 0.2
    long_poll: int = 25
    first_backoff: float = 0.5
    longest_backoff: float = 30.0
    conflict_backoff: float = 10.0
    first_try: float = 4.0
    drain: float = 5.0
    tries: int = 3
    between_tries: float = 0.3
    connect: float = 5.0
    answer: float = 7.0
    forget_ids: float = 6 * 24 * 3600.0
