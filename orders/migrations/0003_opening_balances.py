"""What lies on the shelves becomes the first move of each product's ledger. In batches, outside one long
transaction, and safe to run again after it was interrupted."""

from django.db import migrations
from django.utils import timezone

BATCH = 2000


def open_ledgers(apps, schema_editor):
    product_model, move_model = apps.get_model("orders", "Product"), apps.get_model("orders", "StockMove")
    now, last = timezone.now(), 0
    while True:
        rows = list(
            product_model.objects.filter(pk__gt=last).order_by("pk").values_list("pk", "on_hand")[:BATCH]
        )
        if not rows:
            return
        last = rows[-1][0]
        moves = [
            move_model(
                product_id=pk, kind="opening", quantity=on_hand, balance=on_hand, key="opening", at=now
            )
            for pk, on_hand in rows
            if on_hand
        ]
        move_model.objects.bulk_create(moves, ignore_conflicts=True)


def forget_ledgers(apps, schema_editor):
    """The numbers stay on the products; the table goes with the migration before."""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0002_stock_moves_and_paper")]
    operations = [migrations.RunPython(open_ledgers, forget_ledgers)]
