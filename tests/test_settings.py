"""Settings: every key documented, every mistake told at once with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.settings import Settings, load_settings

EXAMPLE = Path(__file__).parent.parent / "config.example.yaml"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def keys_of(model: type[BaseModel]) -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        if field.exclude:
            continue
        found.add(name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found |= keys_of(field.annotation)
    return found


def test_every_setting_stands_in_the_example_with_a_comment() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    documented = {m[1] for line in lines if (m := re.match(r"\s*(?:# )?([a-z_]+):", line))}

    assert keys_of(Settings) <= documented


def test_the_example_is_valid_and_says_the_defaults(tmp_path: Path) -> None:
    settings, problems = load_settings(written(tmp_path, EXAMPLE.read_text(encoding="utf-8")), {})

    assert problems == ()
    assert settings is not None
    assert settings.model_copy(update={"data_dir": Path("data")}) == Settings()


def test_all_mistakes_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    text = "city: 开封\nwbe: {}\nweb:\n  port: abc\n  hots: x\ntelegram:\n  mode: pigeon\n"

    settings, problems = load_settings(written(tmp_path, text), {})

    assert settings is None
    assert {(p.key, p.line) for p in problems} == {
        ("wbe", 2),
        ("web.port", 4),
        ("web.hots", 5),
        ("telegram.mode", 7),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("web: {public_url: 'http://example.gov.cn'}", "https"),
        ("web:\n  port: [", "YAML"),
        ("- a\n- b", "键"),
        ("telegram: {token_file: nosuch}", "读不了"),
    ],
)
def test_a_mistake_says_what_to_do(tmp_path: Path, text: str, said: str) -> None:
    settings, problems = load_settings(written(tmp_path, text), {})

    assert settings is None
    assert said in " ".join(str(p) for p in problems)


def test_a_missing_file_is_one_problem(tmp_path: Path) -> None:
    settings, problems = load_settings(tmp_path / "nosuch.yaml", {})

    assert settings is None
    assert len(problems) == 1


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    settings, problems = load_settings(written(tmp_path, ""), {})

    assert problems == ()
    assert settings is not None


def test_the_token_comes_from_the_environment_and_never_shows(tmp_path: Path) -> None:
    settings, _ = load_settings(written(tmp_path, ""), {"TELEGRAM_BOT_TOKEN": "123:hush-hush"})

    assert settings is not None
    assert "hush" not in repr(settings)
    assert settings.telegram_token is not None
    assert settings.telegram_token.get_secret_value() == "123:hush-hush"


def test_yaml_on_and_off_are_understood(tmp_path: Path) -> None:
    settings, problems = load_settings(written(tmp_path, "telegram: {enabled: off}"), {})

    assert problems == ()
    assert settings is not None
    assert settings.telegram.enabled == "off"
