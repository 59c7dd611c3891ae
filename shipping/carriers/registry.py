"""The carriers we know, by name. A new one is one file and one line here."""

from functools import lru_cache
from importlib import import_module

from shipping.carriers.base import Carrier

ADAPTERS = {
    "easypost": "shipping.carriers.easypost.EasyPost",
    "shippo": "shipping.carriers.shippo.Shippo",
    "aftership": "shipping.carriers.aftership.AfterShip",
    "17track": "shipping.carriers.seventeentrack.SeventeenTrack",
    "ups": "shipping.carriers.ups.UPS",
    "usps": "shipping.carriers.usps.USPS",
    "fedex": "shipping.carriers.fedex.FedEx",
    "dhl": "shipping.carriers.dhl.DHL",
    "canada_post": "shipping.carriers.canada_post.CanadaPost",
}


@lru_cache(maxsize=64)
def adapter(name: str) -> Carrier | None:
    path = ADAPTERS.get(name)
    if path is None:
        return None
    module, _, cls = path.rpartition(".")
    return getattr(import_module(module), cls)()
