"""run: the program."""

from __future__ import annotations

import gc
import logging

import click

from bot.commands.options import WRONG_USE, Context, common_options, fail
from bot.desks import CannotStart
from knowledge.problems import errors_of


@click.command()
@click.option("--demo", is_flag=True, help="用演示数据，不管有没有 config.yaml")
@common_options
def run(settings: Context, demo: bool) -> None:
    """启动程序，打印网页地址。Ctrl-C 停止。

    \b
    例：
      python -m bot run --demo
      python -m bot run --config /etc/yikouqing/config.yaml
    """
    # Nothing made while starting is garbage; collecting again and again costs a tenth of it.
    gc.disable()
    from bot.app import run_program

    chosen = settings.settings(demo=demo)
    logging.basicConfig(
        level=chosen.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    for chatty in ("apscheduler", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        run_program(chosen, settings.clock(), say=lambda line: click.echo(line))
    except CannotStart as error:
        for problem in errors_of(error.problems):
            click.echo(str(problem), err=True)
        fail(str(error), WRONG_USE)
