from orders.admin.order import OrderAdmin
from shipping.admin import (
    boxes,
    carriers,
    codes,
    late,
    manifests,
    papers,
    parcels,
    printing,
    quarantine,
    runs,
    scorecard,
    stickers,
    voice,
    waves,
    whatif,
)

# Orders live a floor below; what is done with their parcels is lent to their list from here.
OrderAdmin.actions = [
    printing.print_both,
    printing.print_slips,
    printing.print_labels,
    printing.print_chosen,
    waves.to_wave,
    *OrderAdmin.actions,
]
OrderAdmin.list_display = [*OrderAdmin.list_display[:2], papers.printed, *OrderAdmin.list_display[2:]]
OrderAdmin.list_filter = [*OrderAdmin.list_filter[:2], papers.PrintedOrderFilter, *OrderAdmin.list_filter[2:]]
OrderAdmin.with_rows = [papers.PARCELS]
at = OrderAdmin.fields.index("parcels") + 1
OrderAdmin.fields = (*OrderAdmin.fields[:at], papers.runs, *OrderAdmin.fields[at:])
OrderAdmin.readonly_fields = (*OrderAdmin.readonly_fields, papers.runs)
parcels.ShipmentAdmin.actions = [*parcels.ShipmentAdmin.actions, waves.to_wave]

__all__ = [
    "boxes",
    "carriers",
    "codes",
    "late",
    "manifests",
    "papers",
    "parcels",
    "printing",
    "quarantine",
    "runs",
    "scorecard",
    "stickers",
    "voice",
    "waves",
    "whatif",
]
