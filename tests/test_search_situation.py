"""Answers read out of the words."""

import pytest

from knowledge.normalise import fold
from knowledge.search.situation import answers_in, parse_number
from tests.search_material import AREA, MARRIED


@pytest.mark.parametrize(
    ("words", "number"),
    [("60", 60), ("六十", 60), ("十五", 15), ("一百二", 120), ("两百五十", 250), ("三万", 30000)],
)
def test_numbers_are_read_in_both_scripts(words: str, number: float) -> None:
    assert parse_number(words) == number


@pytest.mark.parametrize(
    ("said", "answers"),
    [
        ("四十平的面馆", {"area": "small"}),
        ("一百二十平米的店", {"area": "large"}),
        ("60平方的店", {"area": "small"}),
        ("61平的店", {"area": "large"}),
        ("没领证生的娃", {"married": "no"}),
        ("我们领证了", {"married": "yes"}),
        ("没有结婚证", {}),
        ("一般人的店", {}),
    ],
)
def test_what_was_said_answers_the_question(said: str, answers: dict[str, str]) -> None:
    assert answers_in(fold(said), (AREA, MARRIED)) == answers


def test_both_options_said_leave_the_question_open() -> None:
    assert answers_in(fold("有已婚的也有未婚的"), (MARRIED,)) == {}
