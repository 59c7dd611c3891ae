from orders.admin.order import OrderAdmin
from shipping.admin import boxes, carriers, late, manifests, parcels, printing, runs, stickers, waves

# Orders live a floor below; what is done with their parcels is lent to their list from here.
OrderAdmin.actions = [
    printing.print_both,
    printing.print_slips,
    printing.print_labels,
    printing.print_chosen,
    waves.to_wave,
    *OrderAdmin.actions,
]
parcels.ShipmentAdmin.actions = [*parcels.ShipmentAdmin.actions, waves.to_wave]

__all__ = ["boxes", "carriers", "late", "manifests", "parcels", "printing", "runs", "stickers", "waves"]
