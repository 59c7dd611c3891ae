"""Formats of tracking numbers as data: one JSON file a courier in `couriers/`, in the form of jkeen/tracking_number_data (MIT).

A file dropped in is read at the next question, without a restart. One that cannot be used is left out and said so, by
`manage.py check`, by `manage.py detect_carrier` and in the log; the others go on working.
"""

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from shipping.carriers.checks import check_rule

log = logging.getLogger(__name__)
FOLDER = Path(__file__).parent / "couriers"
_CLASS = r"(\[\^?\]?(?:\\.|[^\]\\])*\])"
_SPACE = re.compile(_CLASS + r"|\\s(?:(?:[*+?]|\{[\d,]*\})[?+]?)?")
_DASH = re.compile(_CLASS + r"|(\\.)|-(?![*+?{])")


@dataclass(frozen=True)
class Table:
    """What the letters of one group say; a row applies by its very value or by a pattern found in it."""

    name: str
    group: str
    rows: tuple[tuple[str | None, re.Pattern[str] | None, Mapping[str, Any]], ...]

    def row(self, value: str) -> Mapping[str, Any] | None:
        for plain, pattern, row in self.rows:
            if plain == value or (pattern and pattern.search(value)):
                return row
        return None


@dataclass(frozen=True)
class Format:
    """`prepend` is what goes before the serial number, for the check digit only, where its pattern is found there; `needed`
    names the tables that must say something of a number."""

    carrier: str
    courier: str
    name: str
    pattern: re.Pattern[str]
    rule: Mapping[str, Any] | None
    prepend: tuple[re.Pattern[str], str] | None
    tables: tuple[Table, ...]
    needed: frozenset[str]
    tracking_url: str
    examples: tuple[tuple[str, bool], ...]


def read_courier(text: str) -> list[Format]:
    """The formats of one courier file. Raises ValueError saying what is wrong with it."""
    try:
        courier = json.loads(text)
        code, name = _word(courier["courier_code"]), _word(courier["name"])
        entries = courier["tracking_numbers"]
        if not isinstance(entries, list):
            raise TypeError("“tracking_numbers” is no list")
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"This is no courier file: {_said(error)}.") from error
    found = []
    for place, entry in enumerate(entries, 1):
        named = (isinstance(entry, dict) and entry.get("name")) or f"number {place}"
        try:
            found.append(_format(code, name, entry))
        except (KeyError, TypeError, ValueError, AttributeError, re.error, RecursionError) as error:
            raise ValueError(f"This is no courier file: in its format “{named}”, {_said(error)}.") from error
    return found


def _format(code: str, courier: str, entry: Mapping[str, Any]) -> Format:
    pattern = _pattern(entry["regex"])
    validation = entry.get("validation") or {}
    rule = validation.get("checksum")
    if rule:
        check_rule(rule)
        if not {"SerialNumber", "CheckDigit"} <= set(pattern.groupindex):
            raise KeyError("the groups SerialNumber and CheckDigit in “regex”, which a checksum needs")
    tables = tuple(_table(table, pattern) for table in entry.get("additional") or ())
    needed = frozenset((validation.get("additional") or {}).get("exists") or ())
    if missing := needed - {table.name for table in tables}:
        raise KeyError(f"the table {', '.join(sorted(missing))} in “additional”, which “exists” asks for")
    extra = (validation.get("serial_number_format") or {}).get("prepend_if")
    examples = entry.get("test_numbers") or {}
    return Format(
        carrier=code,
        courier=courier,
        name=_word(entry["name"]),
        pattern=pattern,
        rule=rule or None,
        prepend=(_compiled(extra["matches_regex"]), str(extra["content"])) if extra else None,
        tables=tables,
        needed=needed,
        tracking_url=_word(entry.get("tracking_url") or ""),
        examples=tuple((str(one), key == "valid") for key in ("valid", "invalid") for one in examples.get(key) or ()),
    )  # fmt: skip


def _table(table: Mapping[str, Any], pattern: re.Pattern[str]) -> Table:
    name, group = _word(table["name"]), _word(table["regex_group_name"])
    if group not in pattern.groupindex:
        raise KeyError(f"the group {group} in “regex”, which the table {name} is about")
    rows = tuple(
        (row.get("matches"), _compiled(row["matches_regex"]) if row.get("matches_regex") else None, row)
        for row in table["lookup"]
    )
    return Table(name, group, rows)


def _pattern(parts: Any) -> re.Pattern[str]:
    """Without the room for spaces that the files leave between all characters: numbers come here without. A dash may be left
    out of a number that is written with one."""
    source = "".join(_word(part) for part in parts) if isinstance(parts, list) else _word(parts)
    source = re.sub(r"\(\?<([A-Za-z])", r"(?P<\1", source).replace(r"\z", r"\Z")
    source = _SPACE.sub(lambda match: match[1] or "", source)
    return _compiled(_DASH.sub(lambda match: match[1] or match[2] or "-?", source))


def _compiled(source: Any) -> re.Pattern[str]:
    if "[[:" in _word(source):
        raise ValueError("a POSIX class such as [[:digit:]] is used; write [0-9]")
    return re.compile(re.sub(r"\(\?<([A-Za-z])", r"(?P<\1", source), re.IGNORECASE | re.ASCII)


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} stands where a text is wanted")
    return value


def _said(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it lacks {error.args[0]}"
    if isinstance(error, json.JSONDecodeError):
        return f"it is not JSON ({error})"
    return str(error).rstrip(".")


def formats() -> tuple[Format, ...]:
    return _read(_state())[0]


def problems() -> tuple[str, ...]:
    """What is wrong with the files that cannot be used, one sentence each."""
    return _read(_state())[1]


State = tuple[tuple[str, int, int], ...]


def _state() -> State:
    return tuple(
        (str(path), status.st_mtime_ns, status.st_size)
        for path in sorted(FOLDER.glob("*.json"))
        for status in [path.stat()]
    )


@lru_cache(maxsize=4)
def _read(state: State) -> tuple[tuple[Format, ...], tuple[str, ...]]:
    found: list[Format] = []
    wrong: list[str] = []
    for name, _, _ in state:
        path = Path(name)
        try:
            found += read_courier(path.read_text("utf-8"))
        except (ValueError, OSError) as error:
            wrong.append(f"{path.name}: {error}")
            log.error("courier file left out: %s: %s", path.name, error)
    return tuple(found), tuple(wrong)
