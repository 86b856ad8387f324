"""The conversation in a terminal: the same core, buttons numbered."""

from __future__ import annotations

from collections.abc import Callable

from bot.dialogue import Button, Channel, Incoming, Person, Reply

Respond = Callable[[Incoming], Reply | None]


class Terminal:
    """One person's conversation; remembers only which buttons were shown last."""

    def __init__(self, respond: Respond, person: Person) -> None:
        """Talk to `respond` as `person`."""
        self._respond = respond
        self._person = person
        self.buttons: tuple[tuple[Button, int | None], ...] = ()

    def says(self, text: str) -> tuple[Reply, ...]:
        """Say something: a number presses that button, anything else is text."""
        if text.isdecimal() and 1 <= int(text) <= len(self.buttons):
            return self.presses(int(text))
        return self._heard(Incoming(self._person, Channel.TERMINAL, text=text))

    def presses(self, number: int) -> tuple[Reply, ...]:
        """Press the button with this number."""
        button, message = self.buttons[number - 1]
        if button.token is None:
            return ()
        incoming = Incoming(self._person, Channel.TERMINAL, token=button.token, message=message)
        return self._heard(incoming)

    def _heard(self, incoming: Incoming) -> tuple[Reply, ...]:
        reply = self._respond(incoming)
        shown = reply.messages() if reply else ()
        self.buttons = tuple(
            (button, message.number)
            for message in shown
            for row in message.buttons
            for button in row
        )
        return shown

    def becomes(self, person: Person) -> None:
        """Go on as the person with a new role."""
        self._person = person
