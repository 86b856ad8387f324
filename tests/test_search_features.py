"""Features: what typing errors, scripts and languages leave in common."""

import pytest

from knowledge.normalise import fold
from knowledge.search import english, pinyin
from knowledge.search.features import chinese, features, without_denied


def shared(one: str, other: str) -> set[str]:
    return features(fold(one)) & features(fold(other))


def test_a_homophone_typo_keeps_the_sounds() -> None:
    assert "tui'xiu" in shared("退修手续", "退休手续")


def test_a_wrong_character_leaves_its_neighbours_joined() -> None:
    assert "结?证" in shared("领结惛证", "领结婚证")


def test_typed_pinyin_meets_the_characters() -> None:
    assert {"jie'hun", "hun'den", "den'ji"} <= shared("jiehun dengji", "结婚登记")


def test_confused_initials_and_finals_are_one() -> None:
    assert pinyin.fuzzy("sheng") == pinyin.fuzzy("sen")


@pytest.mark.parametrize(
    ("letters", "syllables"),
    [("fangan", ("fan", "gan")), ("tuixiu", ("tui", "xiu")), ("nvhai", ("nv", "hai"))],
)
def test_pinyin_is_split_as_it_is_meant(letters: str, syllables: tuple[str, ...]) -> None:
    assert pinyin.segment(letters) == syllables


def test_what_is_no_pinyin_is_not_split() -> None:
    assert pinyin.segment("hjkl") is None


def test_english_terms_become_chinese() -> None:
    assert "提取" in chinese(fold("how to withdraw my housing fund"))
    assert "公积金" in chinese(fold("how to withdraw my housing fund"))


def test_english_and_pinyin_are_told_apart() -> None:
    assert english.looks_english(["documents", "for", "marriage"])
    assert not english.looks_english(["jiehun", "dengji"])


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("不是便利店,是饭店", "是饭店"),
        ("不想注销,就是改经营范围", "就是改经营范围"),
        ("我要提取,不是贷款", "我要提取"),
        ("不想干公司了,咋注销", "不想干公司了,咋注销"),
        ("公司不干了,要啥", "公司不干了,要啥"),
    ],
)
def test_what_is_denied_is_left_out(said: str, meant: str) -> None:
    assert without_denied(said) == meant
