"""The proof of all cases of a period as a workbook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook

from bot.__main__ import main
from bot.database import FILE_NAME, open_database
from tests.case_builders import NUMBER, a_case, a_row, bring_in, day, done


@pytest.fixture
def call(tmp_path: Path) -> Callable[..., Result]:
    (tmp_path / "config.yaml").write_text("data_dir: data\n", encoding="utf-8")
    db = open_database(tmp_path / "data" / FILE_NAME)
    a_case(db, as_of="2025-02-10T08:00", item="=HYPERLINK(1)")
    late = done(a_row(number="8", accepted_on=day("2025-01-06"), limit_days=3), "2025-01-20")
    before = done(a_row(number="7", accepted_on=day("2025-01-02")), "2025-01-03")
    bring_in(db, late, before, as_of="2025-02-10T08:10")
    db.close()

    def run(*words: str) -> Result:
        options = ["--config", str(tmp_path / "config.yaml"), "--clock", "2025-02-10T09:00"]
        return CliRunner().invoke(main, [*words, *options])

    return run


def rows(path: Path, sheet: str) -> list[tuple[Any, ...]]:
    return list(load_workbook(path)[sheet].iter_rows(values_only=True))


def test_the_workbook_holds_every_case_reminder_event_and_cause_of_a_period(
    call: Callable[..., Result], tmp_path: Path
) -> None:
    file = tmp_path / "记录.xlsx"
    assert call("sweep", "overdue", "--json").exit_code == 0

    result = call("case", "proof", "--all", str(file), "--from", "2025-01-10")

    assert result.exit_code == 0, result.output
    cases = {row[0]: row for row in rows(file, "办件")[2:]}
    assert set(cases) == {NUMBER, "8"}
    assert cases[NUMBER][1] == "'=HYPERLINK(1)"
    assert cases[NUMBER][5:10] == ("2025-01-24", "2025-02-07", None, "🔴 超期", 2)
    assert cases["8"][7:9] == ("2025-01-20", "✅ 已办结")
    told = rows(file, "提醒")[2:]
    assert {row[0] for row in told} == {NUMBER}
    assert {row[1] for row in told} == {"催办"}
    assert all(row[4] is None for row in told)  # decided, not yet sent
    assert rows(file, "提醒及时率")[0][1::2] == ("提醒及时率", "到期")
    assert rows(file, "超期原因")[1:] == [("2025年1月", "1", "1"), ("2025年2月", "0", "0")]
    assert {row[2] for row in rows(file, "经过")[2:]} >= {"首次导入", "办结"}


def test_a_district_and_a_period_narrow_it(call: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "x.xlsx"

    call("case", "proof", "--all", str(file), "--district", "兰考")

    assert rows(file, "办件")[2:] == []


@pytest.mark.parametrize(
    "words",
    [
        (),
        (NUMBER, "--all", "x.xlsx"),
        ("--all", "x.xlsx", "--from", "2025-02-09", "--to", "2025-02-08"),
        ("--all", "x.xlsx", "--to", "2025-02-11"),
        ("--all", "x.xlsx", "--district", "月球"),
    ],
)
def test_wrong_use_is_one_line(call: Callable[..., Result], words: tuple[str, ...]) -> None:
    result = call("case", "proof", *words)

    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
