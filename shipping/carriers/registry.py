"""The carriers we know, by name. A new one is one file and one line here."""

from importlib import import_module

from shipping.carriers.base import Carrier

ADAPTERS = {"easypost": "shipping.carriers.easypost.EasyPost"}


def adapter(name: str) -> Carrier | None:
    path = ADAPTERS.get(name)
    if path is None:
        return None
    module, _, cls = path.rpartition(".")
    return getattr(import_module(module), cls)()
