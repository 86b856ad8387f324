"""Folding: one form for what people see as the same text."""

import pytest

from knowledge.normalise import MAX_LENGTH, fold


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("戶籍註銷", "户籍注销"),
        ("公積金貸款", "公积金贷款"),
        ("退休，要啥？？？", "退休,要啥?"),
        ("  上户口\t\n 要啥 ", "上户口 要啥"),
        ("社保\u200b卡", "社保 卡"),
        ("\u202e退休", "退休"),
        ("", ""),
        ("！！！！！", "!"),
        ("嗯嗯嗯嗯", "嗯"),
        ("天天", "天天"),
    ],
)
def test_the_same_text_folds_to_one_form(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_folding_twice_changes_nothing() -> None:
    once = fold("護照　Ａ　！！丢了…")

    assert fold(once) == once


def test_a_very_long_text_keeps_its_beginning_and_its_end() -> None:
    text = "开头" + "中" * 10_000 + "要办退休"

    folded = fold(text)

    assert len(folded) <= MAX_LENGTH + 1
    assert folded.startswith("开头")
    assert folded.endswith("要办退休")
