"""A whole shift in a browser, on a real portal with its real worker: a wave is made and picked with one piece missing,
papers are printed, parcels are packed with each kind of mistake and for ten scans without a network, and handed over
onto a printed manifest. Then five hundred parcels are printed while one watches."""

import hashlib
import io
import json
import os
import re
import time

import pypdfium2
import pytest
import zxingcpp
from playwright.sync_api import expect, sync_playwright

from tests.portal import running
from tests.test_browser_pages import FLAGS

pytestmark = pytest.mark.browser
TABLET = {"width": 1280, "height": 800}
NAMES = [
    "Zoë O’Brien-Müller",
    "海苔 太郎",
    "فاطمة الزهراء",
    "Ada Lovelace",
    "Νίκος Παπαδόπουλος",
    "Grace Hopper",
]

SETUP = """
from decimal import Decimal
from django.utils import timezone
from orders.place import IncomingLine
from tests.factories import make_merchant, make_product, make_shipment, make_user
shop = make_merchant()
make_product(shop, "MUG-1", name="Blue mug", gtin="4006381333931", on_hand=2000, bin="A-01")
make_product(shop, "TEA-7", name="Green tea", on_hand=2000, bin="B-02")
make_product(shop, "CUP-9", name="Red cup", on_hand=5, bin="C-03")
make_user("bob", shop, "warehouse")
make_user("alice", shop)
now = timezone.now()
for name in {names!r}[:-1]:
    make_shipment(shop, now=now, placed_at=now, address={{"name": name}})
lines = (IncomingLine("TEA-7", 1, "Green tea", Decimal("4")), IncomingLine("CUP-9", 1, "Red cup", Decimal("7")))
make_shipment(shop, now=now, placed_at=now, address={{"name": {names!r}[-1]}}, lines=lines)
"""
MOVE = """
from orders.models import ShippingAddress
ShippingAddress.objects.filter(order__number={number!r}).update(line1="Neue Str. 9")
"""
MANY = """
from django.utils import timezone
from orders.models import Merchant
from tests.factories import make_shipment
shop = Merchant.objects.get()
for number in range(500):
    make_shipment(shop, now=timezone.now(), external_id=f"MANY-{number}", address={"name": f"Recipient {number} 田中"})
"""
COUNTS = """
import json
from collections import Counter
from shipping.models import Scan, Shipment
print(json.dumps([Counter(Shipment.objects.values_list("stage", flat=True)),
                  Counter(Scan.objects.values_list("outcome", flat=True)), Scan.objects.count()]))
"""


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    with running(tmp_path_factory.mktemp("shift"), demo=False) as up:
        up.manage("shell", "-v0", "-c", SETUP.format(names=NAMES))
        yield up


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture
def person(chromium, portal):
    opened = []

    def enter(name):
        context = chromium.new_context(base_url=portal.url, viewport=TABLET)
        opened.append(context)
        page = context.new_page()
        page.goto("/admin/login/?next=/admin/")
        page.fill("#id_username", name)
        page.fill("#id_password", "pw-for-tests")
        page.click("input[type=submit], button[type=submit]")
        expect(page).to_have_url(re.compile("/admin/$"))
        return page

    yield enter
    for context in opened:
        context.close()


def choose(page, label: str, *numbers: str) -> None:
    """An action of the orders' list, on these orders or on all of the page."""
    page.goto("/admin/orders/order/?o=-1")
    for number in numbers:
        page.check(f"tr:has-text('{number}') input.action-select")
    if not numbers:
        page.check("#action-toggle")
    page.select_option("select[name=action]", label=label)
    page.click("button[name=index]")


def finished(page, seconds: int = 60) -> bytes:
    """The PDF of the run whose page is open, once it is there and the page has opened it by itself."""
    run = re.match(r".*/printrun/\d+/", page.url)[0]
    deadline = time.monotonic() + seconds
    while not page.request.get(run + "progress/").json()["finished"]:
        assert time.monotonic() < deadline, page.inner_text("main, body")[:500]
        page.wait_for_timeout(200)
    answer = page.request.get(run + "pdf/")
    assert answer.headers["content-type"] == "application/pdf"
    while not page.url.endswith("/pdf/") and time.monotonic() < deadline:
        page.wait_for_timeout(100)  # else it would open over whatever the test goes to next
    return answer.body()


def texts(pdf: bytes) -> list[str]:
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)]


