"""The command line: python -m bot COMMAND."""

from __future__ import annotations

import sys
from typing import NoReturn

import click

import bot.one_thread  # noqa: F401 - it must come before numpy
from bot.commands import LazyCommands
from bot.commands.options import Context, common_options
from bot.commands.wrong_use import explain


@click.group(
    cls=LazyCommands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@common_options
@click.pass_context
def main(context: click.Context, settings: Context) -> None:  # noqa: ARG001 - read below it
    """一口清：政务服务窗口的材料一次性告知助手。

    不带命令就是 run：启动程序，打印网页地址。

    \b
    例：
      python -m bot                       启动（没有 config.yaml 就用演示数据）
      python -m bot ask 娃上户口要啥       问一句
      python -m bot show newborn          看完整清单
      python -m bot check                 检查设置和知识库
    """
    if context.invoked_subcommand is None:
        run = main.get_command(context, "run")
        assert run is not None
        with run.make_context("run", [], parent=context) as running:
            run.invoke(running)


def run_command_line() -> NoReturn:
    """Run the command line; say in Chinese what was written wrongly, and end with its code."""
    try:
        code = main(standalone_mode=False)
    except click.Abort:
        click.echo("停了，没有做完。", err=True)
        code = 1
    except click.ClickException as error:
        click.echo(explain(error), err=True)
        code = error.exit_code
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    run_command_line()
