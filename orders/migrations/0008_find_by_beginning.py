from django.db import migrations

from orders.prefixes import PrefixIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0007_page_access")]
    operations = [
        PrefixIndex("order_number_begins", "orders_order", "number"),
        PrefixIndex("order_external_begins", "orders_order", "external_id"),
        PrefixIndex("customer_name_begins", "orders_customer", "name"),
        PrefixIndex("customer_email_begins", "orders_customer", "email"),
        PrefixIndex("product_sku_begins", "orders_product", "sku"),
        PrefixIndex("product_name_begins", "orders_product", "name"),
    ]