def codes(pdf: bytes) -> list[str]:
    """The Code 128 of each page, as a 203 dpi scanner sees it."""
    read = []
    for sheet in pypdfium2.PdfDocument(pdf):
        found = zxingcpp.read_barcodes(
            sheet.render(scale=203 / 72).to_pil(), formats=zxingcpp.BarcodeFormat.Code128
        )
        read.append(found[0].text)
    return read


class Table:
    def __init__(self, page):
        self.page = page
        page.goto("/scan/")
        page.wait_for_selector("html[data-ready]")

    def scan(self, code: str, outcome: str, words: str = "") -> None:
        self.page.keyboard.type(code)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector(f"#result.o-{outcome}" + (f" >> text={words}" if words else ""))

    def press(self, button: str, outcome: str, words: str = "") -> None:
        self.page.click(f".actions >> text={button}")
        self.page.wait_for_selector(f"#result.o-{outcome}" + (f" >> text={words}" if words else ""))


def test_a_full_shift(portal, person):
    bob = person("bob")

    # A wave of all orders, picked from the printed list.
    choose(bob, "Make a pick wave")
    expect(bob).to_have_url(re.compile("/admin/shipping/wave/1/"))
    bob.click("text=Print the pick list")
    (picks,) = texts(finished(bob))
    assert [bin_ for bin_ in ("A-01", "B-02", "C-03") if bin_ in picks] == ["A-01", "B-02", "C-03"]
    bob.goto("/pick/")
    bob.click("ul.loads a")
    for code, says in [
        ("NOPE", "Unknown code"), ("8*MUG-1", "Picked"), ("2*4006381333931", "Picked"), ("MUG-1", "You have all of these"),
        ("6*TEA-7", "Picked"),
    ]:  # fmt: skip
        bob.fill("#code", code)
        bob.press("#code", "Enter")
        bob.wait_for_selector(f".result >> text={says}")
    assert bob.text_content(".next-bin .bin").strip() == "C-03"
    bob.click("text=Not there")
    bob.check("#why-damaged")
    bob.click("text=Note it and go on")
    bob.wait_for_selector("text=1 piece noted as missing, 1 order waits for it")
    assert bob.is_visible("text=Take it to the packing table: 6 parcels")

    # Papers for what is to pack: the missing cup waits in a second parcel of its order.
    choose(bob, "Print packing slips")
    pdf = finished(bob)
    slips = {}
    for text, code in zip(texts(pdf), codes(pdf), strict=True):
        number = re.search(r"KIO-\w+", text)[0]
        slips.setdefault(number, []).append((code, text))
    *whole, short = sorted(slips)
    assert [len(slips[number]) for number in (*whole, short)] == [1, 1, 1, 1, 1, 2]
    assert "2 of 2" in slips[short][1][1] and "Red cup" in slips[short][1][1], "it waits in a second parcel"
    first, second, third, fourth, fifth = whole
    slip = {number: pages[0][0] for number, pages in slips.items()}

    # Meanwhile the office cancels one order and a customer's address changes.
    alice = person("alice")
    choose(alice, "Cancel the selected orders", fourth)
    alice.wait_for_selector("text=1 order is cancelled now")
    portal.manage("shell", "-v0", "-c", MOVE.format(number=fifth))

    # Packed, with each kind of mistake.
    table = Table(bob)
    table.scan("MUG-1", "no_parcel")
    table.scan(slip[fourth], "cancelled")
    table.scan(slip[fifth], "stale_slip", "Print a new slip")
    table.scan(slip[first], "opened")
    table.scan("MUG-1", "right_item", "2 to go")
    table.scan("CUP-9", "wrong_item")
    table.scan("NONSENSE", "unknown")
    table.scan(slip[second], "wrong_parcel", second)
    table.scan("(01)04006381333931(10)L7", "right_item", "1 to go")
    table.scan("MUG-1", "too_many")
    table.press("Undo", "undone")
    table.press("Done", "not_packed")
    table.scan("4006381333931", "right_item")
    table.scan("TEA-7", "right_item", "All is in")
    table.press("Done", "packed")
    table.scan(slip[first], "repeated")

    # Ten scans without a network: judged here, sent later, each applied once.
    bob.evaluate(
        """new Promise((done) => {
            if (navigator.serviceWorker.controller) done();
            navigator.serviceWorker.addEventListener("controllerchange", () => done());
        })"""
    )
    bob.wait_for_timeout(1000)
    *_, before = counts(portal)
    bob.context.set_offline(True)
    table.scan(slip[second], "opened", "Not sent yet")
    table.scan("2*MUG-1", "right_item", "1 to go")
    table.scan("CUP-9", "wrong_item")
    table.scan("TEA-7", "right_item", "All is in")
    table.press("Done", "packed")
    table.scan(slip[third], "opened")
    table.scan("MUG-1", "right_item")
    table.scan("MUG-1", "right_item")
    table.scan("TEA-7", "right_item", "All is in")
    table.press("Done", "packed")
    bob.wait_for_selector("text=10 waiting to be sent")
    assert counts(portal)[2] == before
    bob.context.set_offline(False)
    bob.wait_for_selector("#waiting", state="hidden", timeout=20_000)
    stages, _, after = counts(portal)
    assert after == before + 10
    assert stages == {"packed": 3, "void": 1, "open": 3}
    assert bob.is_hidden("#notes"), "the server judged as the station had"

    # Handed over: onto a carrier's manifest, closed, printed.
    bob.goto("/handover/")
    bob.fill("#id_carrier", "DHL")
    bob.fill("#id_driver", "Yıldız Öztürk")
    bob.click("text=Open and scan")
    for number in (first, second, third):
        bob.fill("#code", slip[number])
        bob.press("#code", "Enter")
        bob.wait_for_selector(f".result.tone-good:has-text('{slip[number][:12]}')")
    bob.click("text=Close: the driver signs")
    bob.click("button.go")
    bob.click("text=Yes, close it")
    bob.wait_for_selector("text=the carrier has scanned 0 of 3")
    bob.click("text=Print the manifest")
    pdf = finished(bob)
    (paper,) = (" ".join(text.split()) for text in texts(pdf))
    for words in (
        "Hand-over manifest",
        "DHL",
        "Yıldız Öztürk",
        *(slip[number][:12] for number in (first, second, third)),
    ):
        assert words in paper
    assert slip[fifth][:12] not in paper
    stages, outcomes, _ = counts(portal)
    assert stages == {"handed_over": 3, "void": 1, "open": 3}
    for kind in ("no_parcel", "cancelled", "stale_slip", "wrong_item", "unknown", "wrong_parcel", "too_many", "undone",
                 "not_packed", "repeated"):  # fmt: skip
        assert outcomes[kind], f"the {kind} scan is a row too"


