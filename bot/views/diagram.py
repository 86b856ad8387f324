"""An entry's questions and what each answer adds, as Mermaid text for editors."""

from __future__ import annotations

from collections.abc import Iterator

from bot.views.text import shorten
from knowledge.editing.facts import material_name
from knowledge.model import KnowledgeBase, Material, Option, Question, ServicePackage, When

WIDEST = 40


def diagram(base: KnowledgeBase, entry: ServicePackage) -> str:
    """Draw the questions of an entry and the materials that each answer adds."""
    return "\n".join(["flowchart TD", *(f"  {line}" for line in _lines(base, entry))])


def _lines(base: KnowledgeBase, entry: ServicePackage) -> Iterator[str]:
    yield f'start(["{_text(entry.name)}"])'
    always = [m for m in entry.materials if not m.when]
    yield f'always["{_papers(base, entry, "都要带", always, "")}"]'
    yield "start --> always"
    for question in entry.questions:
        yield f'q_{question.id}{{"{_text(question.ask)}"}}'
        yield from _ways_to(question)
        for option in question.options:
            yield from _option(base, entry, question, option)


def _ways_to(question: Question) -> Iterator[str]:
    """Draw from where a question is reached: the start, or the answers it depends on."""
    if not question.when:
        yield f"start --> q_{question.id}"
    for before, options in question.when.items():
        for option in options:
            yield f"a_{before}_{option} --> q_{question.id}"


def _option(
    base: KnowledgeBase, entry: ServicePackage, question: Question, option: Option
) -> Iterator[str]:
    node = f"a_{question.id}_{option.id}"
    added = [m for m in entry.materials if option.id in m.when.get(question.id, ())]
    head = "再带" if added else "不用多带"
    yield f'{node}["{_papers(base, entry, head, added, question.id)}"]'
    yield f'q_{question.id} -->|"{_text(option.label)}"| {node}'


def _papers(
    base: KnowledgeBase, entry: ServicePackage, head: str, papers: list[Material], asked: str
) -> str:
    names = [
        f"＋{_text(material_name(base, paper))}{_further(entry, paper.when, asked)}"
        for paper in papers
    ]
    return "<br/>".join([head, *names])


def _further(entry: ServicePackage, when: When, asked: str) -> str:
    """Word the other answers that a paper depends on besides the one drawn."""
    further = []
    for question in entry.questions:
        wanted = when.get(question.id, ())
        if question.id != asked and wanted:
            labels = "/".join(o.label for o in question.options if o.id in wanted)
            further.append(f"{question.ask.rstrip('？?')}：{labels}")
    return f"（且{_text('；'.join(further))}）" if further else ""


def _text(text: str) -> str:
    """Write a text so that Mermaid takes it for nothing else."""
    return shorten(text, WIDEST).replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
