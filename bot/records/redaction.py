"""Mask personal numbers in free text before anything sees or stores it (`domain.md` section 10).

Masks identity cards, mobiles, landlines, bank cards and e-mail addresses; leaves case numbers,
dates, amounts and service numbers such as 12345 as they are. Names and addresses in free text
are not recognised; `mask_name` and `mask_number` are for fields known to hold one.

A text is cut into groups of digits; neighbouring groups with a space, dash, dot or bracket
between them form a run, and every piece of at most 19 digits that begins and ends with a group
is looked at once. That keeps the work linear in the length of the text.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from itertools import accumulate, pairwise

_CHINESE_DIGITS = {
    **dict(zip("零一二三四五六七八九", "0123456789", strict=True)),
    **dict(zip("壹贰叁肆伍陆柒捌玖", "123456789", strict=True)),
    "〇": "0",
    "○": "0",
    "幺": "1",
}
# \d takes full-width digits too. Chinese and Arabic digits are groups of their own, so that
# 星期三138… does not hide the number.
_GROUP = re.compile(rf"\d+|[{''.join(_CHINESE_DIGITS)}]+")
_DASHES = "-‐‑‒–—―−－﹣ー_"
_DOTS = ".．·•・。"
# Brackets for (0378)…, invisible characters because pasted text is full of them.
_BLANKS = (
    " \t\u00a0\u2002\u2003\u2009\u3000()（）\u00ad\u200b\u200c\u200d\u200e\u200f"
    "\u202a\u202b\u202c\u202d\u202e\u202f\u2060\u2066\u2067\u2068\u2069\ufeff"
)
_GAP_MARKS = frozenset(_DASHES + _DOTS + _BLANKS)
_LONGEST_GAP = 3

_SHORTEST_NUMBER = 11
_LONGEST_NUMBER = 19
_LONGEST_PASTED = 36
_LENGTHS_BEFORE_X = frozenset({17, 28, 35})
_LONGEST_KEPT = 7

_CHECK_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"
_CHECK_X = re.compile(rf"[{re.escape(_BLANKS + _DASHES + _DOTS)}]{{0,3}}[xXｘＸ×]")
_PROVINCES = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
# Nobody born before 1930 needs the old form, and 410202250124001 (region, year 25…) is a case.
_EARLIEST_OLD_YEAR = 30

_MOBILE = re.compile(r"(|0|86|0086)(1[3-9]\d{9})")
_LANDLINE = re.compile(r"0(?:10|2\d|[3-9]\d{2})[2-8]\d{6,7}")
_USUAL_MOBILE_GROUPS = frozenset({(3, 4, 4), (3, 8), (7, 4), (4, 3, 4), (3, 3, 5)})
# By issuer's prefix and length, so that Luhn's one in ten does not eat case numbers:
# 银联 62 and 81, 6xxx, Visa, Mastercard, JCB and Amex, the old 955xx of the large banks.
_CARD = re.compile(
    r"6\d{12,18}|81\d{14,17}|4(?:\d{12}|\d{15}|\d{18})|5[0-8]\d{14}|3[4-8]\d{12,14}|955\d{13,16}"
)
_HENAN_CASE = re.compile(r"41\d{4}20\d{2}")

_AFTER_CASE_WORD = re.compile(
    r"(?:编号|单号|办件号|申办号|申请号|受理号|流水号|回执号|案号|文号|信用代码)[是为]?[\s:：#]{0,3}$"
)
_AFTER_IDENTITY_WORD = re.compile(r"(?:身份证|身份号|证件号|公民身份)\D{0,8}$")
_BEFORE_AMOUNT = re.compile(r"\s?(?:元(?!旦)|万|亿|块)")
_WORD_REACH = 16

# What any reader below could take: mobile, landline, card, identity card, several together.
_PROMISING = re.compile(
    r"(?:|0|86|0086)1[3-9]\d{9}|0[1-9]\d{9,10}|[3-9]\d{12,18}|[1-8]\d{14,17}|\d{22,36}"
)

_EMAIL_LOCAL = re.compile(r"[A-Za-z0-9._%+\-Ａ-Ｚａ-ｚ０-９．＿－＋]")
_EMAIL_DOMAIN = re.compile(
    r"(?:[A-Za-z0-9Ａ-Ｚａ-ｚ０-９\-－]{1,63}[.．]){1,8}[A-Za-zＡ-Ｚａ-ｚ]{2,24}(?![@＠])"
)
_LONGEST_LOCAL = 64

_COMPOUND_SURNAME = re.compile(
    "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|司空|夏侯|端木|百里|南宫|独孤|长孙|宇文|"
    "轩辕|澹台|公冶|宗政|濮阳|淳于|单于|太叔|申屠|仲孙|钟离|鲜于|闾丘|亓官|呼延|赫连|完颜|万俟|闻人|"
    "拓跋|第五|南门|西门|东郭|左丘|梁丘|公羊|谷梁|颛孙|巫马|漆雕|乐正"
)

# 百家姓's usual ones; rare surnames that are everyday words (来, 有, 那, 和, 是) are left out.
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡"
    "贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段"
    "雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢"
    "路岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍"
    "翁隋甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边"
)
_NAME = (
    r"(?!方便|文化|任何|高兴|安排|明白|平时|强烈|严重|单位|单身|成年|万分|段时|常年|卫生|管理|强调)"
    rf"(?P<surname>{_COMPOUND_SURNAME.pattern}|[{_SURNAMES}])"
    # What a person goes on with is no second character of a given name.
    r"[\u4e00-\u9fff](?:(?![来去在是到要想办等被给跟说打找])[\u4e00-\u9fff])?"
)
_NAME_END = r"(?=$|[\s，。,.!！?？、；;：:（）()]|我|的(?:电话|手机|身份证))"
# After 我叫 a name always follows; after 我是 only where the name ends what is said.
_INTRODUCED = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<by>我叫|名叫|名字叫|名字是|姓名[是为]?[:：]?\s?){_NAME}",
        rf"(?P<by>我是|本人|我姓名){_NAME}{_NAME_END}",
    )
)


class _Rank(IntEnum):
    """Order the findings: where two overlap, the surer one stands."""

    IDENTITY = 0
    PASTED_TOGETHER = 1
    WHOLE_MOBILE = 2
    SPLIT_MOBILE = 3
    LANDLINE = 4
    BANK_CARD = 5
    DOUBTFUL_IDENTITY = 6


@dataclass(frozen=True, slots=True)
class _Group:
    start: int
    end: int
    digits: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """Consecutive groups of one run, read as one number."""

    text: str
    groups: Sequence[_Group]
    digits: str
    end: int

    @property
    def start(self) -> int:
        return self.groups[0].start

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(group.digits for group in self.groups)

    @property
    def gaps(self) -> tuple[str, ...]:
        return tuple(self.text[left.end : right.start] for left, right in pairwise(self.groups))

    @property
    def before(self) -> str:
        return self.text[max(0, self.start - _WORD_REACH) : self.start]

    @property
    def after(self) -> str:
        return self.text[self.end : self.end + _WORD_REACH]


@dataclass(frozen=True, slots=True)
class _Finding:
    rank: _Rank
    start: int
    end: int
    mask: str


def redact(text: str) -> str:
    """Mask every personal number in the text; masking twice changes nothing more."""
    return _mask_numbers(_mask_emails(text))


def mask_name(name: str) -> str:
    """Keep the surname alone, for lists: 张三 becomes 张*, 欧阳锋 becomes 欧阳*."""
    plain = name.strip()
    if len(plain) > 2 and _COMPOUND_SURNAME.match(plain):
        return f"{plain[:2]}*"
    return f"{plain[:1]}*" if plain else ""


def mask_introduced_names(text: str) -> str:
    """Keep the surname of whoever says who they are, for those who may not know: 我叫张某.

    Only names that the words before them announce; other names in free text are not recognised.
    """
    for pattern in _INTRODUCED:
        text = pattern.sub(lambda found: f"{found['by']}{found['surname']}某", text)
    return text


def mask_number(number: str) -> str:
    """Keep the last four characters of a case or certificate number, of a short one none."""
    plain = number.strip()
    return f"****{plain[-4:]}" if len(plain) > 4 else "*" * len(plain)


def _mask_emails(text: str) -> str:
    """Keep an address's first letter and its domain."""
    kept: list[str] = []
    done = 0
    for sign in re.finditer("[@＠]", text):
        domain = _EMAIL_DOMAIN.match(text, sign.end())
        start = _local_part_start(text, sign.start(), done)
        if domain is not None and start < sign.start():
            kept += [text[done:start], text[start], "***@", domain.group()]
            done = domain.end()
    return "".join([*kept, text[done:]])


