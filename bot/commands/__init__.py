"""The commands, one file each; a command's imports are paid only when it is called."""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "run": "bot.commands.run:run",
    "ask": "bot.commands.ask:ask",
    "show": "bot.commands.show:show",
    "chat": "bot.commands.chat:chat",
    "check": "bot.commands.check:check",
    "schema": "bot.commands.schema:schema",
    "knowledge": "bot.commands.knowledge:knowledge",
    "people": "bot.commands.people:people",
    "certificates": "bot.commands.certificates:certificates",
    "stats": "bot.commands.stats:stats",
    "official": "bot.commands.official:official",
    "case": "bot.commands.case:case",
    "overdue": "bot.commands.overdue:overdue",
    "audit": "bot.commands.audit:audit",
    "sweep": "bot.commands.sweep:sweep",
    "roster": "bot.commands.roster:roster",
    "calendar": "bot.commands.calendar:calendar",
    "import": "bot.commands.imports:import_",
    "template": "bot.commands.imports:template_",
    "window-qr": "bot.commands.window_qr:window_qr",
    "backup": "bot.commands.operations:backup",
    "restore": "bot.commands.operations:restore",
    "doctor": "bot.commands.operations:doctor",
}


class LazyCommands(click.Group):
    """A group that imports a command only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command, or None."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command
