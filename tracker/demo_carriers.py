"""The demo's carriers: who takes which part of a shop's parcels, how quick it is, and tracking numbers in its own format
with a right check digit. Nobody is ever asked about them: the simulator says what becomes of these parcels."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

from shipping.carriers.checks import verify
from shipping.carriers.formats import formats


@dataclass(frozen=True)
class Courier:
    """`serial` is a number's form without its check digit, # for any digit; `share` is of the shop's parcels; `pace` stretches the
    hours between two scans, and `stuck` is the share of parcels that take STUCK times as long."""

    name: str
    format: str
    serial: str
    share: int
    pace: float
    stuck: float
    before: str = ""
    after: str = ""

    def number(self, seed: str) -> str:
        draw = random.Random(seed)
        serial = "".join(str(draw.randrange(10)) if char == "#" else char for char in self.serial)
        (rule,) = (known.rule for known in formats() if known.name == self.format and known.rule)
        check = next(char for char in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" if verify(rule, serial, char))
        return f"{self.before}{serial}{check}{self.after}"


def _dhl(share: int, pace: float, stuck: float) -> Courier:
    return Courier("DHL", "DHL Express", "#########", share, pace, stuck)


def _dpd(share: int, pace: float, stuck: float) -> Courier:
    return Courier("DPD", "DPD (14)", "01475#########", share, pace, stuck)


def _ups(share: int, pace: float, stuck: float) -> Courier:
    return Courier("UPS", "UPS", "9X9D3W66#######", share, pace, stuck, before="1Z")


def _fedex(share: int, pace: float, stuck: float) -> Courier:
    return Courier("FedEx", "FedEx Express (12)", "###########", share, pace, stuck)


def _post(name: str, country: str, share: int, pace: float, stuck: float) -> Courier:
    return Courier(name, "S10", "########", share, pace, stuck, before="CP", after=country)


COURIERS = {
    "olive-oak": [_dhl(9, 1.2, 0.08), _dpd(7, 1.7, 0.4), _ups(4, 1.6, 0.3), _fedex(2, 0.9, 0)],
    "nori": [_post("Japan Post", "JP", 9, 1.1, 0.06), _ups(7, 1.6, 0.25), _dhl(4, 1.3, 0.1), _fedex(2, 1.4, 0.3)],
    "sahara": [_post("Egypt Post", "EG", 9, 1.8, 0.35), _dhl(7, 1.1, 0.08), _ups(5, 1.4, 0.2)],
}  # fmt: skip
SERVICES = {"express": 0.6, "standard": 1.0, "economy": 1.5}
"""How much they stretch those hours."""
ABROAD = 1.5  # across a border
STUCK = 3


def in_turn(slug: str) -> Iterator[Courier]:
    """The shop's carriers again and again, each as often as its share and well mixed."""
    turns = [((turn + 0.5) / one.share, one.name, one) for one in COURIERS[slug] for turn in range(one.share)]
    return cycle([one for _, _, one in sorted(turns, key=lambda turn: turn[:2])])


def pace_of(courier: Courier, service: str, *, abroad: bool, draw: random.Random) -> float:
    pace = courier.pace * SERVICES[service] * (ABROAD if abroad else 1)
    return pace * STUCK if draw.random() < courier.stuck else pace
