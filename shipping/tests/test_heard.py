"""Loss, damage and customs, in the carriers' codes and in their words."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from shipping.carriers.base import Reading
from shipping.lateness.blame import Journey, Span, blame
from shipping.lateness.cases import review
from shipping.lateness.heard import in_words, is_customs, is_damaged, is_lost
from shipping.lateness.rules import judge
from shipping.models import LateCase, Shipment
from shipping.tests.test_lateness import CALM
from shipping.tracking.record import record
from tests.factories import NOW, make_shipment

DAY = timedelta(days=1)
CODES = Path(__file__).parents[1] / "carriers" / "codes"
NUMBERED = {"Exception_004": "customs", "Exception_012": "damaged", "Exception_013": "lost"}
NAMED = ("lost", "damage", "customs")


def named() -> list[tuple[str, str, str]]:
    """(code, status, what it names) of every code in the tables that names loss, damage or customs."""
    found = []
    for path in sorted(CODES.glob("*.json")):
        for code, status in json.loads(path.read_text("utf-8"))["codes"].items():
            about = [what for what in NAMED if what in code.lower()] or [NUMBERED.get(code)]
            if about[0]:
                found.append((code, status, about[0].removesuffix("d")))
    return found


def told(code, status, message="See the carrier’s page for details"):
    return replace(
        CALM, promised_to=None, tracking_status=status, words=message, heard=f"{code} {message}"
    )  # fmt: skip


def test_the_tables_name_all_three():
    assert len(named()) > 25 and {about for _code, _status, about in named()} == {"lost", "damage", "customs"}


@pytest.mark.parametrize(("code", "status", "about"), named())
def test_a_code_is_enough_whatever_the_message_says(code, status, about):
    alarm = judge(told(code, status), NOW + 7 * DAY)
    words = f"{code} See the carrier’s page for details"
    held = Journey(
        NOW, NOW + 5 * DAY, NOW, NOW, NOW, NOW, [Span(status, NOW + DAY, NOW + 3 * DAY, words)]
    )  # fmt: skip
    customs = blame(held)["customs"] / 86_400
    if about == "customs" and status in ("on_hold", "delayed"):
        assert customs == 2 and is_customs(words)
        assert status != "on_hold" or alarm.rule == "customs"
    elif about == "customs":
        # The carrier says that it moves: its time is no hold, and the case, if there is one, is of something else.
        assert status == "in_transit" and customs == 0 and (alarm is None or alarm.rule == "silent")
    else:
        assert status == "exception" and alarm.rule == ("damaged" if about == "damage" else "lost")
        assert alarm.explanation.endswith("“See the carrier’s page for details”") and customs == 0


def test_a_code_is_taken_apart():
    assert in_words("InTransit_CustomsRequiringInformation") == "In Transit Customs Requiring Information"
    assert in_words("in_transit:package-damaged") == "in transit package damaged"


@pytest.mark.parametrize(
    "said",
    [
        "Exception_Other The parcel is not lost", "NotLost", "package_not_lost", "Missing address details",
        "Incorrect / missing documents", "House number is missing", "Exception_016 Vehicle issue", "Verlust ausgeschlossen",
    ],
)  # fmt: skip
def test_what_is_denied_or_of_something_else_is_not_lost(said):
    assert not is_lost(said)
    assert judge(told(said, "exception"), NOW + DAY).rule == "exception"


@pytest.mark.parametrize(
    "said", ["package_not_damaged", "Undamaged", "Delivered without visible damage", "unbeschädigt"]
)
def test_what_is_whole_is_not_damaged(said):
    assert not is_damaged(said)
    assert judge(told(said, "exception"), NOW + DAY).rule == "exception"


@pytest.mark.parametrize(
    "said",
    [
        "InTransit_CustomsReleased", "customs_cleared", "customs-release",
        "Clearance processing complete", "Your package was released by the customs agency.",
        "Zollabfertigung abgeschlossen", "通関手続完了", "海关放行", "تم التخليص الجمركي",
    ],
)  # fmt: skip
def test_what_customs_have_let_go_is_not_in_their_hands(said):
    assert not is_customs(said)
    assert judge(told(said, "on_hold"), NOW + 5 * DAY).rule == "on_hold"


@pytest.mark.parametrize(
    "said",
    [
        "The shipment is pending completion of customs inspection.", "Not yet released by customs", "Customs clearance not completed",
        "Will be delivered once released by customs", "清关未完成", "Customs: hold for release",
        "Must be cleared by customs", "customs_release_pending", "جمارك", "Inwards customs hold", "海关扣留",
    ],
)  # fmt: skip
def test_what_waits_to_be_let_go_is_in_their_hands(said):
    assert is_customs(said)
    assert judge(told(said, "on_hold"), NOW + 5 * DAY).rule == "customs"


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("包裹丢失", "lost"), ("荷物を紛失しました", "lost"), ("분실", "lost"), ("الشحنة مفقودة", "lost"),
        ("Посылка утеряна", "lost"),
        ("包裹破损", "damaged"), ("荷物が破損", "damaged"), ("파손", "damaged"), ("الطرد تالف", "damaged"),
        ("Посылка повреждена", "damaged"),
    ],
)  # fmt: skip
def test_loss_and_damage_in_other_scripts(said, rule):
    assert judge(told(said, "exception"), NOW + DAY).rule == rule


@pytest.mark.django_db
class TestStored:
    def parcel(self, merchant):
        shipment = make_shipment(merchant, carrier="DHL")
        Shipment.objects.filter(pk=shipment.pk).update(stage="handed_over", handed_over_at=NOW)
        return shipment

    def say(self, shipment, status, at, **more):
        record(
            [Reading(status, at, shipment_id=shipment.pk, **more)], merchant=shipment.merchant, now=at
        )  # fmt: skip

    def test_the_code_counts_and_the_message_is_shown(self, merchant):
        shipment = self.parcel(merchant)
        self.say(shipment, "exception", NOW + DAY, code="Exception_Lost", message="Under investigation")
        review(now=NOW + DAY + timedelta(hours=1))
        case = LateCase.objects.get()
        assert case.rule == "lost" and case.explanation == "The carrier calls it lost: “Under investigation”"

    def test_a_fine_word_that_only_the_payload_has_counts(self, merchant):
        """EasyPost keeps the carrier's own code, DHL the coarse one; what they mean stands beside it."""
        for payload in (
            {"status": "in_transit", "status_detail": "customs_hold"},
            {"statusCode": "transit", "status": "customs hold"},
        ):
            self.say(self.parcel(merchant), "on_hold", NOW + DAY, code="X1", message="Held", payload=payload)
        self.say(
            self.parcel(merchant),
            "on_hold",
            NOW + DAY,
            code="X1",
            payload={"status": {"type": "X", "code": "W"}},
        )
        review(now=NOW + 5 * DAY)
        rules = list(LateCase.objects.order_by("shipment_id").values_list("rule", flat=True))
        assert rules == ["customs", "customs", "on_hold"]

    def test_the_release_ends_what_customs_are_charged(self, merchant):
        shipment = self.parcel(merchant)
        end = (shipment.promised_to - NOW.date()) + NOW
        code = "InTransit_CustomsRequiringInformation"
        self.say(shipment, "on_hold", NOW + DAY, code=code, message="Papers, please")
        review(now=NOW + 5 * DAY)
        assert LateCase.objects.get().rule == "customs"
        self.say(
            shipment, "in_transit", NOW + 6 * DAY, code="InTransit_CustomsReleased", message="On its way"
        )
        late = max(end, NOW + 6 * DAY) + 9 * DAY
        review(now=late)
        case = LateCase.objects.get(closed_at=None)
        assert case.rule == "past_promise" and "customs" not in {one["rule"] for one in case.also}
        assert case.blame["customs"] == 5 * 86_400
