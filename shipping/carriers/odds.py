"""How likely a number fits a format by accident (pure)."""

from functools import lru_cache
from typing import Any

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MAX_LENGTH = 60


def by_accident(source: str, number: str) -> float:
    """The part of all numbers of this length, of digits alone or of letters and digits, that the pattern takes; 1.0 where
    that cannot be told. Look-arounds do not count."""
    base = 10 if number.isdigit() else len(ALPHABET)
    held = _sizes(source).get(len(number))
    return 1.0 if held is None else min(1.0, held / float(base) ** len(number))


@lru_cache(maxsize=512)
def _sizes(source: str) -> dict[int, float]:
    """How many strings of each length the pattern takes."""
    from re import _constants as op  # type: ignore[attr-defined]
    from re import _parser  # type: ignore[attr-defined]

    def sequence(tokens: Any) -> dict[int, float]:
        total = {0: 1.0}
        for kind, value in tokens:
            total = _joined(total, one(kind, value))
        return total

    def one(kind: Any, value: Any) -> dict[int, float]:
        if kind in (op.LITERAL, op.NOT_LITERAL, op.IN, op.ANY):
            return {1: _letters(kind, value, op)}
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            low, high, inner = value
            return _repeated(sequence(inner), int(low), min(int(high), MAX_LENGTH))
        if kind is op.SUBPATTERN:
            return sequence(value[3])
        if kind is op.ATOMIC_GROUP:
            return sequence(value)
        if kind is op.BRANCH:
            total: dict[int, float] = {}
            for branch in value[1]:
                for length, count in sequence(branch).items():
                    total[length] = total.get(length, 0) + count
            return total
        if kind in (op.AT, op.ASSERT, op.ASSERT_NOT):
            return {0: 1.0}
        return {}  # back references and conditions: nothing can be said

    return sequence(_parser.parse(source))


def _joined(first: dict[int, float], second: dict[int, float]) -> dict[int, float]:
    total: dict[int, float] = {}
    for length, count in first.items():
        for more, others in second.items():
            if length + more <= MAX_LENGTH:
                total[length + more] = total.get(length + more, 0) + count * others
    return total


def _repeated(inner: dict[int, float], low: int, high: int) -> dict[int, float]:
    total: dict[int, float] = {}
    times = {0: 1.0}
    for count in range(high + 1):
        if count >= low:
            for length, number in times.items():
                total[length] = total.get(length, 0) + number
        times = _joined(times, inner)
    return total


def _letters(kind: Any, value: Any, op: Any) -> float:
    """Of the alphabet; at least one, for a dash is none of it."""
    if kind is op.ANY:
        return float(len(ALPHABET))
    items = value if kind is op.IN else [(op.LITERAL, value)]
    inside = sum(any(_is(item, char, op) for item in items) for char in ALPHABET)
    if kind is op.NOT_LITERAL or items[0][0] is op.NEGATE:
        return float(len(ALPHABET) - inside)
    return float(max(inside, 1))


def _is(item: tuple[Any, Any], char: str, op: Any) -> bool:
    kind, value = item
    codes = {ord(char), ord(char.lower())}
    if kind is op.LITERAL:
        return value in codes
    if kind is op.RANGE:
        return any(value[0] <= code <= value[1] for code in codes)
    if kind is op.CATEGORY:
        digit = char.isdigit()
        return {
            op.CATEGORY_DIGIT: digit,
            op.CATEGORY_NOT_DIGIT: not digit,
            op.CATEGORY_WORD: True,
            op.CATEGORY_NOT_SPACE: True,
        }.get(value, False)
    return False
