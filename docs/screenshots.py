"""Takes the README's pictures from a running portal with demo data: python docs/screenshots.py [folder]"""

import io
import os
import re
import sys
import tempfile
from pathlib import Path

import pypdfium2
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.portal import Portal, running  # noqa: E402

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 860}
TABLET = {"width": 1280, "height": 800}
FIND = """
from django.utils import timezone
from orders.models import Order
from shipping.models import Shipment
shown = Shipment.objects.filter(merchant__slug="olive-oak")
moving = shown.filter(tracking_status="in_transit", promised_to__gt=timezone.now()).order_by("-status_at").first()
failed = Shipment.objects.filter(tracking_status__in=["attempt_failed", "on_hold", "returning"]).order_by("tracking_status").first()
print(moving.order.public_key, failed.order.public_key)
"""


def save(picture: bytes, name: str, folder: Path, width: int = 1280) -> None:
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    if image.width > width:
        image = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
    image.quantize(192, kmeans=2, dither=Image.Dither.NONE).save(folder / f"{name}.png", optimize=True)
    print(f"{name}.png {(folder / f'{name}.png').stat().st_size // 1024} kB")


def launch(play: Playwright) -> Browser:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    return play.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=flags)


def open_page(browser: Browser, portal: Portal, viewport: dict, scheme: str = "light") -> Page:
    context = browser.new_context(
        base_url=portal.url, viewport=viewport, color_scheme=scheme, device_scale_factor=2
    )
    return context.new_page()


def sign_in(page: Page, name: str) -> None:
    page.goto("/admin/login/?next=/admin/")
    page.fill("#id_username", name)
    page.fill("#id_password", "try-tracker")
    page.press("#id_password", "Enter")
    page.wait_for_url(re.compile("/admin/$"))


def public_pages(browser: Browser, portal: Portal, folder: Path) -> None:
    moving, failed = portal.manage("shell", "-v0", "-c", FIND).split()
    for name, path, scheme in [
        ("tracking-phone", f"/t/{moving}/", "light"),
        ("tracking-phone-dark", f"/t/{failed}/", "dark"),
        ("lookup-phone", "/", "light"),
    ]:
        page = open_page(browser, portal, PHONE, scheme)
        page.goto(path)
        save(page.screenshot(), name, folder, 585)
    page = open_page(browser, portal, DESK)
    page.goto(f"/t/{moving}/")
    save(page.screenshot(), "tracking-desktop", folder)


def staff_pages(browser: Browser, portal: Portal, folder: Path) -> None:
    page = open_page(browser, portal, DESK)
    sign_in(page, "olive")
    for name, path in [
        ("admin-today", "/admin/"),
        ("admin-orders", "/admin/orders/order/"),
        ("admin-late", "/admin/shipping/latecase/"),
        ("admin-scorecard", "/admin/shipping/dailyfigure/"),
        ("outbox", "/dev/outbox/"),
    ]:
        if name == "outbox":
            send_some(page, portal)
        page.goto(path)
        save(page.screenshot(), name, folder)


def send_some(page: Page, portal: Portal) -> None:
    """Let parcels move until their customers have been told."""
    for _ in range(3):
        portal.manage("shell", "-v0", "-c", "from shipping.tasks import simulate; simulate()")
        page.wait_for_timeout(3_000)
    page.goto("/dev/outbox/")
    page.wait_for_function(
        "document.querySelectorAll('.mails li').length > 8 || location.reload()", polling=2_000
    )


def floor_pages(browser: Browser, portal: Portal, folder: Path) -> None:
    code, first, other, wave, manifest = portal.manage("shell", "-v0", "-c", FLOOR).split()
    for name, viewport, scheme, typed, outcome in [
        ("station", TABLET, "light", first, "right_item"),
        ("station-wrong-phone", PHONE, "dark", other, "wrong_item"),
    ]:
        page = open_page(browser, portal, viewport, scheme)
        sign_in(page, "pack")
        page.goto("/scan/")
        page.wait_for_selector("html[data-ready]")
        for text, said in ((code, "opened"), (typed, outcome)):
            page.keyboard.type(text)
            page.keyboard.press("Enter")
            page.wait_for_selector(f"#result.o-{said}")
        save(page.screenshot(), name, folder, 1280 if viewport is TABLET else 585)
    page = open_page(browser, portal, PHONE)
    sign_in(page, "pack")
    for name, path in [("pick-phone", f"/pick/{wave}/"), ("handover-phone", f"/handover/{manifest}/")]:
        page.goto(path)
        save(page.screenshot(), name, folder, 585)


FLOOR = """
from orders.models import Product
from shipping.models import Manifest, Shipment, Wave
open_ones = Shipment.objects.filter(merchant__slug="olive-oak", stage="open").order_by("pk")
ready = [parcel for parcel in open_ones if all(line.reserved >= line.quantity for line in parcel.order.lines.all())]
parcel = max(ready, key=lambda parcel: (parcel.lines.count(), -sum(line.quantity for line in parcel.lines.all())))
other = Product.objects.filter(merchant__slug="olive-oak").exclude(lines__order=parcel.order).first()
wave = Wave.objects.filter(merchant__slug="olive-oak", state="open").first()
manifest = Manifest.objects.filter(merchant__slug="olive-oak", state="open").first()
print(parcel.code, parcel.lines.first().order_line.sku, other.sku, wave.pk, manifest.pk)
"""


def paper(browser: Browser, portal: Portal, folder: Path) -> None:
    page = open_page(browser, portal, DESK)
    sign_in(page, "olive")
    page.goto("/admin/shipping/shipment/?stage__exact=open")
    for box in page.locator("input.action-select").all()[:9]:
        box.check()
    page.select_option("select[name=action]", label="Print slips and labels")
    page.click("button[name=index]")
    run = page.url
    page.wait_for_url(re.compile("/pdf/$"), timeout=60_000)  # it opens by itself, once
    page.goto(run)
    save(page.screenshot(), "print-run", folder)
    pdf = pypdfium2.PdfDocument(
        page.request.get(portal.url + page.locator("a.print-open").first.get_attribute("href")).body()
    )
    for index, name in [(0, "slip"), (1, "label")]:
        buffer = io.BytesIO()
        pdf[index].render(scale=150 / 72).to_pil().save(buffer, "PNG")
        save(buffer.getvalue(), name, folder, 900 if name == "slip" else 600)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as var, running(Path(var)) as portal, sync_playwright() as play:
        browser = launch(play)
        public_pages(browser, portal, folder)
        staff_pages(browser, portal, folder)
        floor_pages(browser, portal, folder)
        paper(browser, portal, folder)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images")
