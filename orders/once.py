"""Words that are found once per process: looking them up anew took a good part of the tracking page's time."""

from collections.abc import Callable, Hashable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

from django.utils.translation import get_language

P = ParamSpec("P")
Said = TypeVar("Said")


def once_a_language(say: Callable[P, Said]) -> Callable[P, Said]:
    """For a pure function of few different arguments whose answer speaks the language in force."""

    @lru_cache(maxsize=4096)
    def kept(
        _language: str | None, given: tuple[Hashable, ...], named: tuple[tuple[str, Hashable], ...]
    ) -> Said:
        return say(*given, **dict(named))  # type: ignore[arg-type]

    @wraps(say)
    def said(*given: P.args, **named: P.kwargs) -> Said:
        return kept(get_language(), given, tuple(named.items()))

    return said
