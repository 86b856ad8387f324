"""What the command line says of wrong use, in Chinese."""

from __future__ import annotations

import re

import click
from click.exceptions import NoArgsIsHelpError

_IN_BRACKETS = re.compile(r"\((.+)\)")


def explain(error: click.ClickException) -> str:
    """Return what was written wrongly and where to read how it is written."""
    said = _said(error)
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None or isinstance(error, NoArgsIsHelpError):
        return said
    return f"{said}\n用法见：{context.command_path} --help"


def _said(error: click.ClickException) -> str:
    match error:
        case click.NoSuchCommand():
            return f"没有命令 {error.command_name}{_meant(error.possibilities)}。"
        case click.NoSuchOption():
            return f"没有选项 {error.option_name}{_meant(error.possibilities)}。"
        case click.MissingParameter():
            return f"还缺 {_name(error)}。"
        case click.BadParameter():
            return f"{_name(error)} 写得不对：{_wanted(error)}。"
        case click.UsageError() if found := _IN_BRACKETS.search(error.message):
            return f"多写了 {found[1]}，或少了引号。"
        case _:
            return error.format_message()


def _meant(possibilities: object) -> str:
    near = "、".join(map(str, possibilities)) if isinstance(possibilities, (list, tuple)) else ""
    return f"；是不是 {near}" if near else ""


def _name(error: click.BadParameter) -> str:
    if error.param is None:
        return "一个参数"
    if isinstance(error.param, click.Option):
        return error.param.opts[0]
    return error.param.human_readable_name


def _wanted(error: click.BadParameter) -> str:
    """Return what a value may be; our own types say it themselves."""
    kind = error.param.type if error.param else None
    match kind:
        case click.Choice():
            return f"只能是 {'、'.join(map(str, kind.choices))}"
        case click.IntRange():
            return f"要一个数，{kind.min} 到 {kind.max}"
        case click.Path():
            return "没有这个文件，或它是文件夹，或没有读它的权限"
        case _:
            return error.message
