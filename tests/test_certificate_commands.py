"""The certificates' commands: keys of their JSON, exit codes, and codes for holders."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.clock import LOCAL
from bot.database import FILE_NAME, open_database, transaction
from reminders.certificates import CertificateRow, apply_certificates, begin_import

CLOCK = "2025-06-09T09:00"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder whose register holds two licences that end on 2025-06-30."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("city: 开封市\n", encoding="utf-8")
    db = open_database(tmp_path / "data" / FILE_NAME)
    now = datetime(2025, 1, 2, tzinfo=LOCAL)
    rows = [
        CertificateRow(
            number,
            "食品经营许可证",
            kind_id,
            "示例饭店",
            department="market",
            expires_on=date(2025, 6, 30),
        )
        for number, kind_id in (("JY0001", "food_operation"), ("TWICE", None), ("TWICE", "drug"))
    ]
    with transaction(db):
        begin_import(db, file_hash="h", file_name="r.csv", by_person_id=None, now=now)
        apply_certificates(db, rows, import_id=1, now=now)
    db.close()
    return tmp_path


def at(folder: Path, *ends: object) -> None:
    """Bring the register up to numbers, each with its end."""
    db = open_database(folder / "data" / FILE_NAME)
    rows = [
        CertificateRow(
            str(number),
            "食品经营许可证",
            "food_operation",
            f"饭店{number}",
            department="market",
            expires_on=end,
        )
        for number, end in zip(ends[::2], ends[1::2], strict=True)
        if isinstance(end, date)
    ]
    with transaction(db):
        now = datetime(2025, 1, 3, tzinfo=LOCAL)
        begin_import(db, file_hash="h2", file_name="r.csv", by_person_id=None, now=now)
        apply_certificates(db, rows, import_id=2, now=now)
    db.close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--clock", CLOCK])


def run_json(*arguments: str) -> Any:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_dry_run_says_what_a_sweep_then_does_once(folder: Path) -> None:
    dry = run_json("sweep", "certificates", "--dry-run")
    swept = run_json("sweep", "certificates")
    again = run_json("sweep", "certificates")

    assert {"kind", "subject", "level", "recipient", "due_on"} == set(swept[0])
    food = next(told for told in swept if told["subject"] == "JY0001")
    assert food == {
        "kind": "urgent",
        "subject": "JY0001",
        "level": "urgent",
        "recipient": "开封市市场监督管理局",
        "due_on": "2025-06-09",
    }
    assert (len(dry), len(swept), again) == (3, 3, [])


def test_the_register_is_counted_by_kind_and_department(folder: Path) -> None:
    counted = run_json("certificates", "--department", "市场监管局")

    assert set(counted["rows"][0]) == {
        "kind",
        "department",
        "early",
        "near",
        "urgent",
        "expired",
    }
    assert counted["total"] == {"early": 0, "near": 0, "urgent": 3, "expired": 0}
    assert run_json("certificates", "--level", "near")["rows"] == []


def test_one_level_counts_that_level_alone(folder: Path) -> None:
    at(folder, "JY0001", date(2025, 6, 30), "JY0002", date(2025, 8, 1))

    counted = run_json("certificates", "--level", "urgent", "--department", "market")

    (row,) = [row for row in counted["rows"] if row["kind"] == "food_operation"]
    assert (row["early"], row["near"], row["urgent"], row["expired"]) == (0, 0, 1, 0)
    assert counted["total"] == {"early": 0, "near": 0, "urgent": 3, "expired": 0}
    whole = run_json("certificates", "--department", "market")["total"]
    assert whole == {"early": 0, "near": 1, "urgent": 3, "expired": 0}


def test_a_holders_code_needs_one_certificate(folder: Path) -> None:
    made = run_json("people", "code", "--certificate", "JY0001")

    assert (made["certificate"], len(made["code"])) == ("JY0001", 8)
    assert run("people", "code", "--certificate", "TWICE").exit_code == 2
    assert run("people", "code", "--certificate", "NOSUCH").exit_code == 2
    assert run("people", "code").exit_code == 2
    assert run("people", "code", "--certificate", "JY0001", "--role", "lead").exit_code == 2


def test_a_hashed_number_is_found_as_it_is_written_on_the_card(folder: Path) -> None:
    number = "41020319900101123142"
    lines = ("证照编号,证照名称,持证人,有效期至", f"{number},残疾人证,某某,2030-06-30")
    (folder / "残疾人证.csv").write_text("\n".join(lines), encoding="utf-8")
    assert run("import", "certificates", "残疾人证.csv").exit_code == 0

    made = run_json("people", "code", "--certificate", f" {number} ")
    wrong = run("people", "code", "--certificate", "410203199001011239")

    assert made["certificate"].startswith("#")
    assert made["certificate"].endswith("-3142")
    assert wrong.exit_code == 2
    assert "尾号 1239" in wrong.output
    assert "199001" not in wrong.output
    assert number[:18].encode() not in (folder / "data" / FILE_NAME).read_bytes()


def test_a_department_may_be_named_in_chinese(folder: Path) -> None:
    named = run_json("certificates", "--department", "龙亭区市场监督管理局")
    code = run_json("people", "code", "--role", "department", "--department", "市卫健委")

    assert named["rows"] == run_json("certificates", "--department", "market")["rows"]
    assert code["department"] == "health"


def test_an_unknown_department_is_wrong_use(folder: Path) -> None:
    assert run("certificates", "--department", "没有这个局").exit_code == 2