def _local_part_start(text: str, sign: int, done: int) -> int:
    start = sign
    earliest = max(done, sign - _LONGEST_LOCAL)
    while start > earliest and _EMAIL_LOCAL.match(text[start - 1]):
        start -= 1
    return start


def _mask_numbers(text: str) -> str:
    findings = [
        finding
        for run in _runs(text)
        for piece in _pieces(text, run)
        if (finding := _recognise(piece)) is not None
    ]
    findings.sort(key=lambda finding: (finding.rank, finding.start, -finding.end))
    return _apply(text, findings)


def _apply(text: str, findings: Sequence[_Finding]) -> str:
    taken = bytearray(len(text))
    chosen: list[_Finding] = []
    for finding in findings:
        if taken.find(1, finding.start, finding.end) == -1:
            taken[finding.start : finding.end] = b"\x01" * (finding.end - finding.start)
            chosen.append(finding)
    kept: list[str] = []
    done = 0
    for finding in sorted(chosen, key=lambda finding: finding.start):
        kept += [text[done : finding.start], finding.mask]
        done = finding.end
    return "".join([*kept, text[done:]])


def _runs(text: str) -> Iterator[list[_Group]]:
    run: list[_Group] = []
    for match in _GROUP.finditer(text):
        group = _Group(match.start(), match.end(), _to_ascii(match.group()))
        if run and not _is_gap(text, run[-1].end, group.start):
            yield run
            run = []
        if not _is_left_by_a_mask(text, group):
            run.append(group)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _to_ascii(digits: str) -> str:
    if digits.isascii():
        return digits
    return "".join(_CHINESE_DIGITS.get(digit) or str(int(digit)) for digit in digits)


