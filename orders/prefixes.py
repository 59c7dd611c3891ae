"""Text found by its beginning, whatever its case. PostgreSQL needs an index of its own for it, made without
locking the table."""

from collections.abc import Callable
from typing import Any

from django.db import connection, migrations
from django.db.models import QuerySet
from django.db.models.functions import Collate, Upper


def beginning(rows: QuerySet[Any], column: str, term: str, *, few: int, one_merchant: bool) -> QuerySet[Any]:
    """At most `few` of the rows of which `column` begins with `term`; the first ones where they are of one merchant.

    They are chosen before anything is joined to them. In the index's order the index is always the cheapest way;
    it has that order within a merchant only, and to sort what many merchants have may take seconds.
    """
    if connection.vendor == "postgresql":
        found = rows.alias(begins=Collate(Upper(column), "C")).filter(begins__startswith=_upper(term))
        order = ("begins",) if one_merchant else ()
    else:
        found, order = rows.filter(**{f"{column}__istartswith": term}), (column,)
    chosen = found.select_related(None).order_by(*order).values("pk")[:few]
    return rows.filter(pk__in=chosen).order_by(column)


def _upper(text: str) -> str:
    """Letter by letter, as PostgreSQL does it: a sharp s stays one."""
    return "".join(letter.upper() if len(letter.upper()) == 1 else letter for letter in text)


class PrefixIndex(migrations.RunPython):
    """Make the index that `beginning` asks, within a merchant. The migration must say `atomic = False`; on SQLite
    it does nothing."""

    def __init__(self, name: str, table: str, column: str) -> None:
        columns = f'merchant_id, (upper("{column}"::text) COLLATE "C")'
        make = f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} ({columns})"
        super().__init__(_run(make), _run(f"DROP INDEX CONCURRENTLY IF EXISTS {name}"))


def _run(statement: str) -> Callable[[Any, Any], None]:
    def run(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(statement)

    return run
