"""Read one cell: dates in every form, limits with units, names of places, states, yes and no.

Every reader returns the value or raises BadValue, whose text says what is wrong and what to do.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

from rapidfuzz import fuzz, process

from bot.importing.columns import cell_text, fold, sayings_of, words_for
from bot.importing.sheets import Cell
from bot.records.redaction import mask_name, redact
from knowledge.model import KnowledgeBase
from reminders.case_work import Cause, Procedure
from reminders.cases import CaseKind, CaseStatus
from reminders.certificates import CertificateState
from reminders.recipients import Role

# Excel counts days from here; its phantom 1900-02-29 is behind every date that can occur.
EXCEL_EPOCH = date(1899, 12, 30)
EARLIEST_YEAR = 1950
LATEST_YEAR = 2199
LONGEST_LIMIT_DAYS = 3650
LONGEST_TEXT = 200
# Excel keeps fifteen digits of a number and writes zeros for the rest.
EXACT_DIGITS = 15

_DATED = re.compile(
    r"(\d{4})\s*(?:[-/.、年_]|\s)\s*(\d{1,2})\s*(?:[-/.、月_]|\s)\s*(\d{1,2})\s*[日号]?"
    r"(?:[\sT日]*(?:上午|下午|AM|PM|星期.|周.)?\s*\d{1,2}(?:[:时点]\s*\d{0,2}){1,2}.*|[\s]*星期.|\s*周.)?",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\s*\d{4,6}|\d{6})?")
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
_SHORT_YEAR = re.compile(r"\d{2}[-/.年]\d{1,2}[-/.月]\d{1,2}日?")
_MONTH_ONLY = re.compile(r"\d{4}[-/.年]\d{1,2}月?")
_CHINESE_DATE = re.compile(
    r"([〇零○一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})[日号]"
)
_CHINESE_DIGITS = {mark: value for value, mark in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "○": 0,
    "两": 2,
}
_DAYS = re.compile(
    r"(?:法定|承诺|共|不超过)?(\d+(?:\.0+)?)(?:个)?(工作日|自然日|日历日|天|日|d)?(?:以?内|办结)*",
    re.IGNORECASE,
)
_CHINESE_DAYS = re.compile(
    r"(?:法定|承诺|共|不超过)?([零一二两三四五六七八九十]{1,3})(?:个)?(工作日|自然日|天|日)(?:以?内|办结)*"
)
_OTHER_UNITS = re.compile(r"[\d一二两三四五六七八九十]+(?:\.\d+)?个?(月|年|周|星期|小时|分钟|季度)")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")
_PERIOD_MARK = re.compile(r"\s*(?:至|到|~|～|—+|--)\s*")
_MANY_DIGITS = re.compile(r"\d[^\n]{0,3}\d[^\n]{0,3}\d[^\n]{0,3}\d[^\n]{0,3}\d[^\n]{0,3}\d|[@＠]")
_IDENTITY = re.compile(
    r"[1-8]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"
)
_INSIDE_BLANKS = re.compile(r"\s+")
_HAS_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_FIRM = re.compile(
    r"公司|集团|厂|店|社$|中心|学校|医院|诊所|药房|超市|饭|餐|酒|商|局|委员会|协会|事务所|工作室|银行|"
    r"幼儿园|大队|支队|政府|办事处|村委|居委|行$|部$|站$|馆|坊|院$|所$"
)
_LONGEST_PERSON = 4
# What may stand before an office besides a district: 市卫健委, 县（区）应急管理局.
_PLACES = ("国家税务总局", "河南省开封市", "开封市", "开封", "市", "县", "区")
_QUOTES = re.compile("[《》〈〉<>“”‘’\"'「」『』]")
# What very many kinds have in their names; what is left tells them apart.
_GENERIC = re.compile(
    r"中华人民共和国|河南省|开封市|经营|生产|许可|登记|备案|资格|执业|注册|证书|证明|证|照"
)
_SHORTEST_STEM = 2
# 食品 for 食品证 would be anything; 排污许可 is 排污许可证 and no other.
_SHORTEST_KIND = 4
_LIKE = 60
_BRANCH = re.compile(r"(.+?局).+(?:分局|大队|所)")
_SPOILT = "编号被 Excel 当成数字，末几位已丢；请把这一列设成文本后重新导出"


@dataclass(eq=False)
class BadValue(ValueError):  # noqa: N818 - an expected "no" about one cell
    """What is wrong with a cell and what to do, in one line."""

    problem: str


class Permanent(Enum):
    """A validity without an end (长期有效)."""

    PERMANENT = "permanent"


PERMANENT = Permanent.PERMANENT


def parse_date(cell: Cell) -> date:
    """Read a day written in any usual form; a time of day after it is dropped."""
    if isinstance(cell, datetime):
        return _plausible(cell.date())
    if isinstance(cell, date):
        return _plausible(cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _date_of_text(cell_text(cell))
    return _date_of_text(_narrow(cell_text(cell)))


def parse_valid_to(cell: Cell) -> date | Permanent:
    """Read the last valid day: a day, the end of a period, or no end (长期, 9999-12-31)."""
    text = "" if isinstance(cell, date) else _narrow(cell_text(cell))
    if isinstance(cell, date) and cell.year == date.max.year:
        return PERMANENT
    end = _PERIOD_MARK.split(text)[-1] if text else text
    if fold(end) in _permanent() or end.startswith("9999"):
        return PERMANENT
    return parse_date(end or cell)


def parse_limit_days(cell: Cell) -> int:
    """Read a limit in working days: 5, 5天, 5个工作日, 五个工作日; 即办 is 0.

    A limit written only as 日 or 天 counts working days (行政许可法 art. 82).
    """
    text = _INSIDE_BLANKS.sub("", _narrow(cell_text(cell)))
    if fold(text) in _immediate():
        return 0
    return _limit_of_text(text)


def parse_number(cell: Cell) -> str:
    """Read a case or certificate number; refuse one that Excel has already spoilt."""
    text = _narrow(cell_text(cell))
    if not text.isalnum():
        text = _INSIDE_BLANKS.sub("", text)
    elif text.isascii() and len(text) <= LONGEST_TEXT and isinstance(cell, str):
        # The usual number, of letters and digits alone: only 1E5 is still what Excel has spoilt.
        if text[0].isdigit() and _SCIENTIFIC.fullmatch(text):
            raise BadValue(_SPOILT)
        return text
    spoilt = isinstance(cell, int | float) and len(text.lstrip("-")) > EXACT_DIGITS
    if spoilt or _SCIENTIFIC.fullmatch(text):
        raise BadValue(_SPOILT)
    if isinstance(cell, date):
        raise BadValue("编号被 Excel 改成了日期；请把这一列设成文本后重新导出")
    if isinstance(cell, bool) or not _HAS_LETTER_OR_DIGIT.search(text):
        raise BadValue("不像编号；请核对")
    if len(text) > LONGEST_TEXT:
        raise BadValue(f"编号超过 {LONGEST_TEXT} 个字；请核对是不是错了列")
    return text


def parse_case_number(cell: Cell) -> str:
    """Read a case number; an identity number in its place is refused."""
    number = parse_number(cell)
    if holds_identity(number):
        raise BadValue("像身份证号，不收；请填平台的办件编号")
    return number


def holds_identity(number: str) -> bool:
    """Tell whether a number begins with a valid identity number, as 残疾人证 numbers do."""
    head = number[:18]
    return _IDENTITY.match(head) is not None and redact(head) != head


def resembles_identity(number: str, today: date) -> bool:
    """Tell whether a number begins like an identity number: a place, a birth date, 17 digits.

    The check digit need not be right, for a mistyped one still shows whose birthday it is.
    """
    head = _IDENTITY.match(number.replace("-", "") if "-" in number else number)
    if head is None:
        return False
    try:
        born_on = date.fromisoformat(f"{head[0][6:10]}-{head[0][10:12]}-{head[0][12:14]}")
    except ValueError:
        return False
    return born_on <= today


def parse_text(cell: Cell) -> str:
    """Read a text; numbers of persons inside it are masked at once."""
    text = cell_text(cell)
    if len(text) > LONGEST_TEXT:
        raise BadValue(f"超过 {LONGEST_TEXT} 个字；请核对是不是错了列")
    return redact(text) if _MANY_DIGITS.search(text) else text


def parse_person_or_firm(cell: Cell) -> str:
    """Read an applicant's name: a person keeps the surname alone, a firm its name."""
    text = parse_text(cell)
    person = len(text) <= _LONGEST_PERSON and not _FIRM.search(text)
    return mask_name(text) if person or "·" in text else text