def _is_gap(text: str, start: int, end: int) -> bool:
    return end - start <= _LONGEST_GAP and all(mark in _GAP_MARKS for mark in text[start:end])


def _is_left_by_a_mask(text: str, group: _Group) -> bool:
    """Tell whether the digits are what 138****5678 kept, not to be joined with others again."""
    beside_stars = text.startswith("***", group.end) or text.endswith("***", 0, group.start)
    return beside_stars and len(group.digits) <= _LONGEST_KEPT


def _pieces(text: str, run: Sequence[_Group]) -> Iterator[_Piece]:
    digits = "".join(group.digits for group in run)
    ends = tuple(accumulate(len(group.digits) for group in run))
    for first, start in enumerate((0, *ends[:-1])):
        for last in range(first, len(run)):
            length = ends[last] - start
            if length > _LONGEST_NUMBER and (last > first or length > _LONGEST_PASTED):
                break
            if length >= _SHORTEST_NUMBER and _PROMISING.fullmatch(digits, start, ends[last]):
                yield from _read_pieces(text, run[first : last + 1], digits[start : ends[last]])


def _read_pieces(text: str, groups: Sequence[_Group], digits: str) -> Iterator[_Piece]:
    """Read the groups as one number, and once more with the X that may follow them."""
    end = groups[-1].end
    yield _Piece(text, groups, digits, end)
    if len(digits) in _LENGTHS_BEFORE_X and (check := _CHECK_X.match(text, end)):
        yield _Piece(text, groups, f"{digits}X", check.end())


def _recognise(piece: _Piece) -> _Finding | None:
    for rank, read in _READERS:
        mask = read(piece)
        if mask is not None:
            return _Finding(rank, piece.start, piece.end, mask)
    return None


def _read_identity(piece: _Piece) -> str | None:
    if _is_identity(piece.digits):
        return _mask_identity(piece.digits)
    sizes = tuple(map(len, piece.parts))
    if sizes in {(15,), (6, 6, 3)} and _is_old_identity(piece.digits) and not _is_a_case(piece):
        return _mask_identity(piece.digits)
    return None


def _is_identity(digits: str) -> bool:
    """Check an 18-character number by GB 11643: province, date of birth, check character."""
    if len(digits) != 18 or not _PROVINCES.match(digits) or digits[6:8] not in {"19", "20"}:
        return False
    if not _is_date(int(digits[6:10]), digits[10:12], digits[12:14]):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits, _CHECK_WEIGHTS, strict=False))
    return _CHECK_CHARACTERS[total % 11] == digits[17]


def _is_old_identity(digits: str) -> bool:
    return (
        _PROVINCES.match(digits) is not None
        and digits[-1] != "X"
        and int(digits[6:8]) >= _EARLIEST_OLD_YEAR
        and _is_date(1900 + int(digits[6:8]), digits[8:10], digits[10:12])
    )


def _is_date(year: int, month: str, day: str) -> bool:
    try:
        date(year, int(month), int(day))
    except ValueError:
        return False
    return True


def _mask_identity(digits: str) -> str:
    return f"{digits[:2]}{'*' * (len(digits) - 5)}{digits[-3:]}"


