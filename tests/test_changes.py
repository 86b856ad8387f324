"""Differences between two knowledge bases, worded for editors."""

from __future__ import annotations

from datetime import date
from typing import Any

from knowledge.changes import (
    NAMED_LISTS,
    SINGLE_FIELDS,
    TOLD_LISTS,
    WORD_LISTS,
    Change,
    changes,
    touched_entries,
)
from knowledge.model import (
    Deferrable,
    HandIn,
    Kind,
    KnowledgeBase,
    Limit,
    Material,
    Note,
    Option,
    Question,
    ServicePackage,
    SharedMaterial,
    Source,
    Unit,
)

LIB = Source(
    id="LIB", title="办证须知", place="开封市", confidence="high", checked_on=date(2026, 11, 22)
)
AGENT = Question(
    id="agent",
    ask="谁来办？",
    options=(Option(id="self", label="本人"), Option(id="other", label="代办人")),
)
CARD = Material(id="id_card", name="身份证", source="LIB", copies=1)
LETTER = Material(id="letter", name="委托书", source="LIB", when={"agent": ("other",)})
PROMISE = Limit(kind="promised", days=5, source="LIB")


def an_entry(**changed: Any) -> ServicePackage:
    """Return the library card's entry with some fields replaced."""
    entry = ServicePackage(
        id="library_card",
        name="读者证办理",
        short_name="借书证",
        kind=Kind.ITEM,
        summary="当场办好。",
        aliases=("办借书证",),
        review_on=date(2027, 5, 22),
        questions=(AGENT,),
        materials=(CARD, LETTER),
        limits=(PROMISE,),
        sources=(LIB,),
    )
    return entry.model_copy(update=changed)


def a_base(*entries: ServicePackage, **changed: Any) -> KnowledgeBase:
    """Return a knowledge base of these entries."""
    return KnowledgeBase(version="x", entries={entry.id: entry for entry in entries}, **changed)


def texts(**changed: Any) -> list[str]:
    """Return what is told when these fields of the entry change."""
    found = changes(a_base(an_entry()), a_base(an_entry(**changed)))
    assert {change.entry_id for change in found} <= {"library_card"}
    return [change.text for change in found]


def test_equal_bases_have_no_changes() -> None:
    assert changes(a_base(an_entry()), a_base(an_entry())) == ()


def test_new_and_deleted_entries_are_told() -> None:
    there, gone = a_base(an_entry()), a_base()

    assert changes(gone, there) == (Change("library_card", "新增条目“读者证办理”"),)
    assert changes(there, gone) == (Change("library_card", "删去条目“读者证办理”"),)


def test_a_new_material_is_told_with_its_situation() -> None:
    form = Material(id="form", name="申请表", source="LIB", when={"agent": ("self", "other")})

    assert texts(materials=(CARD, LETTER, form)) == ["新增材料“申请表”（谁来办？本人/代办人）"]


def test_a_deleted_material_is_told() -> None:
    assert texts(materials=(CARD,)) == ["删去材料“委托书”"]


def test_a_changed_material_is_told_field_by_field() -> None:
    changed = CARD.model_copy(update={"copies": 2, "hand_in": HandIn.COPY})

    assert texts(materials=(changed, LETTER)) == [
        "材料“身份证”的“交原件还是复印件”由“未写”改为“复印件”",
        "材料“身份证”的“复印件份数”由“1”改为“2”",
    ]


def test_a_changed_situation_is_told_in_the_questions_words() -> None:
    changed = LETTER.model_copy(update={"when": {}})

    assert texts(materials=(CARD, changed)) == [
        "材料“委托书”的“适用情形”由“谁来办？代办人”改为“所有人”"
    ]


def test_a_new_relief_is_told() -> None:
    changed = CARD.model_copy(update={"deferrable": Deferrable(source="LIB", days=5)})

    (text,) = texts(materials=(changed, LETTER))

    assert text.startswith("材料“身份证”的“可后补”由“未写”改为“")
    assert "5" in text


def test_the_order_of_materials_is_told() -> None:
    assert texts(materials=(LETTER, CARD)) == ["材料的先后次序变了"]


def test_a_changed_limit_is_told_in_days() -> None:
    shorter = PROMISE.model_copy(update={"days": 3})
    immediate = PROMISE.model_copy(update={"days": 0})
    months = PROMISE.model_copy(update={"days": 1, "unit": Unit.MONTH})

    assert texts(limits=(shorter,)) == ["承诺时限由 5 个工作日 改为 3 个工作日"]
    assert texts(limits=(immediate,)) == ["承诺时限由 5 个工作日 改为 即办"]
    assert texts(limits=(months,)) == ["承诺时限由 5 个工作日 改为 1 个月"]


def test_new_and_deleted_limits_are_told() -> None:
    statutory = Limit(kind="statutory", days=20, source="LIB")

    assert texts(limits=(statutory,)) == [
        "新增法定时限：20 个工作日",
        "删去承诺时限：5 个工作日",
    ]


def test_a_new_source_of_the_same_limit_is_told() -> None:
    assert len(texts(limits=(PROMISE.model_copy(update={"confirmed_by": "图书馆"}),))) == 1


def test_plain_fields_are_told_from_and_to() -> None:
    assert texts(name="借阅证办理", paused="系统升级") == [
        "“名称”由“读者证办理”改为“借阅证办理”",
        "“暂停原因”由“未写”改为“系统升级”",
    ]


def test_aliases_and_notes_come_and_go() -> None:
    traps = (Note(text="中午不办", source="LIB"), Note(text="周一闭馆", source="LIB"))

    assert texts(aliases=("办借书证", "借书")) == ["新增群众的说法“借书”"]
    assert texts(traps=traps) == [
        "新增容易白跑的地方“中午不办”",
        "新增容易白跑的地方“周一闭馆”",
    ]


def test_every_field_of_an_entry_is_compared() -> None:
    compared = {*SINGLE_FIELDS, *WORD_LISTS, *NAMED_LISTS, *TOLD_LISTS, "limits"}

    assert compared == set(ServicePackage.model_fields) - {"id"}


def test_changes_beside_the_entries_belong_to_none() -> None:
    old = a_base(materials={"id_card": SharedMaterial(id="id_card", name="身份证")})
    new = a_base(materials={"id_card": SharedMaterial(id="id_card", name="居民身份证")})

    assert changes(old, new) == (
        Change(None, "共用材料“身份证”的“名称”由“身份证”改为“居民身份证”"),
    )


def test_a_changed_shared_paper_touches_the_entries_that_use_it() -> None:
    using = an_entry(materials=(Material(id="a", shared="id_card", source="LIB"),))
    other = an_entry(id="other")
    papers = {"id_card": SharedMaterial(id="id_card", name="身份证")}
    renamed = {"id_card": SharedMaterial(id="id_card", name="居民身份证")}

    old, new = a_base(using, other, materials=papers), a_base(using, other, materials=renamed)

    assert touched_entries(old, new) == {"library_card"}
    assert touched_entries(old, old) == frozenset()
