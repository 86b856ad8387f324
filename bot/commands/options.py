"""Options every command takes, before or after its name, and the settings they lead to."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast

import click

from bot.clock import Clock, parse_instant, real_clock, rehearsal_clock
from bot.database import transaction
from bot.desk import Desk
from bot.desks import CannotStart, open_desk
from bot.dialogue import MUNICIPAL
from bot.places import canonical_district
from bot.records.audit import OPERATOR, Deed, record_deed
from bot.settings import (
    CONFIG_NAME,
    Settings,
    demo_settings,
    load_settings,
    with_environment_token,
)
from knowledge.model import KnowledgeBase
from knowledge.problems import errors_of

Command = TypeVar("Command", bound=Callable[..., Any])
PROBLEMS_FOUND = 1
WRONG_USE = 2


@dataclass(frozen=True, slots=True)
class Context:
    """What the common options said."""

    config: Path | None
    start: datetime | None

    def clock(self) -> Clock:
        """Return the program's clock."""
        return real_clock if self.start is None else rehearsal_clock(self.start)

    def is_demo(self) -> bool:
        """Tell whether the demonstration is used: no file named and none in the folder."""
        return self.config is None and not Path(CONFIG_NAME).exists()

    def settings(self, *, demo: bool = False) -> Settings:
        """Return the settings; without a config.yaml the demonstration's, said on stderr."""
        if demo or self.is_demo():
            click.echo("没有用 config.yaml：用演示数据（演示，不作办事依据）。", err=True)
            return with_environment_token(demo_settings(Path.cwd()), os.environ)
        settings, problems = load_settings(self.config or Path(CONFIG_NAME), os.environ)
        if settings is None:
            for problem in problems:
                click.echo(str(problem), err=True)
            fail("设置有误，请照上面改正。", PROBLEMS_FOUND)
        return settings

    def desk(self) -> Desk:
        """Open the desk beside a running program, with the demonstration's data where none is."""
        return opened(self.settings(), self.clock())


def opened(settings: Settings, clock: Clock) -> Desk:
    """Open a desk or end with the reason."""
    from bot.database import FILE_NAME
    from bot.demo import fill_demo

    fresh = settings.demo and not (settings.data_dir / FILE_NAME).exists()
    try:
        desk = open_desk(settings, clock)
    except CannotStart as error:
        for problem in errors_of(error.problems):
            click.echo(str(problem), err=True)
        fail(str(error), PROBLEMS_FOUND)
    if fresh:
        fill_demo(desk)
    return desk


def fail(message: str, code: int) -> NoReturn:
    """Say why on standard error and end with an exit code."""
    click.echo(message, err=True)
    raise SystemExit(code)


def noted(desk: Desk, deed: Deed, subject: str) -> None:
    """Write down in the audit log what is done at the command line."""
    with transaction(desk.db):
        record_deed(desk.db, OPERATOR, deed, subject, now=desk.now())


def named_district(desk: Desk, name: str | None) -> str | None:
    """Return a district's canonical name by any of its names, or end saying which there are."""
    if not name:
        return None
    district = canonical_district(desk.base, name)
    if district is None:
        known = "、".join(d.name for d in desk.base.districts)
        fail(f"不认识区县 {name}；有：{known}", WRONG_USE)
    return district


def named_department(base: KnowledgeBase, name: str) -> str:
    """Return a department's id by any of its names, or end saying which there are."""
    from bot.importing.values import names_of

    department = name if name in base.departments else names_of(base).department(name)
    if department is None:
        known = "、".join(f"{d.id}（{d.name}）" for d in base.departments.values())
        fail(f"不认识部门 {name}；有：{known}", WRONG_USE)
    return department


def named_part(desk: Desk, name: str | None) -> str | None:
    """Return a district's canonical name, or 市直 for the city's own units."""
    return MUNICIPAL if name == MUNICIPAL else named_district(desk, name)


class Instant(click.ParamType[datetime]):
    """An instant such as 2025-01-24T16:00, +08:00 where no offset is written."""

    name = "时刻"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read the instant or fail with what to write."""
        if isinstance(value, datetime):
            return value
        try:
            return parse_instant(value)
        except ValueError:
            self.fail(f"{value} 不是时刻，请写成 2025-01-24T16:00", param, ctx)


class Day(click.ParamType[datetime]):
    """A day such as 2025-02-06, as the midnight it begins with."""

    name = "日期"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read the day or fail with what to write."""
        if isinstance(value, datetime):
            return value
        written = re.sub("[年月/]", "-", value).removesuffix("日")
        try:
            return datetime.strptime(written, "%Y-%m-%d")  # noqa: DTZ007 - a local day, no instant
        except ValueError:
            self.fail(f"{value} 不是日期，请写成 2025-02-06", param, ctx)


class Period(click.ParamType[tuple[date, date]]):
    """Two days such as 2025-02-12:2025-02-14, both included."""

    name = "起止"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[date, date]:
        """Read both days or fail with what to write."""
        if isinstance(value, tuple):
            return value
        first, colon, last = value.replace("：", ":").partition(":")
        if not colon:
            self.fail(f"{value} 不是起止日期，请写成 2025-02-12:2025-02-14", param, ctx)
        from_on, to_on = (Day().convert(day, param, ctx).date() for day in (first, last))
        if from_on > to_on:
            self.fail(f"{value} 先后写反了，请早的在前", param, ctx)
        return from_on, to_on


def common_options(command: Command) -> Command:
    """Add --config and --clock; what stands after the command's name wins."""

    @functools.wraps(command)
    def wrapper(*, config: Path | None, clock: datetime | None, **options: Any) -> Any:
        context = click.get_current_context()
        above = (context.parent.obj if context.parent else None) or Context(None, None)
        settings = Context(config or above.config, clock or above.start)
        context.obj = settings
        return command(settings=settings, **options)

    config_option = click.option(
        "--config", type=click.Path(path_type=Path), help="设置文件，缺省 config.yaml"
    )
    clock_option = click.option(
        "--clock", type=Instant(), help="程序时钟从这个时刻走起，如 2025-01-24T16:00"
    )
    return cast(Command, config_option(clock_option(wrapper)))


def day_option(*names: str, help_: str) -> Callable[[Command], Command]:
    """Return an option that reads a day written as 2025-02-06."""
    return click.option(*names, type=Day(), help=help_)
