from shipping.models.carrier import CarrierAccount, InboundWebhook, QuarantinedReading
from shipping.models.codes import CodeMapping, UnknownEvent
from shipping.models.customer import CustomerReport, Rating
from shipping.models.document import CarrierLabel, LabelSheet, PrintItem, PrintPart, PrintRun
from shipping.models.event import Scan, TrackingEvent
from shipping.models.figure import DailyFigure, ParcelOutcome, StaleDay
from shipping.models.floor import Box, Manifest, ManifestMove, ShortPick, Wave, WaveLine
from shipping.models.late import CaseEntry, Claim, LateCase, LatePolicy, SavedView, WhatIf
from shipping.models.polling import PollState
from shipping.models.promise import LearnedTransit, Promise
from shipping.models.shipment import Shipment, ShipmentLine

__all__ = [
    "Box",
    "CarrierAccount",
    "CarrierLabel",
    "CaseEntry",
    "Claim",
    "CodeMapping",
    "CustomerReport",
    "DailyFigure",
    "InboundWebhook",
    "LabelSheet",
    "LateCase",
    "LatePolicy",
    "LearnedTransit",
    "Manifest",
    "ManifestMove",
    "ParcelOutcome",
    "PollState",
    "PrintItem",
    "PrintPart",
    "PrintRun",
    "Promise",
    "QuarantinedReading",
    "Rating",
    "SavedView",
    "Scan",
    "Shipment",
    "ShipmentLine",
    "ShortPick",
    "StaleDay",
    "TrackingEvent",
    "UnknownEvent",
    "Wave",
    "WaveLine",
    "WhatIf",
]
