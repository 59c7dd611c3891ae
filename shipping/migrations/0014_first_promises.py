"""The first promised day of the parcels that are still on their way; of others nobody asks."""

from django.db import migrations
from django.db.models import OuterRef, Subquery


def fill(apps, schema_editor):
    Shipment, Promise = apps.get_model("shipping", "Shipment"), apps.get_model("shipping", "Promise")
    first = Promise.objects.filter(shipment=OuterRef("pk")).order_by("pk").values("to_day")[:1]
    on_their_way = Shipment.objects.filter(stage__in=["open", "packed", "handed_over"]).exclude(
        tracking_status__in=["delivered", "returned", "cancelled"]
    )
    on_their_way.filter(first_promised_to__isnull=True).update(first_promised_to=Subquery(first))


class Migration(migrations.Migration):
    dependencies = [("shipping", "0013_late_cases_and_thresholds")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
