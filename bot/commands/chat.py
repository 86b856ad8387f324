"""chat: the conversation in a terminal."""

from __future__ import annotations

import functools

import click

from bot import router
from bot.channels.terminal import Terminal
from bot.commands.options import Context, common_options
from bot.commands.output import print_table
from bot.database import transaction
from bot.demo import ROLES
from bot.dialogue import Channel, Reply, Role
from bot.records import people
from bot.records.people import Address


@click.command()
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), default="citizen", help="以什么身份"
)
@common_options
def chat(settings: Context, role: str) -> None:
    """在终端里对话，按钮用数字。空行或 Ctrl-D 结束。

    \b
    例：python -m bot chat --role clerk
    """
    desk = settings.desk()
    desk.search.train()
    address = Address(Channel.TERMINAL, f"chat-{role}")
    with transaction(desk.db):
        person = people.person_at(desk.db, address, now=desk.now())
        person = people.set_role(desk.db, person, Role(role), ROLES[Role(role)])
    terminal = Terminal(functools.partial(router.respond, desk), person)
    _show(terminal.says("/start"))
    for line in iter(lambda: _prompt(), ""):
        _show(terminal.says(line))
        terminal.becomes(people.person_by_id(desk.db, person.id))


def _prompt() -> str:
    try:
        return str(click.prompt("您", default="", show_default=False, prompt_suffix="> ")).strip()
    except click.Abort:
        return ""


def _show(replies: tuple[Reply, ...]) -> None:
    number = 0
    for reply in replies:
        headings = set(reply.headings)
        for line in reply.text.split("\n"):
            click.echo(click.style(line, bold=True) if line in headings else line)
        if reply.table:
            print_table(reply.table)
        for button in (b for row in reply.buttons for b in row):
            number += 1
            click.echo(f"  [{number}] {button.label}{' ' + button.url if button.url else ''}")
        click.echo()
