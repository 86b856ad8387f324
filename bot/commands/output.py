"""Printing JSON and replies on the command line."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from bot.dialogue import Reply, Table

MOST_COLUMNS = 200


def print_json(value: Any) -> None:
    """Print one line of JSON, flushed, so that a caller may read line by line."""
    click.echo(json.dumps(value, ensure_ascii=False))


def print_table(table: Table) -> None:
    """Print a table with rich."""
    from rich.console import Console
    from rich.table import Table as RichTable

    shown = RichTable(*table.header)
    for row in table.rows:
        shown.add_row(*row)
    # In a file or a pipe nothing may be cut off to fit a screen.
    Console(width=None if sys.stdout.isatty() else MOST_COLUMNS).print(shown)


def print_reply(reply: Reply) -> None:
    """Print a reply as plain text: headings in brackets, table, buttons numbered."""
    headings = set(reply.headings)
    for line in reply.text.split("\n"):
        click.echo(click.style(line, bold=True) if line in headings else line)
    if reply.table:
        print_table(reply.table)
    for number, button in enumerate((b for row in reply.buttons for b in row), start=1):
        click.echo(f"  [{number}] {button.label}" + (f" {button.url}" if button.url else ""))
