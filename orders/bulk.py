"""Many rows changed in one statement. Django's `bulk_update` writes a CASE with a WHEN for every row and column, and most of
the time goes into building it."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, Model


def update_all(rows: Sequence[Model], names: Sequence[str]) -> None:
    """Save these fields of rows of one model. No signals, no `save`; call inside a transaction."""
    if not rows:
        return
    meta = rows[0]._meta
    fields: list[Field[Any, Any]] = [meta.get_field(name) for name in names]  # type: ignore[misc]
    pk: Any = meta.pk
    columns = [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows]
        for field in [pk, *fields]
    ]

    def quote(name: str | None) -> str:
        return connection.ops.quote_name(name or "")

    table = quote(meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            types = ["bigint", *(str(field.db_type(connection)) for field in fields)]
            given = ", ".join(f"%s::{kind}[]" for kind in types)
            as_names = ", ".join(quote(field.column) for field in [pk, *fields])
            sets = ", ".join(f"{quote(field.column)} = given.{quote(field.column)}" for field in fields)
            where = f"{table}.{quote(pk.column)} = given.{quote(pk.column)}"
            cursor.execute(
                f"UPDATE {table} SET {sets} FROM unnest({given}) AS given({as_names}) WHERE {where}",  # noqa: S608
                columns,
            )
        else:
            sets = ", ".join(f"{quote(field.column)} = %s" for field in fields)
            ids, *values = columns
            cursor.executemany(
                f"UPDATE {table} SET {sets} WHERE {quote(pk.column)} = %s",  # noqa: S608
                list(zip(*values, ids, strict=True)),
            )
