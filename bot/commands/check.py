"""check: settings and knowledge, every problem with file and line."""

from __future__ import annotations

import os
from pathlib import Path

import click

from bot.commands.options import PROBLEMS_FOUND, Context, common_options
from bot.loading import CACHE, search_over
from bot.settings import CONFIG_NAME, SHIPPED_KNOWLEDGE, load_settings
from knowledge.check import check_folder
from knowledge.model import KnowledgeBase
from knowledge.problems import Problem, Severity, sort_problems
from knowledge.search.golden import golden_problems, wording_warnings


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@common_options
def check(settings: Context, path: Path | None) -> None:
    """检查设置和知识库，列出全部问题（文件、行、怎么改）。

    \b
    例：
      python -m bot check                检查 config.yaml 和知识库
      python -m bot check 我的知识库/     检查另一个知识库文件夹
    """
    errors = 0
    cache_dir: Path | None = None
    folder = path
    if folder is None:
        folder = SHIPPED_KNOWLEDGE
        config = settings.config or Path(CONFIG_NAME)
        if settings.config is not None or config.exists():
            loaded, mistakes = load_settings(config, os.environ)
            for mistake in mistakes:
                click.echo(str(mistake))
            errors += len(mistakes)
            folder = loaded.knowledge_dir if loaded else folder
            cache_dir = loaded.data_dir / CACHE if loaded else None
    base, problems = check_folder(folder, today=settings.clock()().date())
    if base is not None:
        problems = sort_problems((*problems, *_ask_the_search(base, folder, cache_dir)))
    for problem in problems:
        click.echo(str(problem))
    errors += sum(problem.severity is Severity.ERROR for problem in problems)
    warnings = len(problems) - sum(p.severity is Severity.ERROR for p in problems)
    count = len(base.entries) if base else 0
    click.echo(f"条目 {count} 个；错误 {errors} 处；提醒 {warnings} 处。")
    if errors:
        raise SystemExit(PROBLEMS_FOUND)


def _ask_the_search(
    base: KnowledgeBase, folder: Path, cache_dir: Path | None
) -> tuple[Problem, ...]:
    """Train where no weights are kept for these files, then put the golden questions."""
    search = search_over(base, cache_dir)
    if not search.is_trained:
        click.echo("知识库改过，先学一遍新的说法（十几秒）…", err=True)
        search.train()
    return (
        *golden_problems(base, search, folder),
        *wording_warnings(base, search, folder),
    )
