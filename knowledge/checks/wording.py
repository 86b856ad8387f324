"""Rules on words: names that clash, texts too long for a button, catch-alls, personal data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from knowledge.checks.inventory import Inventory, texts
from knowledge.model import KnowledgeBase, Material, Note, Question
from knowledge.normalise import fold
from knowledge.positions import KeyPath, Report, entry_file

MAX_LABEL = 14
MAX_SHORT_NAME = 10
MIN_ALIASES, MAX_ALIASES = 8, 20

# 河南省优化营商环境条例第二十八条: a guide names every paper and has no catch-all.
CATCH_ALL = re.compile(
    r"其[他它](?:有关|相关|所需|必要|必需|证明|申请|佐证)*材料"
    r"|(?:有关|相关)(?:证明|申请|佐证|的)*材料"
    r"|等(?<![中高初同]等)(?:有关|相关|证明|申请|佐证)*材料"
)
IDENTITY_NUMBER = re.compile(
    r"[1-9](?<!\d.)\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dA-Za-z])"
)
MOBILE_NUMBER = re.compile(r"1(?<![\d-].)[3-9]\d(?:[ -]?\d{4}){2}(?!\d)")
NO_WORD = re.compile(r"[\W_]+")
NUMBER_FIELDS = frozenset({"phone", "hotlines"})
UNREAD_FIELDS = frozenset({"url"})


@dataclass(frozen=True, slots=True)
class _Saying:
    """A text by which something is found, and where it stands."""

    text: str
    file: str
    path: KeyPath
    owner: str


def check_wording(inventory: Inventory, report: Report) -> None:
    """Report what is wrong with an entry's own texts."""
    # Looking once at the whole entry is many times faster than looking at each of its texts.
    whole = inventory.entry.model_dump_json()
    _check_lengths(inventory, report)
    if CATCH_ALL.search(whole):
        _check_catch_alls(inventory, report)
    if IDENTITY_NUMBER.search(whole) or MOBILE_NUMBER.search(whole):
        _check_personal_data(inventory.file, texts(inventory.entry), report)


def _check_lengths(inventory: Inventory, report: Report) -> None:
    entry = inventory.entry
    if width(entry.short_name) > MAX_SHORT_NAME:
        text = f"短名超过 {MAX_SHORT_NAME} 个字，按钮放不下：请缩短"
        report.error(inventory.file, ("short_name",), text)
    if not MIN_ALIASES <= len(entry.aliases) <= MAX_ALIASES:
        text = (
            f"群众的说法有 {len(entry.aliases)} 条，应有 {MIN_ALIASES} 到 {MAX_ALIASES} 条：请增减"
        )
        report.warning(inventory.file, ("aliases",), text)
    for question in entry.questions:
        for option in question.options:
            if width(option.label) > MAX_LABEL:
                path = ("questions", question.id, "options", option.id, "label")
                text = f"按钮文字“{option.label}”超过 {MAX_LABEL} 个字：请缩短，细处写进 phrase"
                report.error(inventory.file, path, text)


def width(text: str) -> int:
    """Count characters as a button shows them, two half-width ones as one."""
    halves = sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)
    return (halves + 1) // 2


def _check_catch_alls(inventory: Inventory, report: Report) -> None:
    for path, piece in inventory.pieces:
        is_condition = path[0] in ("conditions", "not_supported") and isinstance(piece, Note)
        if isinstance(piece, Material) or is_condition:
            _report_catch_alls(inventory.file, texts(piece, path), report)
        elif isinstance(piece, Question):
            own = (((*path, "conditions", n), text) for n, text in enumerate(piece.conditions))
            _report_catch_alls(inventory.file, own, report)


def _report_catch_alls(file: str, found: Iterable[tuple[KeyPath, str]], report: Report) -> None:
    for path, text in found:
        catch_all = CATCH_ALL.search(text)
        if catch_all is not None:
            report.error(
                file,
                path,
                f"“{catch_all[0]}”是兜底话：请写明是哪一份，不知道就删掉"
                "（河南省优化营商环境条例第二十八条）",
            )


