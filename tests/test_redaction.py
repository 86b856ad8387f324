"""Masking of personal numbers in free text; every number here is invented."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.records.redaction import mask_introduced_names, mask_name, mask_number, redact

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def an_identity(first_17: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(first_17, _WEIGHTS, strict=True))
    return first_17 + "10X98765432"[total % 11]


def a_card(start: str) -> str:
    return next(f"{start}{n}" for n in range(10) if _passes_luhn(f"{start}{n}"))


def _passes_luhn(digits: str) -> bool:
    values = [int(digit) for digit in reversed(digits)]
    return (sum(values[::2]) + sum(sum(divmod(2 * n, 10)) for n in values[1::2])) % 10 == 0


def full_width(text: str) -> str:
    return text.translate({code: code + 0xFEE0 for code in range(33, 127)})


PLAIN = an_identity("41020319900101123")
WITH_X = an_identity("41020319900101105")
PLAIN_MASK = f"41{'*' * 13}{PLAIN[-3:]}"
X_MASK = f"41{'*' * 13}05X"


def test_the_invented_numbers_are_what_they_claim() -> None:
    assert (len(PLAIN), len(X_MASK), WITH_X[-1]) == (18, 18, "X")


@pytest.mark.parametrize(
    ("written", "mask"),
    [
        (PLAIN, PLAIN_MASK),
        (WITH_X, X_MASK),
        (WITH_X.lower(), X_MASK),
        (full_width(WITH_X), X_MASK),
        (f"{PLAIN[:6]} {PLAIN[6:14]} {PLAIN[14:]}", PLAIN_MASK),
        (f"{WITH_X[:6]}-{WITH_X[6:14]}-{WITH_X[14:17]}-X", X_MASK),
        (f"{PLAIN[:6]}－{PLAIN[6:10]}．{PLAIN[10:12]}　{PLAIN[12:]}", PLAIN_MASK),
        (".".join(PLAIN), PLAIN_MASK),
        (" ".join(WITH_X), X_MASK),
        ("\u200b".join(PLAIN), PLAIN_MASK),
        ("410203900101123", "41**********123"),
        ("410203 900101 123", "41**********123"),
    ],
)
def test_an_identity_number_keeps_two_and_three(written: str, mask: str) -> None:
    assert redact(f"我的证是{written}，办退休") == f"我的证是{mask}，办退休"


@pytest.mark.parametrize(
    "written",
    [
        "13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "138.1234.5678",
        "1381234 5678",
        "138 12345678",
        "138 - 1234 - 5678",
        full_width("13812345678"),
        full_width("138-1234-5678"),
        "1 3 8 1 2 3 4 5 6 7 8",
        "138\u00a01234\u30005678",
        "138\u200b1234\u20095678",
        "一三八一二三四五六七八",
        "幺三八一二三四五六七八",
        "一三八 一二三四 五六七八",
        "138一二三四5678",
        "١٣٨١٢٣٤٥٦٧٨",
    ],
)
def test_a_mobile_keeps_three_and_four(written: str) -> None:
    assert redact(f"星期三打{written}，谢谢") == "星期三打138****5678，谢谢"


@pytest.mark.parametrize(
    ("written", "masked"),
    [
        ("+86 138-1234-5678", "+86 138****5678"),
        ("+8613812345678", "+86138****5678"),
        ("86 13812345678", "86 138****5678"),
        ("008613812345678", "0086138****5678"),
        ("013812345678", "0138****5678"),
        ("星期三13812345678", "星期三138****5678"),
        ("2025-02-06 13812345678", "2025-02-06 138****5678"),
        ("13812345678 13912345678", "138****5678 139****5678"),
        ("13812345678/13912345678", "138****5678/139****5678"),
        ("tel13812345678abc", "tel138****5678abc"),
        ("打13812345678元旦行吗", "打138****5678元旦行吗"),
        ("*13812345678", "*138****5678"),
    ],
)
def test_a_mobile_is_found_beside_other_things(written: str, masked: str) -> None:
    assert redact(written) == masked


@pytest.mark.parametrize(
    "written", ["0378-2388888", "0378 2388 8888", "03782388888", "037823888888", "(0378)23888888",
                "（0378）2388888", full_width("0378-2388888"), "010-62388888"],
)  # fmt: skip
def test_a_landline_keeps_four(written: str) -> None:
    masked = redact(f"座机{written}")

    assert masked.endswith("****8888")
    assert "238" not in masked


@pytest.mark.parametrize(
    "start", ["622202171000123456", "622202171000123", "411111111111111", "95588017100012345"]
)
def test_a_bank_card_keeps_four(start: str) -> None:
    card = a_card(start)
    fours = " ".join(card[n : n + 4] for n in range(0, len(card), 4))

    assert redact(f"卡号{card}。") == f"卡号****{card[-4:]}。"
    assert redact(f"卡号{fours}。") == f"卡号****{card[-4:]}。"


@pytest.mark.parametrize(
    ("written", "masked"),
    [
        ("zhang.san@example.com", "z***@example.com"),
        ("邮箱13812345678@example.com。", "邮箱1***@example.com。"),
        ("a@b.example.cn和c@example.org", "a***@b.example.cn和c***@example.org"),
        ("a@b.example.cnc@example.org", "a***@b.example.cnc***@example.org"),
        ("ｚｈａｎｇ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ｚ***@ｅｘａｍｐｌｅ．ｃｏｍ"),
    ],
)
def test_an_email_keeps_its_first_letter_and_domain(written: str, masked: str) -> None:
    assert redact(written) == masked


def test_what_a_spreadsheet_pasted_together_is_masked() -> None:
    assert redact(f"张三13812345678{WITH_X}") == f"张三138****5678 {X_MASK}"
    assert redact(f"{PLAIN}13812345678") == f"{PLAIN_MASK} 138****5678"


def test_a_mistyped_identity_number_is_masked_after_the_word() -> None:
    wrong = f"{PLAIN[:-1]}{(int(PLAIN[-1]) + 1) % 10}"

    assert redact(f"身份证号是{wrong}") == f"身份证号是41{'*' * 13}{wrong[-3:]}"
    assert redact(wrong) == wrong


CASE_BEGINS = "41020220250124001"
CASE = CASE_BEGINS + ("3" if an_identity(CASE_BEGINS)[-1] != "3" else "4")


@pytest.mark.parametrize(
    "text",
    [
        "",
        CASE,
        f"办件编号{CASE}到哪了",
        "受理号13812345678",
        "办件编号：622202171000123",
        "410202250124001",
        "41020220250124000123456",
        "20250206000123",
        "914102007648215234",
        "91410200764821523X",
        "2025-01-24 5 个工作日",
        "2025-02-06 2025-02-07",
        "2025/2/6 08:30—17:00",
        "2025.02.06 14:30",
        "二〇二五年二月六日",
        "1996 1997 1998",
        "交了150 2025-02-06",
        "13000-200000元",
        "13812345678元",
        "1,380,000,000.00",
        "12.50 元，30.00元，工本费10元",
        "12345",
        "0378-12345",
        "打12345、12333或12366",
        "YKQ-20250206-A3B7K9",
        "KF20250206-0013",
        "20250206-138271",
        "国办发明电〔2025〕7号",
        "60平方米，2个人，3份复印件",
        "@所有人 a@b",
        "三八妇女节，五一，一二三四五",
        "2026 2025 2024 2023",
    ],
)
def test_what_is_no_personal_number_survives(text: str) -> None:
    assert redact(text) == text


@given(st.integers(0, 99999))
def test_a_case_number_with_a_wrong_check_digit_survives(serial: int) -> None:
    first_17 = f"410202202501{serial:05}"
    right = an_identity(first_17)[-1]

    for last in set("0123456789") - {right}:
        assert redact(first_17 + last) == first_17 + last


@given(
    st.lists(
        st.sampled_from(
            [*"0123456789 -.*（）X一三八", "13812345678", PLAIN, "2025-02-06", "0378", "a@b.cn",
             "办件编号", "身份证", "6222021710001234567", "\n", "元"]
        ),
        max_size=30,
    ).map("".join)
)  # fmt: skip
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)

    assert redact(once) == once


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    assert isinstance(redact(text), str)


@given(
    st.text(alphabet="办事材料，。abc \n", max_size=30),
    st.integers(3, 9),
    st.integers(0, 10**9 - 1),
)
def test_a_mobile_never_stays_in_a_sentence(around: str, second: int, rest: int) -> None:
    mobile = f"1{second}{rest:09}"

    assert mobile not in redact(f"{around}{mobile}{around}")


@pytest.mark.parametrize(
    "text",
    ["1" * 10_000, "1 " * 5_000, "6 " * 5_000, "1-3" * 3_333, "138 " * 2_500, "a" * 10_000,
     "a@" * 5_000, "a." * 2_500 + "@" + "a." * 2_500, "一" * 10_000, "@" * 10_000, " " * 10_000,
     "身份证" * 3_333, "(" * 10_000, "1***" * 2_500],
)  # fmt: skip
def test_ten_thousand_characters_take_linear_time(text: str) -> None:
    began = time.process_time()

    redact(text)

    assert time.process_time() - began < 2.0


@pytest.mark.parametrize(
    ("name", "masked"),
    [("张三", "张*"), ("张三丰", "张*"), (" 李四 ", "李*"), ("欧阳锋", "欧阳*"),
     ("司马相如", "司马*"), ("欧阳", "欧*"), ("张", "张*"), ("阿依古丽·买买提", "阿*"),
     ("", ""), ("张*", "张*")],
)  # fmt: skip
def test_a_name_keeps_its_surname(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [("20250206000123", "****0123"), ("豫A-0042", "****0042"), ("12345", "****2345"),
     ("0123", "****"), ("", "")],
)  # fmt: skip
def test_a_number_keeps_its_tail(number: str, masked: str) -> None:
    assert mask_number(number) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("我叫张三丰", "我叫张某"),
        ("我叫欧阳锋，等了两小时", "我叫欧阳某，等了两小时"),
        ("我是王小明，电话忘了", "我是王某，电话忘了"),
        ("本人李四。", "本人李某。"),
        ("我叫张三来办社保", "我叫张某来办社保"),
        ("我叫王有才", "我叫王某"),
        ("姓名：赵六 没人理", "姓名：赵某 没人理"),
        ("我是来办退休的", "我是来办退休的"),
        ("我是高中毕业的", "我是高中毕业的"),
        ("我是黄河路那边的", "我是黄河路那边的"),
        ("本人方便的时候再来", "本人方便的时候再来"),
        ("", ""),
    ],
)
def test_a_name_somebody_introduces_keeps_its_surname(text: str, masked: str) -> None:
    assert mask_introduced_names(text) == masked
    assert mask_introduced_names(masked) == masked