def parse_phone(cell: Cell) -> str:
    """Read a mobile or landline number that was given with consent."""
    digits = re.sub(r"[\s\-()+]", "", _narrow(cell_text(cell)))
    plain = digits.removeprefix("0086") if digits.startswith("0086") else digits
    plain = plain.removeprefix("86") if len(plain) == 13 else plain
    if not re.fullmatch(r"1[3-9]\d{9}|0\d{9,11}|\d{7,8}", plain):
        raise BadValue("不像电话；请填 11 位手机号，或留空")
    return plain


def parse_yes(cell: Cell) -> bool:
    """Read yes or no."""
    if isinstance(cell, bool):
        return cell
    text = fold(cell_text(cell))
    if text in sayings_of("affirmative"):
        return True
    if text in sayings_of("negative"):
        return False
    raise BadValue("请填“是”或“否”")


def parse_qualified(cell: Cell) -> bool:
    """Read whether somebody holds the qualification: yes or no, or in words (已取证, 未取证)."""
    meaning = _meaning("qualified", cell_text(cell))
    return meaning == "yes" if meaning else parse_yes(cell)


def parse_grade(cell: Cell) -> str:
    """Read the grade of a person's qualification; empty where the cell says there is none."""
    return "" if _says_none(cell) else parse_text(cell)


