"""Queries whose SQL is written once per process. Django writes a query's SQL anew each time it runs, which took a third
of the tracking page's time; between two visits only the values differ."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.db import connections
from django.db.models import QuerySet
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler

Rows = TypeVar("Rows", bound=QuerySet[Any, Any])
_MARK = -(2**31) + 7  # no row's key
_LEARNED = ("select", "klass_info", "annotation_col_map", "col_count", "has_extra_select")


class _Compiler(SQLCompiler):
    query: "_Query"

    def as_sql(self, with_limits: bool = True, with_col_aliases: bool = False) -> Any:
        kept = self.query.kept.get(self.connection.vendor)
        if kept is None:
            sql, params = super().as_sql(with_limits, with_col_aliases)
            kept = sql, params, {name: getattr(self, name) for name in _LEARNED}
            self.query.kept[self.connection.vendor] = kept
        sql, params, learned = kept
        self.__dict__ |= learned
        return sql, tuple(self.query.given if one in (_MARK, str(_MARK)) else one for one in params)


class _Query(Query):
    kept: dict[str, Any]
    given: Any

    def get_compiler(
        self, using: Any = None, connection: Any = None, elide_empty: bool = True
    ) -> SQLCompiler:
        return _Compiler(self, connection or connections[using], using, elide_empty)


def written_once(build: Callable[[Any], Rows]) -> Callable[[Any], Rows]:
    """`build` makes a query set of one key or id, which it uses as a plain value to compare with, and of nothing that
    changes. What it returns is to be iterated as it is: filtering it further would be ignored."""
    templates: list[Any] = []

    @wraps(build)
    def rows(value: Any) -> Rows:
        if not templates:
            template: Any = build(str(_MARK) if isinstance(value, str) else _MARK)
            template.query.__class__ = _Query
            template.query.kept = {}
            templates.append(template)
        found: Any = templates[0].all()
        found.query.given = value
        return cast(Rows, found)

    return rows
