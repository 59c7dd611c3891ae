from django.db import migrations


def remove_purchases(apps, schema_editor):
    """On the way back only: before this release every order had a customer. By itself, so that PostgreSQL has no
    pending trigger when 0009 changes the table."""
    orders = apps.get_model("orders", "Order").objects.filter(kind="purchase")
    apps.get_model("orders", "PurchaseLine").objects.all().delete()
    apps.get_model("orders", "Purchase").objects.all().delete()
    orders.delete()


class Migration(migrations.Migration):
    dependencies = [("orders", "0009_suppliers")]
    operations = [migrations.RunPython(migrations.RunPython.noop, remove_purchases)]
