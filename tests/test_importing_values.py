"""One cell at a time: every form of a date, limits, numbers, places, states, personal data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest

from bot.desk import Knowledge
from bot.importing.values import (
    PERMANENT,
    BadValue,
    Names,
    holds_identity,
    names_of,
    nearest_kinds,
    parse_case_number,
    parse_case_status,
    parse_certificate_state,
    parse_date,
    parse_limit_days,
    parse_number,
    parse_person_or_firm,
    parse_phone,
    parse_role,
    parse_text,
    parse_valid_to,
    parse_yes,
    resembles_identity,
)
from reminders.cases import CaseStatus
from reminders.certificates import CertificateState
from reminders.recipients import Role
from tests.test_redaction import an_identity

SIXTH = date(2025, 2, 6)


@pytest.fixture(scope="module")
def names(knowledge: Knowledge) -> Names:
    return names_of(knowledge.base)


def refused(read: Callable[..., object], cell: object) -> str:
    with pytest.raises(BadValue) as bad:
        read(cell)
    return bad.value.problem


@pytest.mark.parametrize(
    "cell",
    [
        "2025-02-06",
        "2025/2/6",
        "2025.2.6",
        "20250206",
        "20250206093000",
        "2025年2月6日",
        "2025 年 02 月 06 日",
        "2025年2月6日 9时30分",
        "2025-02-06 09:30:00",
        "2025-02-06T09:30:00.123+08:00",
        "2025/2/6 下午 3:05",
        "2025-02-06 星期四",
        "２０２５年２月６日",
        "２０２５/２/６",
        "二〇二五年二月六日",
        " 2025-02-06\u3000",
        "45694",
        "45694.396",
        45694,
        45694.396,
        20250206,
        SIXTH,
        datetime(2025, 2, 6, 23, 59),  # noqa: DTZ001 - as a sheet gives it
    ],
)
def test_a_day_is_read_in_every_form(cell: str) -> None:
    assert parse_date(cell) == SIXTH


def test_chinese_tens_are_read() -> None:
    assert parse_date("二〇二五年十二月三十一日") == date(2025, 12, 31)


@pytest.mark.parametrize(
    ("cell", "hint"),
    [
        ("2025/2/30", "没有 2025 年 2 月 30 日"),
        ("2025-13-01", "没有"),
        ("2025-02-29", "没有"),
        ("25-2-6", "两位"),
        ("2025-02", "只有年月"),
        ("0225-02-06", "年份"),
        ("明天", "不是日期"),
        ("12", "不是日期"),
        (True, "不是日期"),
        (7, "不是日期"),
    ],
)
def test_what_is_no_day_is_refused_with_what_to_do(cell: object, hint: str) -> None:
    assert hint in refused(parse_date, cell)


def test_the_29th_of_february_of_a_leap_year_is_a_day() -> None:
    assert parse_date("2028-02-29") == date(2028, 2, 29)


@pytest.mark.parametrize("cell", ["长期", "长期有效", "永久", "9999-12-31", "2020-06-30至长期"])
def test_a_validity_without_end_is_permanent(cell: str) -> None:
    assert parse_valid_to(cell) is PERMANENT


def test_a_period_ends_on_its_last_day() -> None:
    assert parse_valid_to("2020年6月30日至2025年6月29日") == date(2025, 6, 29)
    assert parse_valid_to("2020-06-30 ~ 2025-06-29") == date(2025, 6, 29)


def test_a_year_beyond_reason_is_refused() -> None:
    assert "年份" in refused(parse_valid_to, "2999-01-01")


@pytest.mark.parametrize(
    ("cell", "days"),
    [
        ("5", 5),
        (5, 5),
        (5.0, 5),
        ("5天", 5),
        ("5日", 5),
        ("5个工作日", 5),
        ("５ 个 工作日", 5),
        ("承诺5个工作日内", 5),
        ("十五个工作日", 15),
        ("二十个工作日", 20),
        ("即办", 0),
        ("当场办结", 0),
        ("0", 0),
    ],
)
def test_a_limit_is_read_with_its_unit(cell: object, days: int) -> None:
    assert parse_limit_days(cell) == days  # type: ignore[arg-type] # a cell, whatever it holds


@pytest.mark.parametrize("cell", ["1个月", "30个自然日", "3-5天", "尽快", "-1", 9999, "2.5天"])
def test_what_is_no_limit_in_working_days_is_refused(cell: object) -> None:
    assert refused(parse_limit_days, cell)


def test_a_number_keeps_its_zeros_and_loses_its_wrapping() -> None:
    assert parse_number('="00123"') == "00123"
    assert parse_number("\t００１２３ ") == "00123"
    assert parse_number(123.0) == "123"


@pytest.mark.parametrize("cell", ["4.1E+17", 4.10203e17, 410203202500000123, SIXTH, "—", True])
def test_a_number_that_excel_spoilt_is_refused(cell: object) -> None:
    assert refused(parse_number, cell)


def test_an_identity_number_is_no_case_number() -> None:
    assert "身份证" in refused(parse_case_number, an_identity("41020319900101123"))


def test_a_disabled_persons_number_is_seen_to_hold_an_identity() -> None:
    assert holds_identity(an_identity("41020319900101123") + "42")
    assert not holds_identity("410202202501240001")


@pytest.mark.parametrize(
    ("number", "resembles"),
    [
        (an_identity("41020319900101123"), True),
        (an_identity("41020319900101123") + "42", True),
        ("410203199001011230", True),
        ("410203199001011231", True),
        ("410203-19900101-123x", True),
        ("410203199002301231", False),
        ("410203202512311231", False),
        ("410203199013011231", False),
        ("41020319900101123", False),
        ("JY14102030001234567", False),
    ],
)
def test_a_number_resembles_an_identity_whatever_its_check_digit(
    number: str, *, resembles: bool
) -> None:
    assert resembles_identity(number, SIXTH) is resembles


def test_a_person_keeps_the_surname_and_a_firm_its_name() -> None:
    assert parse_person_or_firm("王小明") == "王*"
    assert parse_person_or_firm("欧阳小明") == "欧阳*"
    assert parse_person_or_firm("古丽·某某某") == "古*"
    assert parse_person_or_firm("开封市某某商贸有限公司") == "开封市某某商贸有限公司"
    assert parse_person_or_firm("老李饭店") == "老李饭店"


def test_a_phone_inside_a_text_is_masked() -> None:
    assert parse_text("补办 13812345678 速办") == "补办 138****5678 速办"


def test_a_phone_given_with_consent_is_read() -> None:
    assert parse_phone("+86 138-1234-5678") == "13812345678"
    assert "电话" in refused(parse_phone, "12345678901234")


@pytest.mark.parametrize(
    ("cell", "status"),
    [
        ("在办", CaseStatus.OPEN),
        ("审核中", CaseStatus.OPEN),
        ("已办结", CaseStatus.COMPLETED),
        ("办结（准予）", CaseStatus.COMPLETED),
        ("特别程序", CaseStatus.SUSPENDED),
        ("待补正", CaseStatus.AWAITING_PAPERS),
        ("已撤回", CaseStatus.COMPLETED),
    ],
)
def test_states_of_cases_are_understood(cell: str, status: CaseStatus) -> None:
    assert parse_case_status(cell) is status


def test_an_unknown_state_is_refused_with_the_choices() -> None:
    assert "待补正" in refused(parse_case_status, "飞走了")


def test_states_of_certificates_are_understood() -> None:
    words = ("有效", "已注销", "吊销", "撤销", "被替换")
    assert [parse_certificate_state(word) for word in words] == [
        CertificateState.VALID,
        CertificateState.CANCELLED,
        CertificateState.REVOKED,
        CertificateState.WITHDRAWN,
        CertificateState.REPLACED,
    ]


def test_yes_no_and_roles_are_understood() -> None:
    assert parse_yes("√")
    assert not parse_yes("否")
    assert refused(parse_yes, "也许")
    assert parse_role("首席代表") is Role.LEAD
    assert refused(parse_role, "市长")


def test_districts_are_known_by_any_name(names: Names) -> None:
    for text in ("兰考", "兰考县", "开封市兰考县", "河南省开封市兰考县", " 兰考县 "):
        assert names.district(text) == "兰考县"
    assert names.district("顺河区") == "顺河回族区"
    assert names.district("市直") is None


def test_an_unknown_district_is_refused_with_the_nearest(names: Names) -> None:
    assert "尉氏" in refused(names.district, "慰氏县")


def test_a_department_is_known_with_a_district_before_it(names: Names) -> None:
    assert names.department("人社局") == "human_resources"
    assert names.department("兰考县人力资源和社会保障局") == "human_resources"
    assert names.department("月球局") is None


def test_a_department_is_known_without_the_city_before_it(names: Names) -> None:
    assert names.department("应急管理局") == "emergency"
    assert names.department("卫生健康委员会") == "health"
    assert names.department("兰考县应急管理局") == "emergency"


@pytest.mark.parametrize(
    ("written", "department"),
    [
        ("市场监督管理局", "market"),
        ("龙亭区市场监督管理局", "market"),
        ("兰考县市场监督管理局", "market"),
        ("县市场监督管理局", "market"),
        ("龙亭区市场监督管理局北城所", "market"),
        ("农业农村局", "agriculture"),
        ("卫生健康委员会", "health"),
        ("市卫健委", "health"),
        ("交通运输局", "transport"),
        ("住房和城乡建设局", "housing"),
        ("生态环境局", "ecology"),
        ("开封市生态环境局龙亭分局", "ecology"),
        ("城市管理局", "urban_management"),
        ("文化和旅游局", "culture_tourism"),
        ("人力资源社会保障局", "human_resources"),
        ("残疾人联合会", "disabled_federation"),
        ("交通警察支队", "traffic_police"),
        ("兰考县公安局交通警察大队", "traffic_police"),
        ("县（区）应急管理局", "emergency"),
        ("烟草专卖局", "tobacco"),
        ("开封市烟草专卖局", "tobacco"),
        ("国家税务总局兰考县税务局", "tax"),
        ("郑州市市场监督管理局", None),
        ("市", None),
    ],
)
def test_an_office_is_known_by_the_names_it_goes_by(
    names: Names, written: str, department: str | None
) -> None:
    assert names.department(written) == department


def test_every_office_is_known_with_and_without_the_city(
    names: Names, knowledge: Knowledge
) -> None:
    for department in knowledge.base.departments.values():
        for place in ("", "开封市", "龙亭区", "开封市兰考县"):
            name = f"{place}{department.name.removeprefix('开封市')}"
            assert names.department(name) == department.id


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("食品经营许可证", "food_operation"),
        ("《食品经营许可证》", "food_operation"),
        ("“食品经营许可证”", "food_operation"),
        (" 食品 经营许可证\u3000", "food_operation"),
        ("食品经营许可", "food_operation"),
        ("排污许可", "pollution_permit"),
        ("客运班线经营许可证", "passenger_route"),
        ("护士执业", None),
        ("道路运输", None),
        ("食品", None),
        ("养蜂证", None),
    ],
)
def test_a_kind_is_known_however_it_is_written(
    names: Names, written: str, kind: str | None
) -> None:
    assert names.certificate_kind(written) == kind


@pytest.mark.parametrize(
    ("written", "near"),
    [
        ("养蜂证", ()),
        ("采砂许可证", ()),
        ("网络文化经营许可证", ()),
        ("证", ()),
        ("兽药经营证照", ("vet_drug_operation", "vet_drug_production")),
    ],
)
def test_only_what_tells_kinds_apart_makes_them_alike(
    names: Names, written: str, near: tuple[str, ...]
) -> None:
    assert nearest_kinds(names, written) == near
