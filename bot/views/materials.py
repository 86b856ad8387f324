"""How one material reads: its form, its steps, its reason, and how it may be met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from bot.views.text import Lines, end_sentence, format_days, join_phrases
from knowledge.checklist import Checklist, Group, ListedMaterial, Relief
from knowledge.model import Confidence, HandIn, is_local

REQUIRED = "必须带"
DEFERRABLE = "可后补"
DECLARABLE = "可承诺"
EXEMPT = "免提交"
ELSEWHERE = "外地要求、开封未确认，去前先问"
REFERENCE = "参考清单（开封未确认）"
CONDITIONAL = "看情况再加"
OPTIONAL = "可带可不带"

_RELIEF_WORDS = {Relief.EXEMPT: "免", Relief.DEFERRABLE: "后补", Relief.DECLARABLE: "承诺代替"}


def form_of(material: ListedMaterial) -> str:
    """Return the form of a material in brackets: 原件, 复印件 2 份, 上传."""
    match material.hand_in:
        case HandIn.UPLOAD:
            words = ["上传"]
        case HandIn.ORIGINAL:
            words = ["原件"]
        case HandIn.COPY:
            words = ["复印件"]
        case None:
            words = []
    if material.pieces and material.pieces > 1:
        words.insert(0, f"{material.pieces} 张")
    if material.copies:
        copies = f"{material.copies} 份"
        words.append(copies if material.hand_in is HandIn.COPY else f"复印件 {copies}")
    return f"【{'，'.join(words)}】" if words else ""


def title_of(material: ListedMaterial) -> str:
    """Return the material's name with its form."""
    return f"{material.name}{form_of(material)}"


def details_of(material: ListedMaterial, checklist: Checklist) -> list[str]:
    """Return what else there is to say about a material, a phrase each: first what to do."""
    return [*_instructions(material), *_background(material, checklist)]


def _instructions(material: ListedMaterial) -> list[str]:
    """Return whose it is, how to hand it in, and what is not certain about it."""
    told = [
        f"谁的：{material.holder}" if material.holder else None,
        material.note,
        _withheld(material),
        _uncertain(material),
    ]
    return [phrase.rstrip("。") for phrase in told if phrase]


def _background(material: ListedMaterial, checklist: Checklist) -> list[str]:
    """Return which steps it serves, why it is asked of this person, and who issues it."""
    because = _because(material)
    told = [
        _serves(material, checklist),
        f"因为：{because}" if because else None,
        f"为什么要：{material.reason}" if material.reason else None,
        f"没有去哪办：{material.issuer}" if material.issuer else None,
    ]
    return [phrase.rstrip("。") for phrase in told if phrase]


def _serves(material: ListedMaterial, checklist: Checklist) -> str | None:
    if not material.serves or len(checklist.items) < 2:
        return None
    return "用于：" + "、".join(item.name for item in material.serves)


def _because(material: ListedMaterial) -> str:
    """Return the answers that brought this paper, those that chose the route left out."""
    met = [b for b in material.because if b.met and not b.question.first]
    return "，且".join(join_phrases(b.phrases) for b in met)


def _withheld(material: ListedMaterial) -> str | None:
    if not material.withheld:
        return None
    if material.group is Group.ELSEWHERE:
        return None
    ways = "、".join(_RELIEF_WORDS[relief] for relief in material.withheld)
    return f"别处可{ways}，开封未确认，先带上"


def _uncertain(material: ListedMaterial) -> str | None:
    if material.confirmed_by or not is_local(material.source):
        return None
    return "来源不牢靠，以窗口答复为准" if material.confidence is Confidence.LOW else None


def condition_of(material: ListedMaterial) -> str:
    """Return the condition under which a material is needed: 如果…."""
    parts = [join_phrases(b.phrases) for b in material.because if not b.met]
    unclear = any(b.unclear for b in material.because)
    return f"如果{'，且'.join(parts)}{'（您选了不清楚，先备着）' if unclear else ''}"


def write_materials(lines: Lines, checklist: Checklist, phone: str) -> None:
    """Write the groups of materials, then what is added in some situations."""
    certain = [m for m in checklist.materials if not m.conditional and not m.optional]
    optional = [m for m in checklist.materials if not m.conditional and m.optional]
    open_ones = [m for m in checklist.materials if m.conditional]
    by_group = {group: [m for m in certain if m.group is group] for group in Group}
    if by_group[Group.REQUIRED]:
        lines.heading(REQUIRED)
        _write_group(lines, by_group[Group.REQUIRED], checklist)
    _write_deferrable(lines, by_group[Group.DEFERRABLE], checklist)
    _write_declarable(lines, by_group[Group.DECLARABLE], checklist)
    _write_exempt(lines, by_group[Group.EXEMPT], checklist)
    elsewhere = by_group[Group.ELSEWHERE]
    confirmed = any(m.group is not Group.ELSEWHERE for m in certain)
    if not confirmed:
        _write_elsewhere(lines, REFERENCE, elsewhere, checklist, phone)
    _write_conditional(lines, open_ones)
    if confirmed:
        _write_elsewhere(lines, ELSEWHERE, elsewhere, checklist, phone)
    if optional:
        lines.heading(OPTIONAL)
        lines.bullets(
            f"{title_of(m)}{_group_note(m)}{_in_brackets(_instructions(m))}" for m in optional
        )


