from django.db import migrations

from orders.prefixes import PrefixIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("shipping", "0011_event_told_at")]
    operations = [
        PrefixIndex("shipment_code_begins", "shipping_shipment", "code"),
        PrefixIndex("shipment_number_begins", "shipping_shipment", "tracking_number"),
    ]