def _is_a_case(piece: _Piece) -> bool:
    return _AFTER_CASE_WORD.search(piece.before) is not None


def _read_pasted(piece: _Piece) -> str | None:
    """Part a mobile and an identity number that a spreadsheet left without a space between."""
    if len(piece.parts) > 1:
        return None
    for cut in (11, 18):
        masks = [_mask_person_number(piece.digits[:cut]), _mask_person_number(piece.digits[cut:])]
        if None not in masks:
            return " ".join(filter(None, masks))
    return None


def _mask_person_number(digits: str) -> str | None:
    if _is_identity(digits):
        return _mask_identity(digits)
    mobile = _MOBILE.fullmatch(digits)
    return _mask_mobile(mobile) if mobile and not mobile[1] else None


def _mask_mobile(mobile: re.Match[str]) -> str:
    prefix, number = mobile.groups()
    return f"{prefix}{number[:3]}****{number[-4:]}"


def _read_whole_mobile(piece: _Piece) -> str | None:
    mobile = _MOBILE.fullmatch(piece.digits)
    if len(piece.parts) > 1 or mobile is None or _is_a_case(piece) or _is_an_amount(piece):
        return None
    return _mask_mobile(mobile)


def _is_an_amount(piece: _Piece) -> bool:
    return _BEFORE_AMOUNT.match(piece.after) is not None


def _read_split_mobile(piece: _Piece) -> str | None:
    mobile = _MOBILE.fullmatch(piece.digits)
    if mobile is None or _is_a_case(piece) or _is_an_amount(piece) or _holds_a_date(piece.parts):
        return None
    first = len(piece.parts[0]) - len(mobile[1])
    sizes = (first, *map(len, piece.parts[1:]))
    return _mask_mobile(mobile) if first > 0 and _reads_as_one(sizes, piece.gaps) else None


def _reads_as_one(sizes: tuple[int, ...], gaps: tuple[str, ...]) -> bool:
    """Tell 138-1234-5678 and 1 3 8 1 2… from a price range (13000-200000) or a row of figures."""
    if sizes in _USUAL_MOBILE_GROUPS or set(sizes) == {1}:
        return True
    marks = set("".join(gaps))
    if marks & set(_DOTS) or (len(sizes) == 2 and marks & set(_DASHES)):
        return False
    return len({gap.strip() for gap in gaps}) == 1


def _holds_a_date(parts: Sequence[str]) -> bool:
    return any(
        len(year) == 4
        and year[:2] in {"19", "20"}
        and len(month) <= 2
        and len(day) <= 2
        and _is_date(int(year), month, day)
        for year, month, day in zip(parts, parts[1:], parts[2:], strict=False)
    )


def _read_landline(piece: _Piece) -> str | None:
    if _LANDLINE.fullmatch(piece.digits) is None or _is_a_case(piece):
        return None
    if len(piece.parts) == 1 or (len(piece.parts) <= 3 and len(piece.parts[0]) in {3, 4}):
        return mask_number(piece.digits)
    return None


def _read_bank_card(piece: _Piece) -> str | None:
    digits = piece.digits
    if (
        _CARD.fullmatch(digits) is None
        or not _passes_luhn(digits)
        or not _is_written_as_card(piece)
    ):
        return None
    return None if _HENAN_CASE.match(digits) or _is_a_case(piece) else mask_number(digits)


def _passes_luhn(digits: str) -> bool:
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(map(int, digits[-1::-2]))) % 10 == 0


def _is_written_as_card(piece: _Piece) -> bool:
    *sizes, last = map(len, piece.parts)
    return not sizes or (set(sizes) in ({1}, {4}) and last <= 4) or [*sizes, last] == [6, 13]


def _read_doubtful_identity(piece: _Piece) -> str | None:
    """Mask what follows the words 身份证, however mistyped it is."""
    if 15 <= len(piece.digits) <= 18 and _AFTER_IDENTITY_WORD.search(piece.before):
        return _mask_identity(piece.digits)
    return None


_READERS: tuple[tuple[_Rank, Callable[[_Piece], str | None]], ...] = (
    (_Rank.IDENTITY, _read_identity),
    (_Rank.PASTED_TOGETHER, _read_pasted),
    (_Rank.WHOLE_MOBILE, _read_whole_mobile),
    (_Rank.SPLIT_MOBILE, _read_split_mobile),
    (_Rank.LANDLINE, _read_landline),
    (_Rank.BANK_CARD, _read_bank_card),
    (_Rank.DOUBTFUL_IDENTITY, _read_doubtful_identity),
)