def _check_personal_data(file: str, found: Iterable[tuple[KeyPath, str]], report: Report) -> None:
    for path, text in found:
        fields = {part for part in path if isinstance(part, str)}
        if fields & UNREAD_FIELDS:
            continue
        if IDENTITY_NUMBER.search(text):
            report.error(file, path, "像是身份证号：知识库里不能有个人信息，请删掉")
        elif MOBILE_NUMBER.search(text):
            if fields & NUMBER_FIELDS:
                report.warning(
                    file, path, "像是手机号：请换成单位的座机，确是公开的值班电话可以不改"
                )
            else:
                report.error(file, path, "像是手机号：知识库里不能有个人信息，请删掉")


def check_shared_wording(base: KnowledgeBase, report: Report) -> None:
    """Report what is wrong with the texts beside the entries."""
    for material in base.materials.values():
        _report_catch_alls("materials.yaml", texts(material, (material.id,)), report)
        _check_personal_data("materials.yaml", texts(material, (material.id,)), report)
    for place in base.places.values():
        _check_personal_data("places.yaml", texts(place, ("places", place.id)), report)
    for notice in base.notices:
        _check_personal_data("notices.yaml", texts(notice, (notice.id,)), report)
    for signpost in base.signposts.values():
        _check_personal_data("signposts.yaml", texts(signpost, (signpost.id,)), report)


def check_names(base: KnowledgeBase, report: Report) -> None:
    """Report texts by which two entries, or an entry and something else, would be found."""
    first: dict[str, _Saying] = {}
    for saying in _names(base):
        key = key_of(saying.text)
        before = first.setdefault(key, saying)
        if before is saying:
            continue
        place = report.place(before.file, before.path)
        if before.owner != saying.owner:
            text = f"“{saying.text}”在别处也用了（{place}）：同一句话只能指一件事，请留一处"
            report.error(saying.file, saying.path, text)
        elif before.path[0] == saying.path[0]:
            text = f"“{saying.text}”写了两次（上一次在 {place}）：请删掉一处"
            report.error(saying.file, saying.path, text)
    _check_golden(base, first, report)
    _check_other_doors(base, first, report)


def key_of(text: str) -> str:
    """Fold a text so that width, case, traditional forms and punctuation do not count."""
    return NO_WORD.sub("", fold(text))


def _names(base: KnowledgeBase) -> Iterator[_Saying]:
    for entry in base.entries.values():
        file = entry_file(entry.id)
        yield _Saying(entry.name, file, ("name",), entry.id)
        yield _Saying(entry.short_name, file, ("short_name",), entry.id)
        for number, alias in enumerate(entry.aliases):
            yield _Saying(alias, file, ("aliases", number), entry.id)


def _check_golden(base: KnowledgeBase, first: dict[str, _Saying], report: Report) -> None:
    for entry in base.entries.values():
        for number, golden in enumerate(entry.golden):
            known = first.get(key_of(golden))
            if known is None:
                continue
            path = ("golden", number)
            place = report.place(known.file, known.path)
            if known.owner == entry.id:
                text = f"考题“{golden}”和自己的说法一样（{place}），考不出什么：请换一种问法"
            else:
                text = f"考题“{golden}”是别的条目的说法（{place}）：请改一处"
            report.error(entry_file(entry.id), path, text)


def _check_other_doors(base: KnowledgeBase, first: dict[str, _Saying], report: Report) -> None:
    """Report phrases of signposts, sayings and out-of-scope lists that an entry owns."""
    others = [
        _Saying(
            phrase, "signposts.yaml", (signpost.id, "phrases", number), f"signpost {signpost.id}"
        )
        for signpost in base.signposts.values()
        for number, phrase in enumerate(signpost.phrases)
    ]
    others += [
        _Saying(phrase, "sayings.yaml", (entry_id, number), entry_id)
        for entry_id, phrases in base.sayings.items()
        for number, phrase in enumerate(phrases)
    ]
    others += [
        _Saying(phrase, "out_of_scope.yaml", (), "out of scope") for phrase in base.out_of_scope
    ]
    seen = dict(first)
    for saying in others:
        before = seen.setdefault(key_of(saying.text), saying)
        if before.owner != saying.owner:
            place = report.place(before.file, before.path)
            text = f"“{saying.text}”在别处指的是另一件事（{place}）：请留一处"
            report.warning(saying.file, saying.path, text)