def parse_certificate_number(cell: Cell) -> str:
    """Read the number of a person's qualification, empty where the cell says there is none.

    An identity number in its place is refused.
    """
    if _says_none(cell):
        return ""
    number = parse_number(cell)
    if holds_identity(number):
        raise BadValue("像身份证号，不收；请填证书编号，或只在“持证”一列写“是”")
    return number


def parse_case_status(cell: Cell) -> CaseStatus:
    """Read what the platform calls a case's state; a withdrawn case is over, so completed."""
    return CaseStatus(_word("case_states", cell, "在办、已办结、挂起、待补正"))


def parse_certificate_state(cell: Cell) -> CertificateState:
    """Read what the register calls a certificate's state."""
    return CertificateState(_word("certificate_states", cell, "有效、注销、吊销、撤销、被替换"))


def parse_case_kind(cell: Cell) -> CaseKind:
    """Read whether a case is immediate (即办件) or promised (承诺件)."""
    return CaseKind(_word("case_kinds", cell, "即办件、承诺件"))


def parse_procedure(cell: Cell) -> Procedure:
    """Read a special procedure by which the clock stands still."""
    choices = "听证、招标、拍卖、检验、检测、检疫、鉴定、专家评审、现场勘验"
    return Procedure(_word("procedures", cell, choices))


def parse_cause(cell: Cell) -> Cause | None:
    """Read why a case was late; words of the platform's own are 其他, none is no cause."""
    text = parse_text(cell)
    if fold(text) in sayings_of("nothing_said"):
        return None
    return Cause(_meaning("causes", text) or Cause.OTHER)


def parse_role(cell: Cell) -> Role:
    """Read a role by any of its Chinese names."""
    return Role(_word("roles", cell, "窗口人员、窗口负责人、部门、督查、编辑、管理员"))


@functools.cache
def _none() -> frozenset[str]:
    return sayings_of("none")


def _says_none(cell: Cell) -> bool:
    return fold(cell_text(cell)) in _none()


@functools.cache
def _words(group: str) -> Mapping[str, str]:
    return words_for(group)


@functools.cache
def _permanent() -> frozenset[str]:
    return sayings_of("permanent")


@functools.cache
def _immediate() -> frozenset[str]:
    return sayings_of("immediate_days")


def _word(group: str, cell: Cell, choices: str) -> str:
    meaning = _meaning(group, cell_text(cell))
    if meaning is None:
        raise BadValue(f"不认识；请填其中一个：{choices}")
    return meaning


@functools.lru_cache(maxsize=4096)
def _meaning(group: str, text: str) -> str | None:
    return _words(group).get(fold(text))


@functools.lru_cache(maxsize=65536)
def _folded(text: str) -> str:
    return fold(text)


