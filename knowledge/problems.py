"""What is wrong in the files that editors write: one value per problem, with its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz, process

NEAR = 60


class Severity(StrEnum):
    """Whether a problem keeps the files from being used."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: where it stands, what is wrong and what to do."""

    file: str
    line: int | None
    severity: Severity
    text: str

    def __str__(self) -> str:
        """Say it in one line: file and line, how grave, what to do."""
        at = f"{self.file}:{self.line}" if self.line else self.file
        grave = "错误" if self.severity is Severity.ERROR else "提醒"
        return f"{at}  {grave}：{self.text}"


def has_error(problems: Iterable[Problem]) -> bool:
    """Tell whether any of the problems forbids using the files."""
    return any(problem.severity is Severity.ERROR for problem in problems)


def errors_of(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return only the problems that forbid using the files."""
    return tuple(problem for problem in problems if problem.severity is Severity.ERROR)


def sort_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return each problem once, by file and line, errors before warnings on one line."""
    return tuple(
        sorted(
            dict.fromkeys(problems),
            key=lambda problem: (problem.file, problem.line or 0, problem.severity, problem.text),
        )
    )


def nearest(wrong: str, known: Iterable[str]) -> str | None:
    """Return the known word that the wrong one was probably meant to be."""
    found = process.extractOne(wrong, tuple(known), scorer=fuzz.ratio, score_cutoff=NEAR)
    return None if found is None else str(found[0])


def meant(wrong: str, known: Iterable[str]) -> str:
    """Word a guess at what was meant, or nothing where there is none to make."""
    guess = nearest(wrong, known)
    return "" if guess is None else f"，是不是“{guess}”？"
