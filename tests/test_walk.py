"""The main job end to end, in a browser, on a real portal with its real worker and broker: an order comes in by
CSV, its papers are printed, its parcel is scanned out, a carrier's webhook moves it, its customer is told and looks
it up, and when it is late it is listed."""

import hashlib
import hmac
import json
import os
import re
import time
import urllib.request
from datetime import UTC, datetime, timedelta

import pypdfium2
import pytest
import zxingcpp
from playwright.sync_api import Page, expect, sync_playwright

from tests.portal import running

pytestmark = pytest.mark.browser
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
HEAD = "order_id,placed_at,email,phone,name,address1,city,postal_code,country,sku,product_name,quantity,unit_price\n"
BROWSERS_OWN = ("chrome://", "chrome-extension://")
"""Chromium's viewer, in which the finished PDF of a print run opens, loads its own parts."""
NAME = "Zoë O’Brien-Müller 田中"


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    with running(tmp_path_factory.mktemp("walk")) as up:
        yield up


@pytest.fixture(scope="module")
def page(portal):
    with sync_playwright() as play:
        flags = [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
        ]
        browser = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        context = browser.new_context(base_url=portal.url)
        page = context.new_page()
        page.complaints = []
        page.on(
            "console",
            lambda said: (
                said.type == "error"
                and not said.location["url"].startswith(BROWSERS_OWN)
                and page.complaints.append(f"{said.text} {said.location['url']}")
            ),
        )
        page.on(
            "request",
            lambda sent: (
                sent.url.startswith((portal.url, "data:", *BROWSERS_OWN)) or page.complaints.append(sent.url)
            ),
        )
        yield page
        browser.close()


def sign_in(page: Page, name: str = "olive") -> None:
    page.goto("/admin/login/?next=/admin/")
    page.fill("#id_username", name)
    page.fill("#id_password", "try-tracker")
    page.click("input[type=submit], button[type=submit]")
    expect(page).to_have_url(re.compile("/admin/$"))


def wait_until(seconds: float, check) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.2)


