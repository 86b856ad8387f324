"""schema: the JSON Schema of the knowledge files."""

from __future__ import annotations

import json

import click

from bot.commands.options import Context, common_options
from knowledge.schema import json_schema


@click.command()
@common_options
def schema(settings: Context) -> None:
    """输出条目文件的 JSON Schema，编辑器据此补全和检查。

    \b
    例：python -m bot schema > knowledge/data/schema.json
    """
    del settings
    click.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))
