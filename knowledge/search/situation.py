"""Read answers to an entry's questions out of the words: "没领证", "四十平的面馆".

A word counts only where nothing before it denies it, and the longest word wins. Where two
options of one question are both said, none is taken: the person is asked instead.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from knowledge.normalise import fold
from knowledge.search.material import SearchQuestion

_DENIAL = re.compile(
    r"(?:没有|没|不是|并非|不|未|无|非|别|不用|不想|不算)(?:在|是|有|办|去|想|过|曾|经)?$"
)
_DENYING_START = tuple("没不未无非")
_DIGITS = {one: value for value, one in enumerate("零一二三四五六七八九")} | {
    "两": 2,
    "〇": 0,
    "俩": 2,
}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10000}
_NUMBER = r"[0-9]+(?:\.[0-9]+)?|[零〇一二两俩三四五六七八九十百千万]+"
_KINDS = {
    "area": r"平方米|平方|平米|平|㎡|m2|个平方|方(?=的|$)",
    "age": r"周岁|岁",
    "months": r"个月|月龄",
    "people": r"人|个人|名",
}
_UNIT = "|".join(f"(?P<{kind}>{unit})" for kind, unit in _KINDS.items())
_QUANTITY = re.compile(rf"({_NUMBER})(多|来|几)?\s*(?:{_UNIT})")
_UPTO_BEFORE = re.compile(r"(?:不超过|不满|未满|不足|小于|少于|低于|不到|≤|<=|<)$")
_UPTO_AFTER = re.compile(r"^(?:以下|以内|及以下|之内|\(含\)以下|含以下|或以下|及以内)")
_OVER_BEFORE = re.compile(r"(?:超过|大于|多于|高于|满|>|≥|>=|超)$")
_OVER_AFTER = re.compile(r"^(?:以上|及以上|之上|\(含\)以上|或以上|或更多)")


def parse_number(words: str) -> float | None:
    """Read 60, 六十, 一百二 and 两百五十 as numbers."""
    if words[0].isdigit():
        return float(words)
    total = section = digit = 0
    last_unit = 1
    for one in words:
        if one in _DIGITS:
            digit = _DIGITS[one]
            continue
        unit = _UNITS[one]
        if unit == 10000:
            total, section, digit = (total + section + digit) * unit, 0, 0
        else:
            section, digit = section + (digit or 1) * unit, 0
        last_unit = unit
    # "一百二" is 120, not 102; a bare digit after 十 or nothing is itself.
    loose = digit * last_unit // 10 if last_unit >= 100 and "零" not in words[-2:] else digit
    return float(total + section + loose)


@dataclass(frozen=True, slots=True)
class _Bound:
    kind: str
    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


@lru_cache(maxsize=4096)
def _bound(label: str) -> _Bound | None:
    """Read an option such as 60平方米以下 as a range; both ends include the limit for "up to"."""
    for found in _QUANTITY.finditer(label):
        value = parse_number(found.group(1))
        kind = found.lastgroup
        if value is None or kind is None:
            continue
        before, after = label[: found.start()], label[found.end() :]
        if _UPTO_BEFORE.search(before) or _UPTO_AFTER.search(after):
            return _Bound(kind, 0.0, value)
        if _OVER_BEFORE.search(before) or _OVER_AFTER.search(after):
            return _Bound(kind, value + 0.001, float("inf"))
    return None


def _said(text: str, word: str) -> int:
    """Give the length of a word said and not denied in the text, else 0."""
    start = text.find(word)
    while start >= 0:
        denied = not word.startswith(_DENYING_START) and _DENIAL.search(text[:start])
        if not denied:
            return len(word)
        start = text.find(word, start + 1)
    return 0


@lru_cache(maxsize=8192)
def _folded(word: str) -> str:
    return fold(word)


def answers_in(text: str, questions: tuple[SearchQuestion, ...]) -> Mapping[str, str]:
    """Read the answers stated in a folded text."""
    quantities = [
        (found.lastgroup, value)
        for found in _QUANTITY.finditer(text)
        if (value := parse_number(found.group(1))) is not None
    ]
    answers: dict[str, str] = {}
    for question in questions:
        lengths = {
            option.id: max((_said(text, _folded(word)) for word in option.words), default=0)
            for option in question.options
        }
        longest = max(lengths.values(), default=0)
        said = [option for option, length in lengths.items() if length == longest > 0]
        if not said:
            bounds = [(option.id, _bound(_folded(option.label))) for option in question.options]
            said = [
                option
                for option, bound in bounds
                if bound
                and any(kind == bound.kind and bound.holds(value) for kind, value in quantities)
            ]
        if len(said) == 1:
            answers[question.id] = said[0]
    return answers