def until(seconds, check, page: Page):
    """Reload until the check gives something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := check():
            return found
        time.sleep(0.5)
        page.reload()
    raise AssertionError(f"not within {seconds} s: {page.url}\n{page.inner_text('body')[:1500]}")


def webhook(portal, page, number: str, steps: list[tuple[str, datetime]], eta: str) -> int:
    page.goto("/admin/shipping/carrieraccount/")
    address = page.locator("td.field-webhook_address").first.inner_text()
    details = [
        {"status": status, "message": f"{status} scan", "datetime": at.isoformat(),
         "tracking_location": {"city": "Bremen", "country": "DE"}}
        for status, at in steps
    ]  # fmt: skip
    tracker = {
        "object": "Tracker",
        "tracking_code": number,
        "carrier": "DHL",
        "est_delivery_date": eta,
        "tracking_details": details,
    }
    body = json.dumps({"id": f"evt_{len(steps)}", "object": "Event", "result": tracker}).encode()
    signature = "hmac-sha256-hex=" + hmac.new(b"demo-secret", body, hashlib.sha256).hexdigest()
    request = urllib.request.Request(
        address, body, {"Content-Type": "application/json", "X-Hmac-Signature": signature}
    )
    with urllib.request.urlopen(request) as answer:
        return answer.status


def test_the_main_job(portal, page, tmp_path):
    now = datetime.now(UTC)
    sign_in(page)

    # In: a CSV of two orders, one of them bad.
    sheet = tmp_path / "orders.csv"
    row = f"WALK-1,{now:%Y-%m-%dT%H:%M}Z,walk@customers.example,+49 40 5551234,{NAME},Weg 1,Bremen,28195,DE,BOWL-M,,2,64.00\n"
    sheet.write_text(HEAD + row + row.replace("WALK-1", "WALK-2").replace(",DE,", ",Germany,"))
    page.goto("/admin/orders/importjob/add/")
    page.set_input_files("#id_file", str(sheet))
    page.click("input[name=_save]")
    page.wait_for_selector("text=Done", timeout=30_000)
    assert "Came in\n1" in page.inner_text("dl.figures") and "Refused\n1" in page.inner_text("dl.figures")
    assert "is no country code" in page.inner_text("table")

    # Paper: the order's slip and label as one PDF, made by the worker.
    page.goto("/admin/orders/order/?q=WALK-1")
    number = page.locator("th.field-number").inner_text()
    page.check("input.action-select")
    page.select_option("select[name=action]", label="Print slips and labels")
    page.click("button[name=index]")
    expect(page).to_have_url(re.compile("/printrun/"))
    run = re.match(r".*/printrun/\d+/", page.url)[0]  # the page opens the PDF by itself when it is there
    wait_until(60, lambda: page.request.get(run + "progress/").json()["finished"])
    pdf = page.request.get(run + "pdf/").body()
    document = pypdfium2.PdfDocument(pdf)
    assert len(document) == 2
    text = document[0].get_textpage().get_text_range()
    assert number in text and "Salad bowl" in text and "28195" in text and "64.00" not in text
    read = {
        str(code.format): code.text
        for sheet_page in document
        for code in zxingcpp.read_barcodes(sheet_page.render(scale=203 / 72).to_pil())
    }
    code = next(value for kind, value in read.items() if "128" in kind)
    public = next(value for kind, value in read.items() if "QR" in kind)
    assert re.fullmatch(r"P[0-9A-Z]{11}", code) and public.startswith(f"{portal.url}/t/")

    # Scan: pack, hand over; wrong, unknown and repeated say so.
    page.goto("/scan/?mode=pack")
    for mode, typed, says in [
        ("pack", code, "Packed"), ("pack", code, "Already packed"), ("handover", code, "Handed over"),
        ("handover", "MUG", "Not a parcel code"), ("handover", "P00000000000", "Unknown code"),
    ]:  # fmt: skip
        page.click(f"a[data-mode={mode}]")
        page.fill("#code", typed)
        page.press("#code", "Enter")
        expect(page.locator("#result .title")).to_have_text(says, timeout=10_000)

    # The carrier: its number on the parcel, then its signed webhook.
    page.goto(f"/admin/shipping/shipment/?q={code}")
    page.click("th.field-code a")
    page.fill("#id_tracking_number", "walk 0001")
    page.fill("#id_carrier", "DHL")
    page.click("input[name=_save]")
    yesterday = f"{now - timedelta(days=1):%Y-%m-%dT00:00:00Z}"
    assert webhook(portal, page, "WALK0001", [("in_transit", now + timedelta(seconds=1))], yesterday) == 200

    # Told: one mail for each status, by the worker.
    page.goto("/dev/outbox/?q=walk@customers.example")
    subject = f"On its way · Order {number}"
    until(60, lambda: subject in page.inner_text("body"), page)
    subjects = [line for line in page.inner_text("body").splitlines() if number in line]
    assert len(subjects) == len(set(subjects)) == 3, subjects

    # Customer: from order number and postcode to the page.
    page.context.clear_cookies()
    page.goto("/")
    page.fill("#number", number)
    page.fill("#proof", "28195")
    page.click("main button[type=submit]")
    expect(page).to_have_url(public)
    shown = page.inner_text("main")
    assert "Salad bowl" in shown and "Bremen" in shown and "On its way" in shown
    assert "walk@" not in shown and "Weg 1" not in shown
    page.goto(public)
    assert "Salad bowl" in page.inner_text("main")

    # Late: past the carrier's own date, so it is on the list.
    portal.manage("review_late")
    sign_in(page)
    page.goto(f"/admin/shipping/latecase/?q={code}")
    listed = page.inner_text("#result_list")
    assert code in listed and "Past its promise" in listed
    assert page.complaints == []


def test_demo_parcels_move_while_one_watches(portal):
    before = portal.manage("shell", "-v0", "-c", COUNT)
    portal.manage("shell", "-v0", "-c", "from shipping.tasks import simulate; simulate()")
    assert int(portal.manage("shell", "-v0", "-c", COUNT)) > int(before)


COUNT = "from shipping.models import TrackingEvent; print(TrackingEvent.objects.count())"
