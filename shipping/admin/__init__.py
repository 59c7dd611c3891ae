from orders.admin.order import OrderAdmin
from shipping.admin import boxes, carriers, late, manifests, parcels, printing, stickers

# Orders live a floor below; printing their parcels is lent to their list from here.
OrderAdmin.actions = [printing.print_both, printing.print_slips, printing.print_labels, *OrderAdmin.actions]

__all__ = ["boxes", "carriers", "late", "manifests", "parcels", "printing", "stickers"]
