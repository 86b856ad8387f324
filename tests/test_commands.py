"""The command line: JSON on standard output alone, exit codes, and plain sentences for mistakes."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main, run_command_line


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder with a config of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("web: {port: 0}\n", encoding="utf-8")
    return tmp_path


def run(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(main, [*arguments], input=given, catch_exceptions=False)


def parsed(*arguments: str) -> Any:
    result = run(*arguments)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.usefixtures("folder")
class TestShow:
    def test_the_keys_are_those_of_the_interface(self) -> None:
        shown = parsed("show", "newborn", "--json")

        assert {
            "id",
            "name",
            "version",
            "online",
            "count",
            "unconfirmed_count",
            "questions",
            "materials",
            "steps",
            "fee",
            "limits",
            "finish_on",
            "where",
            "traps",
            "sources",
        } <= set(shown)
        assert {
            "id",
            "name",
            "group",
            "hand_in",
            "copies",
            "serves",
            "any_of",
            "issuer",
            "reason",
            "source",
            "place",
            "confidence",
            "checked_on",
        } <= set(shown["materials"][0])

    def test_answers_change_the_list(self) -> None:
        small = parsed(
            "show", "restaurant", "--answer", "area=small", "--answer", "owner=individual", "--json"
        )
        large = parsed("show", "restaurant", "--answer", "area=large", "--json")

        assert {m["id"] for m in small["materials"]} != {m["id"] for m in large["materials"]}

    def test_districts_take_any_of_their_names(self) -> None:
        assert (
            parsed("show", "newborn", "--district", "兰考", "--json")["where"]["district"]
            == "兰考县"
        )

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["nosuch"], "没有 nosuch"),
            (["newborn", "--answer", "nosuch=x"], "没有问题 nosuch"),
            (["newborn", "--answer", "joint=x"], "没有选项 x"),
            (["newborn", "--district", "火星"], "不认识区县"),
        ],
    )
    def test_a_mistake_says_what_there_is(self, arguments: list[str], said: str) -> None:
        result = run("show", *arguments)

        assert result.exit_code == 2
        assert said in result.stderr


@pytest.mark.usefixtures("folder")
class TestCalendar:
    def test_why_counts_the_make_up_sunday(self) -> None:
        why = parsed("calendar", "why", "2025-01-24", "5", "--json")

        assert why["due_on"] == "2025-02-07"
        assert {"on": "2025-01-26", "counted": True, "reason": "调休上班"} in why["days"]

    def test_a_year_not_announced_is_provisional(self) -> None:
        assert parsed("calendar", "why", "2031-01-02", "3", "--json")["provisional"] is True

    def test_a_wrong_day_is_wrong_use(self) -> None:
        assert run("calendar", "why", "2025-02-30", "5").exit_code == 2

    def test_why_takes_the_days_on_which_the_clock_stood(self) -> None:
        stop = ("--stop", "2025-02-12:2025-02-14")
        why = parsed("calendar", "why", "2025-02-10", "5", *stop, "--json")

        counted = {d["on"]: (d["counted"], d["reason"]) for d in why["days"]}
        assert why["due_on"] == "2025-02-20"
        assert counted["2025-02-13"][0] is False
        assert counted["2025-02-17"][0] is True

    @pytest.mark.parametrize(
        "stop", ["2025-02-12", "2025-02-14:2025-02-12", "2025-02-12:2025-02-30", ":"]
    )
    def test_a_stop_written_wrongly_is_wrong_use(self, stop: str) -> None:
        result = run("calendar", "why", "2025-02-10", "5", "--stop", stop)

        assert result.exit_code == 2
        assert "2025-02-" in result.stderr


@pytest.mark.usefixtures("folder")
class TestPeople:
    def test_a_code_has_the_keys_of_the_interface(self) -> None:
        code = parsed("people", "code", "--role", "lead", "--district", "龙亭", "--json")

        assert set(code) >= {
            "code",
            "role",
            "district",
            "department",
            "window",
            "name",
            "expires_at",
            "link",
            "qr_file",
        }
        assert (code["role"], code["district"], code["link"]) == ("lead", "龙亭区", None)

    def test_citizens_need_no_code(self) -> None:
        assert run("people", "code", "--role", "citizen").exit_code == 2


@pytest.mark.usefixtures("folder")
class TestStats:
    def test_a_period_without_ratings_is_zero_not_missing(self) -> None:
        counted = parsed("stats", "ratings", "--day", "2025-01-24", "--json")

        assert counted["from"] == counted["to"] == "2025-01-24"
        assert (counted["total"]["good"], counted["total"]["unrated"]) == (0, 0)

    def test_two_ways_to_name_a_period_exclude_each_other(self) -> None:
        result = run("stats", "ratings", "--day", "2025-01-24", "--from", "2025-01-01")

        assert result.exit_code == 2


class TestSettings:
    def test_a_named_file_that_is_missing_is_an_error(self, folder: Path) -> None:
        result = run("show", "newborn", "--config", str(folder / "nosuch.yaml"))

        assert result.exit_code == 1
        assert "找不到" in result.stderr

    def test_options_stand_before_or_after_the_command(self, folder: Path) -> None:
        (folder / "other.yaml").write_text("city: 别处\n", encoding="utf-8")

        before = run(
            "--config", "other.yaml", "--clock", "2025-02-06", "show", "deregister", "--json"
        )
        after = run(
            "show", "deregister", "--config", "other.yaml", "--clock", "2025-02-06", "--json"
        )

        assert before.stdout == after.stdout != ""

    def test_without_a_config_it_says_demonstration_on_standard_error(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)

        result = run("calendar", "why", "2025-01-24", "5", "--json")

        assert "演示" in result.stderr
        assert json.loads(result.stdout)["due_on"] == "2025-02-07"


@pytest.mark.usefixtures("folder")
class TestRunCannotStart:
    def test_nothing_enabled_is_one_line_and_exit_two(self, folder: Path) -> None:
        (folder / "config.yaml").write_text("web: {enabled: false}\n", encoding="utf-8")

        result = run("run")

        assert result.exit_code == 2
        assert "没有可运行的渠道" in result.stderr

    def test_a_port_in_use_says_what_to_do(self, folder: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            (folder / "config.yaml").write_text(f"web: {{port: {port}}}\n", encoding="utf-8")

            result = run("run")

        assert result.exit_code == 2
        assert "web.port" in result.stderr

    def test_a_data_folder_that_is_a_file_says_what_to_do(self, folder: Path) -> None:
        (folder / "data").write_text("not a folder", encoding="utf-8")

        result = run("run")

        assert result.exit_code == 2
        assert "data_dir" in result.stderr


@pytest.mark.usefixtures("folder")
def test_ask_answers_one_line_for_one_line_blank_ones_too() -> None:
    lines = [
        "娃上户口要啥",
        "",
        "   ",
        '{"question": "要几份", "after": "娃上户口要啥"}',
        "{坏的",
        "x" * 10_000,
    ]

    result = run("ask", "--json", given="\n".join(lines) + "\n")

    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(answers) == len(lines)
    assert answers[0]["entries"][0]["id"] == "newborn"
    assert answers[1]["outcome"] == "nothing"
    assert answers[3]["entries"][0]["id"] == "newborn"
    assert all(len(a["entries"]) >= 3 for a in answers)


@pytest.mark.usefixtures("folder")
def test_check_passes_on_the_shipped_knowledge() -> None:
    assert run("check").exit_code == 0


def test_check_reports_a_broken_file_with_its_line(folder: Path) -> None:
    packages = folder / "kb" / "packages"
    packages.mkdir(parents=True)
    (packages / "x.yaml").write_text("id: x\nname: [\n", encoding="utf-8")

    result = run("check", str(folder / "kb"))

    assert result.exit_code == 1
    assert "packages/x.yaml:" in result.stdout


@pytest.mark.usefixtures("folder")
def test_the_shipped_schema_is_that_of_the_model() -> None:
    shipped = Path(__file__).parent.parent / "knowledge" / "data" / "schema.json"

    assert json.loads(shipped.read_text(encoding="utf-8")) == parsed("schema")


class TestWrongUse:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("fooo",), "没有命令 fooo"),
            (("stats", "ratings", "--day", "昨天"), "昨天 不是日期，请写成 2025-02-06"),
            (("stats", "ratings", "--by", "month"), "window、entry、district、day"),
            (("ask", "--jsn"), "没有选项 --jsn；是不是 --json"),
            (("import", "cases"), "还缺 FILE"),
            (("show", "newborn", "retirement"), "多写了 retirement"),
        ],
    )
    @pytest.mark.usefixtures("folder")
    def test_is_explained_in_chinese(
        self,
        arguments: tuple[str, ...],
        said: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr("sys.argv", ["bot", *arguments])

        with pytest.raises(SystemExit) as ended:
            run_command_line()

        printed = capsys.readouterr()
        assert ended.value.code == 2
        assert said in printed.err
        assert "--help" in printed.err
        assert printed.out == ""


@pytest.mark.usefixtures("folder")
def test_a_day_that_has_not_come_has_unknown_figures() -> None:
    figures = parsed("stats", "ratings", "--day", "2099-01-05", "--json")

    assert figures["total"]["good"] is None
    assert figures["total"]["good_rate"]["text"] == "无数据"
