"""Say what was understood of one question. Data only; see `engine` for how it comes about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """How certain the search is of the entry."""

    SURE = "sure"
    SEVERAL = "several"
    UNSURE = "unsure"
    NOTHING = "nothing"


class About(StrEnum):
    """Which part of the answer was asked for."""

    MATERIALS = "materials"
    TIME = "time"
    FEE = "fee"
    PLACE = "place"
    STEPS = "steps"
    RESULT = "result"
    CONDITIONS = "conditions"
    COPIES = "copies"
    NEEDED = "needed"
    AGENT = "agent"
    ONLINE = "online"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry the question may mean, with a score from 0 to 1."""

    entry_id: str
    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Understanding:
    """What was understood.

    `candidates` are best first and at least three (where the base has three); for `several`
    the ones to answer stand first. `subject` is the paper asked about, in the person's words.
    `answers` are situation answers stated in the question, for the first candidate.
    `door` is a signpost's id: set for `nothing` where one fits, and for people in trouble always.
    """

    question: str
    outcome: Outcome
    candidates: tuple[Candidate, ...]
    about: About | None = None
    subject: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    door: str | None = None
    followed: bool = False
    explain: tuple[str, ...] = ()
