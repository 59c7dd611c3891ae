"""The pack station: a slip opens its parcel, each thing is checked on its way into the box, and the parcel is
closed. Every look-up is by key, and a scan costs a fixed number of them.

scan -> a parcel's code?   open it, unless another is half packed; its own code, once all is in, closes it
        =UNDO =DONE =SPLIT =WEIGHT n =BOX id =PRINT what   (buttons, or bar codes on the bench)
        a thing            right, too many, or not in here: then whose is it?

Locks: the order, then the parcel, whose lines follow it.
"""

from collections.abc import Callable
from dataclasses import replace

from shipping.models import Shipment
from shipping.status import ScanOutcome, Stage
from shipping.warehouse import bench, closing
from shipping.warehouse.bench import Asked, Verb
from shipping.warehouse.lookup import find, not_found
from shipping.warehouse.opening import by_number, named, open_parcel
from shipping.warehouse.packed import blocked
from shipping.warehouse.pull import Judged, Pull
from shipping.warehouse.table import Table, glance, lay, picture
from shipping.warehouse.things import item

O = ScanOutcome  # noqa: E741


def station(pull: Pull) -> Judged:
    """The scan handler of mode "station". `pull.subject` is the code of the parcel on the bench, if any."""
    code, target = find(pull.merchants, pull.code)
    asked = bench.asked(pull.code)
    on_bench = find(pull.merchants, pull.subject)[1] if pull.subject else None
    if target is None and on_bench is None:
        target = by_number(pull, asked.text) if asked.verb == Verb.ITEM else None
    if target is not None:
        return _parcel(pull, target, on_bench)
    if on_bench is None:
        return Judged(O.UNKNOWN if not_found(code) == O.UNKNOWN else O.NO_PARCEL, code)
    table = lay(on_bench)
    judged = _VERBS[asked.verb](pull, table, asked)
    return replace(judged, shown={"parcel": picture(table)} | judged.shown)


def _parcel(pull: Pull, target: Shipment, on_bench: Shipment | None) -> Judged:
    if on_bench is not None and on_bench.pk != target.pk and on_bench.stage == Stage.OPEN:
        table = glance(on_bench)
        if table.begun:
            shown = {"parcel": picture(table), "other": named(target), "slip": True}
            return Judged(O.WRONG_PARCEL, target.code, on_bench, shown=shown)
    table = lay(target)
    again = on_bench is not None and on_bench.pk == target.pk
    judged = blocked(pull, target.code, table.shipment, table.order) or open_parcel(pull, table, again)
    return replace(judged, shown={"parcel": picture(table)} | judged.shown)


_VERBS: dict[Verb, Callable[[Pull, Table, Asked], Judged]] = {
    Verb.ITEM: item,
    Verb.UNDO: closing.undo,
    Verb.DONE: closing.done,
    Verb.SPLIT: closing.split,
    Verb.WEIGHT: closing.weigh,
    Verb.BOX: closing.choose_box,
    Verb.PRINT: closing.print_again,
}
