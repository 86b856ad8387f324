"""Read answers to an entry's questions out of the words: "没领证", "四十平的面馆".

A word counts only where nothing before it denies it, and not inside a longer word of another
option. Where two options of one question are both said, none is taken: the person is asked.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from knowledge.normalise import fold
from knowledge.search.features import without_denied
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


def _said(text: str, word: str) -> Iterator[tuple[int, int]]:
    """Find where a word is said, not denied, and not the end of a longer number."""
    at = text.find(word)
    while at >= 0:
        before = text[:at]
        denied = not word.startswith(_DENYING_START) and _DENIAL.search(before)
        cut = word[0] in _NUMERALS and before[-1:] in _NUMERALS and before
        if not denied and not cut:
            yield at, at + len(word)
        at = text.find(word, at + 1)


_NUMERALS = frozenset("0123456789.零一二两三四五六七八九十百千万")


def _named(text: str, question: SearchQuestion) -> list[str]:
    """List the options whose words are said; a word inside a longer one of another is none.

    "未领证" says nothing for 领证, "150平" nothing for 50平.
    """
    spans = [
        (span, option.id)
        for option in question.options
        for word in option.words
        for span in _said(text, _folded(word))
    ]
    return [
        option
        for option in dict.fromkeys(option for _, option in spans)
        if any(
            not any(other != option and _inside(span, wider) for wider, other in spans)
            for span, owner in spans
            if owner == option
        )
    ]


def _inside(span: tuple[int, int], wider: tuple[int, int]) -> bool:
    longer = wider[1] - wider[0] > span[1] - span[0]
    return longer and wider[0] <= span[0] and span[1] <= wider[1]


# Who goes: the same for every entry that asks it, so editors need not list everybody's kin.
AGENT = "agent"
SELF = "self"
_KIN = (
    r"(?:我|俺|他|她|家)?(?:弟弟?|哥哥?|姐姐?|妹妹?|妈|爸|娘|爹|媳妇|老婆|老公|丈夫|爱人|对象|儿子|闺女|女儿|"
    r"孩子|家里人|家人|亲戚|朋友|同事|会计|财务|员工|秘书|中介|律师|侄子|外甥|孙子|叔|舅|姑|姨|别人|人)"
)
_BY_AGENT = re.compile(
    rf"(?:委托|托|让|叫|找|派|请)(?:了|给)?{_KIN}[^,]{{0,4}}(?:去|来|办|跑|弄|领|代)|委托{_KIN}|代办|"
    rf"{_KIN}(?:替|代|帮)(?:我|俺)[^,]{{0,3}}(?:去|办|跑|弄|领)|"
    r"(?:替|帮|代)(?:我|俺|他|她|老人|爸|妈|爹|娘|老公|媳妇|老板|法人)[^,]{0,3}(?:去|办|跑|弄|领)|本人(?:去不了|不去|来不了|没空)"
)
_BY_SELF = re.compile(
    r"(?<!得)(?<!要)(?<!须)(?:我|俺|本人|法人|老板)?(?:自己|亲自|本人)(?:去|来|跑)(?!不)"
)
_ASKED = re.compile(r"必须|非得|一定|需要|要不要|用不用|还是")


def _who_goes(text: str, question: SearchQuestion) -> list[str]:
    """Tell whether somebody else goes, where the question is who."""
    options = {option.id for option in question.options}
    if not {AGENT, SELF} <= options:
        return []
    if _BY_AGENT.search(text):
        return [AGENT]
    return [SELF] if _BY_SELF.search(text) and not _ASKED.search(text) else []


@lru_cache(maxsize=8192)
def _folded(word: str) -> str:
    return fold(word)


def answers_in(text: str, questions: tuple[SearchQuestion, ...]) -> Mapping[str, str]:
    """Read the answers stated in a folded text, what is denied in it left out."""
    text = without_denied(text)
    quantities = [
        (found.lastgroup, value)
        for found in _QUANTITY.finditer(text)
        if (value := parse_number(found.group(1))) is not None
    ]
    answers: dict[str, str] = {}
    for question in questions:
        said = (
            _named(text, question)
            or _who_goes(text, question)
            or [
                option.id
                for option in question.options
                if (bound := _bound(_folded(option.label)))
                and any(kind == bound.kind and bound.holds(value) for kind, value in quantities)
            ]
        )
        if len(said) == 1:
            answers[question.id] = said[0]
    return answers
