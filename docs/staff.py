"""Pictures of every page that staff see: python docs/staff.py [folder, default var/staff] [part of a name ...]

Phone, desktop and wide screen, light and dark, as owner, warehouse and platform staff; the papers and the morning's mail
too. Each page is asked by axe as well, and whether it is wider than its window; what is wrong is said at the end. Pages are found
in the admin's registry, so a new one is in it. PORTAL=http://… takes them of a portal that runs already.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

import pypdfium2  # noqa: E402
from axe_playwright_python.sync_playwright import Axe  # noqa: E402
from playwright.sync_api import Browser, Error, Page, sync_playwright  # noqa: E402
from screenshots import launch, sign_in  # noqa: E402

from tests.portal import Portal, running  # noqa: E402

PHONE, DESK, WIDE = (
    {"width": 390, "height": 844},
    {"width": 1280, "height": 860},
    {"width": 1920, "height": 1080},
)
LOOKS = {
    "phone-light": (PHONE, "light"),
    "phone-dark": (PHONE, "dark"),
    "desk-light": (DESK, "light"),
    "desk-dark": (DESK, "dark"),
    "wide-light": (WIDE, "light"),
}
FIND = r"""
import re
from datetime import timedelta
from django.contrib import admin
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils import timezone
from notifications.models import Notice
from notifications import digest
from orders.models import Merchant, Purchase
from shipping.lateness import claims
from shipping.models import Claim, LateCase, LatePolicy, Manifest, Shipment, WhatIf, Wave
from shipping.tasks import make_claims

shop, now = Merchant.objects.get(slug="olive-oak"), timezone.now()
owed = Purchase.objects.filter(order__merchant=shop, arrived_at=None).first()
case = LateCase.objects.filter(merchant=shop, closed_at=None).order_by("-score").first()
if not Claim.objects.filter(case=case).exists():
    claims.ask_claim(case, amount=claims.worth(case.shipment), words="Lost on the way.", author="olive", now=now)
    make_claims()
if not WhatIf.objects.filter(merchant=shop).exists():
    from shipping.lateness import whatif
    whatif.ask(shop, {"promise_grace_days": 1, "later_days": 1}, asked_by="olive", now=now)
    whatif.answer_waiting(now=now)
policy, _new = LatePolicy.objects.get_or_create(merchant=shop)
policy.refresh_from_db()
digest.send(shop, policy, since=now - timedelta(days=1), now=now)

def tell(who, name, path):
    print(who, name, path, sep="\t")

for who, name, path in [
    ("olive", "today", "/admin/"), ("pack", "today-warehouse", "/admin/"), ("admin", "today-platform", "/admin/"),
    ("olive", "find", "/admin/find/?q=OO"), ("olive", "late-closed", "/admin/shipping/latecase/?state=closed"),
    ("olive", "late-one-rule", f"/admin/shipping/latecase/?rule={case.rule}"),
    ("olive", "late-nothing", "/admin/shipping/latecase/?q=nothing-like-this"),
    ("olive", "letter-customer", f"/admin/notifications/letter/write/?to=customer&cases={case.pk}"),
    ("olive", "letter-carrier", f"/admin/notifications/letter/write/?to=carrier&cases={case.pk}"),
    ("olive", "letter-supplier", f"/admin/notifications/letter/ask/?purchases={owed.pk}"),
    ("pack", "pick", "/pick/"), ("pack", "scan", "/scan/"), ("pack", "handover", "/handover/"),
    ("olive", "claim.pdf", f"/admin/shipping/latecase/{case.pk}/claim/"),
    ("olive", "scorecard.pdf", "/admin/shipping/dailyfigure/pdf/"),
    *[("olive", f"scorecard-{by}", f"/admin/shipping/dailyfigure/?by={by}") for by in ("service", "lane", "product", "week")],
]:
    tell(who, name, path)
own = [name for name in get_resolver().namespace_dict["admin"][1].reverse_dict if isinstance(name, str)]
for model in admin.site._registry:
    label = f"{model._meta.app_label}_{model._meta.model_name}"
    rows = model._default_manager.order_by("pk")
    mine = rows.for_merchant(shop) if hasattr(rows, "for_merchant") else rows
    first = case if model is LateCase else mine.first() or rows.first()
    for name in [name for name in own if name.startswith(f"{label}_")]:
        if re.search(r"_(delete|file|pdf|zpl|progress|json|csv|claim)$", name):
            continue
        for args in ([], [first.pk] if first else []):
            try:
                path = reverse(f"admin:{name}", args=args)
            except NoReverseMatch:
                continue
            tell("olive", name, path)
            break
"""


@contextmanager
def portal(folder: Path) -> Iterator[Portal]:
    if url := os.environ.get("PORTAL"):
        yield Portal(url, dict(os.environ))
    else:
        with running(folder) as started:
            yield started


def paper(page: Page, at: Portal, path: str, name: str, folder: Path) -> None:
    for number, sheet in enumerate(pypdfium2.PdfDocument(page.request.get(at.url + path).body())):
        sheet.render(scale=110 / 72).to_pil().save(folder / f"{name}-{number + 1}.png")


def morning(page: Page, at: Portal, folder: Path, look: str) -> None:
    """The newest morning's mail, as a mail program shows it."""
    page.goto(f"{at.url}/dev/outbox/?q=to look at")
    link = page.locator("a[href$='.eml/']").first
    if link.count():
        page.goto(f"{at.url}{link.get_attribute('href')}html/")
        page.screenshot(path=folder / f"morning-mail-{look}.png", full_page=True)


def faults(page: Page) -> Iterator[str]:
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        yield f"{wide} px too wide"
    for found in Axe().run(page).response["violations"]:
        if found["impact"] in ("serious", "critical"):
            yield f"{found['id']} {found['nodes'][0]['html'][:160]}"


def take(browser: Browser, at: Portal, pages: list[list[str]], folder: Path, wanted: list[str]) -> int:
    taken, wrong = 0, []
    for look, (viewport, scheme) in LOOKS.items():
        windows: dict[str, Page] = {}
        for who, name, path in pages:
            file = f"{name}-{look}.png"
            if wanted and not any(part in file for part in wanted):
                continue
            if who not in windows:
                context = browser.new_context(base_url=at.url, viewport=viewport, color_scheme=scheme)
                sign_in(windows.setdefault(who, context.new_page()), who)
            page = windows[who]
            if name.endswith(".pdf"):
                if look == "desk-light":
                    paper(page, at, path, name.removesuffix(".pdf"), folder)
                continue
            try:
                answer = page.goto(path)
            except Error:
                continue  # a door for forms alone
            if answer is None or answer.status != 200:
                continue
            page.wait_for_load_state("load")
            page.screenshot(path=folder / file, full_page=True)
            wrong += [f"{file}: {said}" for said in faults(page)]
            taken += 1
        if not wanted or any(part in f"morning-mail-{look}.png" for part in wanted):
            morning(browser.new_page(viewport=viewport, color_scheme=scheme), at, folder, look)
    if wrong:
        sys.exit("\n".join([f"{taken} pictures in {folder}", *wrong]))
    return taken


def main(folder: Path, wanted: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as var, portal(Path(var)) as at, sync_playwright() as play:
        pages = [line.split("\t") for line in at.manage("shell", "-v0", "-c", FIND).splitlines()]
        browser = launch(play)
        print(f"{take(browser, at, pages, folder, wanted)} pictures in {folder}")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "var" / "staff", sys.argv[2:])
