"""Pydantic's objections in plain Chinese: what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from knowledge.problems import meant
from knowledge.schema import field_name

ID_PATTERN = "^[a-z][a-z0-9_]{0,31}$"


def explain(error: ErrorDetails, models: tuple[type[BaseModel], ...]) -> str:
    """Word one validation error of a file whose top holds one of these models."""
    key, place = _last_key(error["loc"])
    match error["type"]:
        case "missing":
            return f"缺少 {_named(key)}，请补上"
        case "extra_forbidden":
            known = _fields_at(error["loc"][:-1], models)
            return f"不认得的键 “{key}”{meant(key, known) or '：请删掉，或对照 schema.json 改正'}"
        case "value_error":
            return f"{_named(key)}{place}：{error['msg'].removeprefix('Value error, ')}"
    return f"{_named(key)}{place}{_objection(error)}（现在写的是 {_shown(error['input'])}）"


def _objection(error: ErrorDetails) -> str:
    context: Mapping[str, Any] = error.get("ctx", {})
    match error["type"]:
        case "string_type":
            return "要写成文字：数字、日期、true/false 请加引号" + _or_text(error["input"])
        case "string_too_short":
            return "不能空着：请填写，或删掉这一行"
        case "string_pattern_mismatch" if context.get("pattern") == ID_PATTERN:
            return "只能用小写英文字母、数字和下划线，以字母开头，不超过 32 个字符"
        case "string_pattern_mismatch":
            return f"只能用英文字母、数字和规定的符号（{context.get('pattern')}）"
        case "enum" | "literal_error":
            return f"只能写 {_choices(str(context.get('expected')))}"
        case "bool_type" | "bool_parsing":
            return "只能写 true 或 false"
        case "greater_than_equal":
            return f"不能小于 {context.get('ge')}"
        case "too_short":
            return f"至少要写 {context.get('min_length')} 项"
        case "tuple_type" | "list_type":
            return "要写成列表：每项另起一行，以“- ”开头"
        case "dict_type" | "mapping_type" | "model_type" | "model_attributes_type":
            return "要写成“键: 值”的形式"
    return _objection_by_family(error["type"])


def _objection_by_family(kind: str) -> str:
    if kind.startswith("date"):
        return "要写成日期，如 2027-05-22"
    if kind.startswith("int"):
        return "要写成整数，如 5；不知道就写 null"
    if kind.startswith("float"):
        return "要写成数字，如 0.5；不知道就写 null"
    return f"写得不对，请对照 schema.json 改正（{kind}）"


def _or_text(value: object) -> str:
    return "；不知道就删掉这一行" if value is None else ""


def _choices(expected: str) -> str:
    return expected.replace("'", "").replace(", ", "、").replace(" or ", " 或 ")


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return "列表" if isinstance(value, list) else "“键: 值”"
    shown = (
        "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )
    return f"“{shown[:40]}”"


def _named(key: str) -> str:
    name = field_name(key)
    return f"“{key}”" if name == key else f"“{key}”（{name}）"


def _last_key(loc: tuple[int | str, ...]) -> tuple[str, str]:
    """Return the last key of a location and, for a list's member, which one it is."""
    words = [part for part in loc if isinstance(part, str) and part.isidentifier()]
    key = words[-1] if words else "这份文件"
    place = f" 的第 {loc[-1] + 1} 项" if loc and isinstance(loc[-1], int) else ""
    return key, place


def _fields_at(loc: tuple[int | str, ...], models: tuple[type[BaseModel], ...]) -> tuple[str, ...]:
    """Return the field names that are known at a location."""
    current = models
    for part in loc:
        if isinstance(part, str):
            current = tuple(
                inner
                for model in current
                if part in model.model_fields
                for inner in _models_in(model.model_fields[part].annotation)
            )
    return tuple(name for model in current for name in model.model_fields)


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