def _narrow(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


@functools.lru_cache(maxsize=65536)
def _date_of_text(text: str) -> date:
    written = _DATED.fullmatch(text) or _COMPACT.fullmatch(text)
    if written:
        year, month, day = (int(part) for part in written.groups()[:3])
        return _existing(year, month, day)
    if serial := _SERIAL.fullmatch(text):
        return _plausible(EXCEL_EPOCH + timedelta(days=int(serial[1])))
    if chinese := _CHINESE_DATE.fullmatch(text):
        year = int("".join(str(_CHINESE_DIGITS[mark]) for mark in chinese[1]))
        return _existing(year, _chinese_number(chinese[2]), _chinese_number(chinese[3]))
    if _SHORT_YEAR.fullmatch(text):
        raise BadValue("年份只有两位；请写全，如 2025-02-06")
    if _MONTH_ONLY.fullmatch(text):
        raise BadValue("只有年月，没有日；请写全，如 2025-02-06")
    raise BadValue("不是日期；请写成 2025-02-06")


def _existing(year: int, month: int, day: int) -> date:
    try:
        return _plausible(date(year, month, day))
    except ValueError as error:
        if isinstance(error, BadValue):
            raise
        raise BadValue(f"没有 {year} 年 {month} 月 {day} 日这一天；请核对") from error


def _plausible(day: date) -> date:
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise BadValue(f"年份 {day.year} 不可能；请核对，没有期限的写“长期”")
    return day


def _limit_of_text(text: str) -> int:
    written, chinese = _DAYS.fullmatch(text), _CHINESE_DAYS.fullmatch(text)
    if _OTHER_UNITS.match(text):
        raise BadValue("时限要按工作日填；请换算成工作日数，如 5个工作日")
    if written is None and chinese is None:
        raise BadValue("不是天数；请写成如 5个工作日")
    unit = written[2] if written else chinese[2] if chinese else ""
    if unit in ("自然日", "日历日"):
        raise BadValue("这是自然日，承诺时限按工作日算；请换算成工作日数")
    days = int(float(written[1])) if written else _chinese_number(chinese[1] if chinese else "")
    if days > LONGEST_LIMIT_DAYS:
        raise BadValue(f"{days} 天太长；请核对")
    return days


def _chinese_number(text: str) -> int:
    if "十" not in text:
        return int("".join(str(_CHINESE_DIGITS[mark]) for mark in text))
    tens, _, ones = text.partition("十")
    return (_CHINESE_DIGITS[tens] if tens else 1) * 10 + (_CHINESE_DIGITS[ones] if ones else 0)


@dataclass(frozen=True, slots=True)
class Names:
    """Districts, departments, windows, entries and certificate kinds by any of their names."""

    districts: Mapping[str, str | None]
    departments: Mapping[str, str]
    windows: Mapping[str, tuple[str, str | None]]
    entries: Mapping[str, str]
    certificate_kinds: Mapping[str, str]
    issuing_departments: Mapping[str, str]
    places: tuple[str, ...]

    def district(self, cell: Cell) -> str | None:
        """Return the canonical district, None for the city's own units; raise BadValue."""
        text = _folded(cell_text(cell))
        for name in (text, text.removeprefix("河南省"), text.removeprefix("河南省开封市")):
            if name in self.districts:
                return self.districts[name]
        raise BadValue(_unknown_district(text, self.districts))

    def department(self, text: str) -> str | None:
        """Return a department's id for any of its names, with or without a place before it.

        A branch (龙亭分局, 北城所) counts as the office it belongs to.
        """
        folded = _folded(text)
        office = _BRANCH.match(folded)
        for name in (folded, office[1]) if office else (folded,):
            known = self._department_in_a_place(name)
            if known is not None:
                return known
        return None

    def _department_in_a_place(self, name: str) -> str | None:
        while (known := self.departments.get(name)) is None:
            place = next((p for p in self.places if name.startswith(p) and name != p), None)
            if place is None:
                return None
            name = name.removeprefix(place)
        return known

    def issuing_department(self, kind_id: str) -> str | None:
        """Return the department that usually issues a kind, where the rule book names one."""
        return self.issuing_departments.get(kind_id)

    def certificate_kind(self, text: str) -> str | None:
        """Return a certificate kind's id for any of its names; None is 规则未登记.

        《》 and width do not matter, nor that 食品经营许可 lacks its 证 where no other kind fits.
        """
        return self.certificate_kinds.get(_kind_name(text))

    def window(self, text: str) -> str | None:
        """Return a window's code for its code or its name, where only one has that name."""
        known = self.windows.get(_folded(text))
        return known[0] if known else None


def names_of(base: KnowledgeBase) -> Names:
    """Collect the names of a knowledge base."""
    city = sayings_of("municipal")
    districts: dict[str, str | None] = dict.fromkeys(city)
    for district in base.districts:
        for name in (district.id, district.name, *district.names):
            districts[fold(name)] = district.name
    # Longest first, so that 开封市龙亭区 goes as a whole before 开封市 does.
    named = {*_PLACES, *(fold(c) for c in city), *(name for name in districts if len(name) > 1)}
    places = tuple(sorted(named, key=lambda name: (-len(name), name)))
    entries = {
        fold(name): entry.id
        for entry in base.entries.values()
        for name in (*entry.aliases, entry.short_name, entry.name, entry.id)
    }
    issuing = {kind.id: kind.department for kind in base.certificates.values() if kind.department}
    departments = _departments(base, city)
    return Names(districts, departments, _windows(base), entries, _kinds(base), issuing, places)


def _departments(base: KnowledgeBase, city: Iterable[str]) -> Mapping[str, str]:
    departments = {
        fold(name): department.id
        for department in base.departments.values()
        for name in (department.id, department.name, *department.names)
    }
    # An export of the city's own platform leaves the city's name out: 应急管理局.
    for name, department_id in tuple(departments.items()):
        for prefix in city:
            if name.startswith(prefix) and name != prefix:
                departments.setdefault(name.removeprefix(prefix), department_id)
    return departments


def _windows(base: KnowledgeBase) -> Mapping[str, tuple[str, str | None]]:
    by_name: dict[str, set[tuple[str, str | None]]] = {}
    for hall in base.places.values():
        for window in hall.windows:
            for name in (window.code, window.name):
                by_name.setdefault(fold(name), set()).add((window.code, hall.district))
    return {name: next(iter(found)) for name, found in by_name.items() if len(found) == 1}


def _unknown_district(text: str, districts: Mapping[str, str | None]) -> str:
    near = process.extractOne(text, list(districts), score_cutoff=60)
    canonical = dict.fromkeys(name for name in districts.values() if name)
    hint = f"，是不是{districts[near[0]] or '市直'}" if near else ""
    return f"不认识的区县{hint}；请填其中一个：{'、'.join(canonical)}、市直"


def nearest_kinds(names: Names, text: str) -> tuple[str, ...]:
    """Return the ids of the known certificate kinds nearest to an unknown one, best first.

    Compared is what tells kinds apart: to share 经营许可证 alone is to be nothing like it.
    """
    own = _stem(_kind_name(text))
    if len(own) < _SHORTEST_STEM:
        return ()
    stems: dict[str, list[str]] = {}
    for name, kind_id in names.certificate_kinds.items():
        stem = _stem(name)
        if len(stem) >= _SHORTEST_STEM and not name.isascii():
            stems.setdefault(stem, []).append(kind_id)
    found = process.extract(own, list(stems), scorer=fuzz.ratio, limit=6, score_cutoff=_LIKE)
    return tuple(dict.fromkeys(kind_id for stem, _, _ in found for kind_id in stems[stem]))[:3]


def _kinds(base: KnowledgeBase) -> Mapping[str, str]:
    kinds = {
        fold(name): kind.id
        for kind in base.certificates.values()
        for name in (*kind.names, kind.name, kind.id)
    }
    without: dict[str, set[str]] = {}
    for name, kind_id in kinds.items():
        for short in _shortened(name):
            without.setdefault(short, set()).add(kind_id)
    for short, ids in without.items():
        if len(ids) == 1 and len(short) >= _SHORTEST_KIND:
            kinds.setdefault(short, next(iter(ids)))
    return kinds


def _shortened(name: str) -> Iterator[str]:
    """Yield 食品经营许可 for 食品经营许可证, and the other way round.

    道路运输 is not 道路运输证: without its ending that is a trade, not a certificate.
    """
    short = name.removesuffix("书").removesuffix("证")
    if short.endswith(("许可", "备案", "登记", "资格")):
        yield short if short != name else f"{name}证"


def unquoted(text: str) -> str:
    """Return a name without the quotes a register may put around it."""
    return _QUOTES.sub("", text).strip()


@functools.lru_cache(maxsize=4096)
def _kind_name(text: str) -> str:
    """Fold the name of a kind of certificate; quotes around it are not part of it."""
    return fold(unquoted(unicodedata.normalize("NFKC", text)))


def _stem(name: str) -> str:
    """Return what tells a kind from the others: 食品 of 食品经营许可证."""
    return _GENERIC.sub("", name)
