"""A database of millions of rows in minutes: one real order, and all that hangs on it, copied by PostgreSQL itself.

The order comes in by the portal's own door; `copy_orders` then multiplies its rows by INSERT … SELECT over
generate_series, each copy 20 seconds older than the one before, with names, codes and keys of its own. Foreign keys
are right by construction, so their triggers are switched off meanwhile.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def services() -> Any:
    """The module that starts throwaway servers for CI."""
    spec = spec_from_file_location("services", ROOT / ".ci" / "services.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def postgres(broker: str = "memory://") -> Iterator[None]:
    """Django on an empty, migrated throwaway PostgreSQL."""
    sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
    with tempfile.TemporaryDirectory(prefix="trk") as folder:
        server, url = services().start_postgres(Path(folder) / "pg")
        os.environ |= {
            "VAR_DIR": f"{folder}/var", "DATABASE_URL": url, "BROKER_URL": broker, "LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "tracker.settings", "DEBUG": "0", "ALLOWED_HOSTS": "*",
            "SECRET_KEY": "b" * 60, "FIELD_KEY": "f" * 60, "BASE_URL": "http://localhost",
        }  # fmt: skip
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        yield
        connection.close()
        server.cleanup()


def copy_orders(order: Any, copies: int, *, step: int = 20) -> None:
    """`copies` more of this order, with its customer, address, lines, ledger, parcels, promises, scans and notices."""
    from django.db import connection

    template = _rows_of(order)
    bases = {model: _next(model) for model in template}
    place = {
        (model, row.pk): (len(rows), at) for model, rows in template.items() for at, row in enumerate(rows)
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '64MB'"
        )
        for model, rows in template.items():
            for row in rows:
                names, values, given = [], [], []
                for field in model._meta.concrete_fields:
                    sql, more = _value(field, row, place, bases, step)
                    names.append(f'"{field.column}"')
                    values.append(sql)
                    given += more
                cursor.execute(
                    f'INSERT INTO "{model._meta.db_table}" ({", ".join(names)}) SELECT {", ".join(values)} '
                    f"FROM generate_series(1, {copies}) AS n",
                    given,
                )
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('\"{model._meta.db_table}\"', 'id'), "
                f'(SELECT max(id) FROM "{model._meta.db_table}"))'
            )
        cursor.execute("RESET session_replication_role; RESET synchronous_commit; RESET work_mem")


def settle() -> None:
    """What autovacuum does in its own time."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _rows_of(order: Any) -> dict[Any, list[Any]]:
    from notifications.models import Notice
    from orders.models import Customer, Order, OrderEvent, OrderLine, ShippingAddress
    from shipping.models import Promise, Scan, Shipment, ShipmentLine, TrackingEvent

    of_parcel = {"shipment__order": order}
    found = {
        Customer: Customer.objects.filter(pk=order.customer_id),
        Order: Order.objects.filter(pk=order.pk),
        ShippingAddress: ShippingAddress.objects.filter(order=order),
        OrderLine: OrderLine.objects.filter(order=order),
        OrderEvent: OrderEvent.objects.filter(order=order),
        Shipment: Shipment.objects.filter(order=order),
        ShipmentLine: ShipmentLine.objects.filter(**of_parcel),
        TrackingEvent: TrackingEvent.objects.filter(**of_parcel),
        Promise: Promise.objects.filter(**of_parcel),
        Scan: Scan.objects.filter(**of_parcel),
        Notice: Notice.objects.filter(order=order),
    }
    return {model: rows for model, query in found.items() if (rows := list(query.order_by("pk")))}


def _next(model: Any) -> int:
    newest = model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return int(newest) + 1


def _value(field: Any, row: Any, place: dict, bases: dict, step: int) -> tuple[str, list[Any]]:
    """The SQL of one column of copy number n, and its parameters."""
    value = getattr(row, field.attname)
    if field.primary_key:
        return _copied(type(row), row.pk, place, bases), []
    if field.is_relation and (field.related_model, value) in place:
        return _copied(field.related_model, value, place, bases), []
    plain = field.get_db_prep_save(value, connection=_connection())
    kind = field.get_internal_type()
    if value is not None and kind == "DateTimeField":
        return f"%s::timestamptz - n * interval '{step} seconds'", [plain]
    if value is not None and kind == "UUIDField":
        return "gen_random_uuid()", []
    match field.column:
        case "public_key":
            return "left(md5(%s || n) , 22)", [str(plain)]
        case "code" if type(row).__name__ in ("Shipment", "Scan") and plain:
            return "'P' || upper(translate(left(md5(%s || n), 11), 'ilou', '0123'))", [str(plain)]
        case "tracking_number" if plain:
            return "%s || n", [plain]
        case "number" | "external_id":
            return "%s || '-' || n", [plain]
        case "email" if plain:
            return "n || '.' || %s || '.' || %s", [str(sum(bases.values())), plain]
        case "subject" if str(value).startswith("shipment:"):
            from shipping.models import Shipment

            return "'shipment:' || (" + _copied(Shipment, int(value.split(":")[1]), place, bases) + ")", []
    return f"%s::{field.db_type(_connection()).split(' GENERATED')[0]}", [plain]


def _copied(model: Any, pk: int, place: dict, bases: dict) -> str:
    many, at = place[model, pk]
    return f"{bases[model]} + (n - 1) * {many} + {at}"


def _connection() -> Any:
    from django.db import connection

    return connection