def _write_group(lines: Lines, materials: Sequence[ListedMaterial], checklist: Checklist) -> None:
    for n, alternatives in enumerate(_alternatives(materials), start=1):
        if len(alternatives) == 1:
            lines.add(f"{n}. {title_of(alternatives[0])}")
            _add_all_details(lines, alternatives[0], checklist)
            continue
        lines.add(f"{n}. 下面 {len(alternatives)} 样，任带一样：")
        for material in alternatives:
            lines.add(f"   · {title_of(material)}")
            _add_all_details(lines, material, checklist)


def _add_details(lines: Lines, details: Sequence[str]) -> None:
    if details:
        lines.add("   " + end_sentence("；".join(details)))


def _add_all_details(lines: Lines, material: ListedMaterial, checklist: Checklist) -> None:
    _add_details(lines, _instructions(material))
    _add_details(lines, _background(material, checklist))


def _alternatives(materials: Iterable[ListedMaterial]) -> list[list[ListedMaterial]]:
    """Put the members of one any-of group together, in order of first appearance."""
    groups: dict[str, list[ListedMaterial]] = {}
    for material in materials:
        key = f"any:{material.any_of}" if material.any_of else f"one:{material.id}"
        groups.setdefault(key, []).append(material)
    return list(groups.values())


def _write_deferrable(
    lines: Lines, materials: Sequence[ListedMaterial], checklist: Checklist
) -> None:
    if not materials:
        return
    lines.heading(DEFERRABLE)
    lines.add("先受理，规定天数内补交，其余材料今天就得齐。")
    for n, material in enumerate(materials, start=1):
        deferrable = material.deferrable
        assert deferrable is not None
        assert deferrable.days is not None
        days = format_days(deferrable.days, deferrable.unit)
        late = f"；逾期：{deferrable.late}" if deferrable.late else ""
        lines.add(f"{n}. {title_of(material)}——受理后 {days}内补交{late}")
        _add_all_details(lines, material, checklist)


def _write_declarable(
    lines: Lines, materials: Sequence[ListedMaterial], checklist: Checklist
) -> None:
    if not materials:
        return
    lines.heading(DECLARABLE)
    lines.add("签承诺书代替，可不选（不想承诺就照常交材料）。")
    for n, material in enumerate(materials, start=1):
        declarable = material.declarable
        assert declarable is not None
        lines.add(f"{n}. {title_of(material)}")
        consequence = declarable.consequence or "撤销办理结果、记入信用，以承诺书所写为准"
        told = [f"承诺不实：{consequence}"]
        if declarable.excluded:
            told.append(f"不能承诺的人：{declarable.excluded}")
        _add_details(lines, told)
        _add_all_details(lines, material, checklist)


def _write_exempt(lines: Lines, materials: Sequence[ListedMaterial], checklist: Checklist) -> None:
    if not materials:
        return
    lines.heading(EXEMPT)
    lines.add("不用带，窗口调取、系统生成或亮码；调不到时照下面办。")
    for n, material in enumerate(materials, start=1):
        exempt = material.exempt
        assert exempt is not None
        after = next((s.text for s in checklist.steps if s.id == exempt.after_step), None)
        told = [exempt.how.rstrip("。"), f"调不到时：{exempt.fallback}"]
        if after:
            told.append(f"要等“{after.rstrip('。')}”办完才有")
        lines.add(f"{n}. {material.name}")
        _add_details(lines, told)


def _write_conditional(lines: Lines, materials: Sequence[ListedMaterial]) -> None:
    if not materials:
        return
    lines.heading(CONDITIONAL)
    ordered = sorted(materials, key=condition_of)
    first_seen = [condition_of(m) for m in materials]
    groups = {c: list(ms) for c, ms in groupby(ordered, key=condition_of)}
    for condition in dict.fromkeys(first_seen):
        lines.add(f"{condition}：")
        for alternatives in _alternatives(groups[condition]):
            _add_alternatives(lines, alternatives)


def _add_alternatives(lines: Lines, alternatives: Sequence[ListedMaterial]) -> None:
    if len(alternatives) > 1:
        names = "、".join(title_of(m) for m in alternatives)
        lines.add(f"· 任带一样：{names}{_group_note(alternatives[0])}")
        return
    material = alternatives[0]
    issuer = [f"没有去哪办：{material.issuer}"] if material.issuer else []
    details = [*_instructions(material), *issuer]
    lines.add(f"· {title_of(material)}{_group_note(material)}{_in_brackets(details)}")


def _in_brackets(details: Sequence[str]) -> str:
    return f"（{'；'.join(details)}）" if details else ""


def _group_note(material: ListedMaterial) -> str:
    match material.group:
        case Group.ELSEWHERE:
            return f"——{material.source.place}的要求，开封未确认，去前先问"
        case Group.EXEMPT:
            return f"——{EXEMPT}"
        case Group.DEFERRABLE:
            return f"——{DEFERRABLE}"
        case Group.DECLARABLE:
            return f"——{DECLARABLE}"
        case Group.REQUIRED:
            return ""


def _write_elsewhere(
    lines: Lines,
    heading: str,
    materials: Sequence[ListedMaterial],
    checklist: Checklist,
    phone: str,
) -> None:
    if not materials:
        return
    lines.heading(heading)
    lines.add(f"这些是别处的要求，不一定要；先打 {phone} 问清再准备。")
    for n, alternatives in enumerate(_alternatives(materials), start=1):
        names = " / ".join(title_of(m) for m in alternatives)
        lead = "任带一样：" if len(alternatives) > 1 else ""
        lines.add(f"{n}. {lead}{names}（{alternatives[0].source.place}）")
        if len(alternatives) == 1:
            _add_all_details(lines, alternatives[0], checklist)
