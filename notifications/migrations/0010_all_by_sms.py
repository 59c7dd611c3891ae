from django.db import migrations

OFFERED = [
    [milestone, "sms"]
    for milestone in ("confirmed", "processing", "packed", "cancelled", "returned", "rating_request")
]


def off_at_first(apps, schema_editor):
    """What could not be told by SMS until now stays untold in shops that have chosen."""
    for row in apps.get_model("notifications", "NoticeSettings").objects.all():
        row.off = [*row.off, *(pair for pair in OFFERED if pair not in row.off)]
        row.save(update_fields=["off"])


class Migration(migrations.Migration):
    dependencies = [("notifications", "0009_addresses_and_named")]
    operations = [migrations.RunPython(off_at_first, migrations.RunPython.noop)]
