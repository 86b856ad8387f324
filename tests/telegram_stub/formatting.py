"""Parse Telegram's HTML more strictly than Telegram does, and measure text its way."""

import html
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.telegram_stub.records import Json, Malformed

MAX_ENTITIES = 100
ENTITY_OF_TAG = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "s": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "tg-spoiler": "spoiler",
}
_START_TAG = re.compile(r'<([A-Za-z][\w-]*)((?:\s+[A-Za-z-]+(?:="[^"<>]*")?)*)\s*>')
_END_TAG = re.compile(r"</([A-Za-z][\w-]*)\s*>")
_ATTRIBUTE = re.compile(r'([A-Za-z-]+)(?:="([^"]*)")?')
# Telegram knows these four names and numeric references, no others.
_REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")


@dataclass(frozen=True, slots=True)
class FormattedText:
    """Text after entity parsing, with what Telegram would have let pass silently."""

    text: str
    entities: tuple[Json, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _OpenTag:
    name: str
    start: int
    details: Json


def length_of(text: str) -> int:
    """Count UTF-16 units, the unit of entity offsets and the stricter reading of every limit."""
    return len(text.encode("utf-16-le")) // 2


def plain_text(source: str) -> FormattedText:
    """Trim text that has no parse mode."""
    return FormattedText(source.strip())


def parse_html(source: str) -> FormattedText:
    """Parse the tags the house style allows; anything else is an error.

    Stricter than Telegram: a bare `&`, an unknown attribute and tags inside `code` do not pass.
    """
    text: list[str] = []
    size = 0
    position = 0
    open_tags: list[_OpenTag] = []
    entities: list[Json] = []
    problems: list[str] = []
    while position < len(source):
        character = source[position]
        if character == "<" and source.startswith("</", position):
            match = _END_TAG.match(source, position)
            tag = _close_tag(match, open_tags, _offset(source, position))
            if size > tag.start:
                entities.append(_entity(tag, size))
        elif character == "<":
            match = _START_TAG.match(source, position)
            tag = _open_tag(match, size, _offset(source, position))
            problems += _nesting_problems(tag, open_tags)
            open_tags.append(tag)
        elif character == "&":
            match = _REFERENCE.match(source, position)
            if match is None:
                raise _unparsable(f"Unescaped '&' at byte offset {_offset(source, position)}")
            text.append(html.unescape(match[0]))
            size += length_of(text[-1])
        else:
            match = None
            text.append(character)
            size += length_of(character)
        position = match.end() if match else position + 1
    if open_tags:
        raise _unparsable(f'Can\'t find end tag corresponding to start tag "{open_tags[-1].name}"')
    problems += [
        f"link with an unusable address {entity['url']!r}"
        for entity in entities
        if "url" in entity and not is_usable_url(entity["url"])
    ]
    if len(entities) > MAX_ENTITIES:
        problems.append(f"{len(entities)} entities, Telegram keeps {MAX_ENTITIES}")
    return _trimmed("".join(text), entities, tuple(problems))


def is_usable_url(address: str) -> bool:
    """Check an address as Telegram does: a known scheme and, for the web, a host with a dot."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    if re.search(r"\s", address):
        return False
    if parts.scheme == "tg":
        return bool(host)
    return parts.scheme in {"http", "https"} and "." in host.strip(".")


def _open_tag(match: re.Match[str] | None, start: int, offset: int) -> _OpenTag:
    name = match[1].lower() if match else ""
    if match is None or name not in ENTITY_OF_TAG:
        raise _unparsable(f'Unsupported start tag "{name}" at byte offset {offset}')
    attributes = {key.lower(): html.unescape(value) for key, value in _ATTRIBUTE.findall(match[2])}
    details: Json = {"type": ENTITY_OF_TAG[name]}
    match name, tuple(attributes):
        case "a", ("href",):
            details["url"] = attributes["href"]
        case "blockquote", ("expandable",):
            details["type"] = "expandable_blockquote"
        case "code", ("class",) if attributes["class"].startswith("language-"):
            pass
        case other, () if other != "a":
            pass
        case _:
            raise _unparsable(f'Wrong attributes of tag "{name}" at byte offset {offset}')
    return _OpenTag(name, start, details)


def _close_tag(match: re.Match[str] | None, open_tags: list[_OpenTag], offset: int) -> _OpenTag:
    if match is None or not open_tags:
        raise _unparsable(f"Unexpected end tag at byte offset {offset}")
    tag = open_tags.pop()
    if match[1].lower() != tag.name:
        raise _unparsable(
            f'Unmatched end tag at byte offset {offset}, expected "</{tag.name}>", '
            f'found "</{match[1]}>"'
        )
    return tag


def _nesting_problems(tag: _OpenTag, open_tags: list[_OpenTag]) -> list[str]:
    outer = [each.name for each in open_tags]
    if "code" in outer or ("pre" in outer and tag.name != "code"):
        return [f"tag {tag.name} inside code or pre is dropped by Telegram"]
    if tag.name in outer and tag.name in {"a", "blockquote"}:
        return [f"tag {tag.name} inside {tag.name}"]
    return []


def _entity(tag: _OpenTag, end: int) -> Json:
    return {**tag.details, "offset": tag.start, "length": end - tag.start}


def _trimmed(text: str, entities: list[Json], problems: tuple[str, ...]) -> FormattedText:
    """Cut white space at both ends, as Telegram does, and move the entities with the text."""
    lead = length_of(text) - length_of(text.lstrip())
    trimmed = text.strip()
    size = length_of(trimmed)
    moved = []
    for entity in sorted(entities, key=lambda each: (each["offset"], -each["length"])):
        start = max(entity["offset"] - lead, 0)
        end = min(entity["offset"] + entity["length"] - lead, size)
        if end > start:
            moved.append({**entity, "offset": start, "length": end - start})
    return FormattedText(trimmed, tuple(moved), problems)


def _offset(source: str, position: int) -> int:
    return len(source[:position].encode())


def _unparsable(reason: str) -> Malformed:
    return Malformed(f"can't parse entities: {reason}")
