from shipping.models.carrier import CarrierAccount, InboundWebhook, QuarantinedReading
from shipping.models.document import PrintItem, PrintRun
from shipping.models.event import Scan, TrackingEvent
from shipping.models.late import LateCase
from shipping.models.promise import Promise
from shipping.models.shipment import Shipment, ShipmentLine

__all__ = [
    "CarrierAccount",
    "InboundWebhook",
    "LateCase",
    "PrintItem",
    "PrintRun",
    "Promise",
    "QuarantinedReading",
    "Scan",
    "Shipment",
    "ShipmentLine",
    "TrackingEvent",
]