def counts(portal):
    return json.loads(portal.manage("shell", "-v0", "-c", COUNTS))


def test_five_hundred_parcels_are_printed_while_one_watches(portal, person):
    portal.manage("shell", "-v0", "-c", MANY)
    total = counts(portal)[0]["open"]
    bob = person("bob")
    bob.goto("/admin/shipping/shipment/?stage__exact=open")
    bob.check("#action-toggle")
    bob.click(".actions .question a")
    bob.select_option("select[name=action]", label="Print slips and labels")
    bob.click("button[name=index]")
    expect(bob).to_have_url(re.compile("/printrun/"))
    seen, paces = set(), set()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not bob.url.endswith("/pdf/"):
        try:
            seen.add(int(bob.locator("#print-progress").get_attribute("value", timeout=300)))
            paces.add(bob.locator("#print-pace").inner_text(timeout=300))
        except Exception:
            continue
        time.sleep(0.1)
    assert len({value for value in seen if 0 < value < total}) >= 3, seen
    assert any(re.fullmatch(r"[\d.]+ pages a second, \d+ s left", pace) for pace in paces), paces
    pdf = finished(bob)
    assert len(pypdfium2.PdfDocument(io.BytesIO(pdf))) == 2 * total
    bob.goto(bob.url.removesuffix("pdf/") + "change/")
    assert hashlib.sha256(pdf).hexdigest() == bob.inner_text("code.hash")
    bob.wait_for_timeout(1500)
    assert bob.url.endswith("/change/"), "the result opens by itself once, not each time"
    bob.goto("/admin/shipping/shipment/?printed=no")
    told = time.monotonic() + 60  # the parcels are told of it after the PDF is there, part by part
    while bob.locator("#result_list tbody tr").count() and time.monotonic() < told:
        bob.wait_for_timeout(500)
        bob.reload()
    assert not bob.locator("#result_list tbody tr").count()
