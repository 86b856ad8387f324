"""ask: what a question is understood as."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any, TextIO

import click

from bot.commands.options import Context, common_options, fail
from bot.commands.output import print_json
from bot.loading import load_to_ask
from bot.records.redaction import redact
from knowledge.search.engine import Search
from knowledge.search.understanding import Outcome, Understanding

OUTCOME_WORDS = {
    Outcome.SURE: "就是它",
    Outcome.SEVERAL: "问了几件事",
    Outcome.UNSURE: "拿不准，给候选",
    Outcome.NOTHING: "不在清单里",
}


@click.command()
@click.argument("question", required=False)
@click.option("--after", help="同一个人的上一句问话")
@click.option("--json", "as_json", is_flag=True, help="每句一行 JSON")
@click.option("--explain", is_flag=True, help="说明为什么")
@common_options
def ask(
    settings: Context, question: str | None, after: str | None, as_json: bool, explain: bool
) -> None:
    """理解一句话问的是哪一件事。不带问题就从标准输入一行一句地读。

    \b
    例：
      python -m bot ask 娃上户口要啥
      python -m bot ask --after 娃上户口要啥 要几份复印件 --json
      python -m bot ask --json < 问题.txt     （每行可以是文字，或 {"question":…,"after":…}）
    """
    knowledge, problems = load_to_ask(settings.settings())
    if knowledge is None:
        fail("知识库有误，先改正（python -m bot check）：" + "；".join(map(str, problems[:3])), 1)
    search = knowledge.search
    search.train()
    asked = iter([(question, after)]) if question is not None else _lines(sys.stdin, after)
    for one, before in asked:
        _answer(search, one, before, as_json=as_json, explain=explain)


def _lines(stream: TextIO, after: str | None) -> Iterator[tuple[str, str | None]]:
    """Yield a question for every line, blank ones too."""
    for line in stream:
        text = line.rstrip("\r\n")
        yield _from_json(text, after) if text.lstrip().startswith("{") else (text, after)


def _from_json(line: str, after: str | None) -> tuple[str, str | None]:
    try:
        written = json.loads(line)
    except json.JSONDecodeError:
        return line, after
    if not isinstance(written, dict) or not isinstance(written.get("question"), str):
        return line, after
    before = written.get("after")
    return written["question"], before if isinstance(before, str) and before else after


def _answer(
    search: Search, question: str, after: str | None, *, as_json: bool, explain: bool
) -> None:
    masked = redact(question)
    last = _last_entry(search, after) if after else None
    began = time.perf_counter()
    understood = search.understand(masked, last_entry=last)
    spent = (time.perf_counter() - began) * 1000
    if as_json:
        print_json(_json(understood, question, spent, explain=explain))
        return
    click.echo(_words(understood))
    if explain:
        for line in understood.explain:
            click.echo(f"  {line}")


def _last_entry(search: Search, previous: str) -> str | None:
    """Return the entry that the previous question was about, if it was about one."""
    understood = search.understand(redact(previous), last_entry=None)
    return None if understood.outcome is Outcome.NOTHING else understood.candidates[0].entry_id


def _json(
    understood: Understanding, question: str, spent: float, *, explain: bool
) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "question": question,
        "outcome": understood.outcome.value,
        "entries": [
            {"id": c.entry_id, "name": c.name, "score": round(c.score, 4)}
            for c in understood.candidates
        ],
        "about": understood.about.value if understood.about else None,
        "answers": dict(understood.answers),
        "door": understood.door,
        "ms": round(spent, 3),
    }
    if explain:
        answer["explain"] = list(understood.explain)
    return answer


def _words(understood: Understanding) -> str:
    shown = "，".join(f"{c.name} {c.score:.2f}" for c in understood.candidates[:3])
    door = f"｜指路：{understood.door}" if understood.door else ""
    return f"{OUTCOME_WORDS[understood.outcome]}｜{shown}{door}".replace("\n", " ")
