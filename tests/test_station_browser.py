"""The station in a real browser: a shift at the packing table with each kind of mistake, hours without a network,
the camera."""

import io
import os
import time
import uuid

import pytest
import zxingcpp
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from orders.lifecycle import change_status
from orders.place import IncomingLine
from shipping.documents.contexts import contexts_for
from shipping.models import Box, Scan, Shipment
from shipping.warehouse.gs1 import read
from shipping.warehouse.scanning import scan
from tests.factories import make_product, make_shipment, make_user
from tests.test_browser_pages import (  # noqa: F401
    FLAGS,
    NAMES,
    PHONE,
    Visitor,
    _sync_playwright_runs_a_loop,
    browser,
    shop,
    visit,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TABLET = {"width": 1280, "height": 800}
MUG, TEA = "4006381333931", "9501101020917"


@pytest.fixture
def stocked(shop):  # noqa: F811
    make_product(shop, "MUG-1", name="Blue mug", gtin=MUG, weight_g=400, on_hand=500)
    make_product(shop, "TEA-7", name="Green tea", gtin=f"0{TEA}", weight_g=100, on_hand=500)
    make_product(shop, "CUP-9", name="Red cup", on_hand=5)
    return shop


def slip_of(parcel):
    slip = contexts_for(parcel.merchant, [parcel.pk])[0].slip
    return slip.code + slip.hash


class Station:
    def __init__(self, visitor, path="/scan/"):
        self.visitor, self.page = visitor, visitor.open(path)
        self.page.wait_for_selector("html[data-ready]")
        self.offline = False

    def pull(self, code):
        self.page.keyboard.type(code)
        self.page.keyboard.press("Enter")

    def expect(self, code, outcome, words=""):
        """Pull the trigger and read the answer: the server's, unless the table has no network.

        The page says what it thinks itself when the server takes its time, so it is asked twice.
        """
        said = f"#result.o-{outcome} >> text={words}" if words else f"#result.o-{outcome}"
        self.pull(code)
        self.page.wait_for_selector(said)
        if not self.offline:
            self.heard()
            self.page.wait_for_selector(said)

    def heard(self):
        """Wait until the server has answered every scan that this browser keeps."""
        kept = "async () => (await (await import('/static/js/scan/kept.js')).scans()).length"
        deadline = time.monotonic() + 20
        while self.page.evaluate(kept):
            assert time.monotonic() < deadline, self.page.inner_text("#waiting")
            self.page.wait_for_timeout(50)

    def ready_to_go_away(self):
        """Installed, and with the parcels that come next: both happen when the page has nothing else to do."""
        self.page.evaluate(
            """new Promise((done) => {
                const { serviceWorker } = navigator;
                if (serviceWorker.controller) done();
                serviceWorker.addEventListener("controllerchange", () => done());
            })"""
        )
        self.page.wait_for_timeout(800)

    def away(self):
        self.offline = True
        self.visitor.context.set_offline(True)

    def back(self):
        self.visitor.trouble.clear()  # Chromium logs each request that failed
        self.visitor.context.set_offline(False)
        self.offline = False

    def sent(self):
        self.page.wait_for_selector("html[data-ready]", timeout=20_000)
        self.page.wait_for_selector("#waiting", state="hidden", timeout=15_000)
        self.visitor.trouble.clear()

    def again(self):
        """Close the page and open it as from the home screen."""
        self.page.reload()
        self.page.wait_for_selector("html[data-ready]", timeout=20_000)


@pytest.fixture
def at_table(visit, stocked):  # noqa: F811
    def sit(name="bob", viewport=TABLET, path="/scan/", **options):
        from orders.models import User

        user = User.objects.filter(username=name).first() or make_user(name, stocked, "warehouse")
        return Station(visit(viewport=viewport, **options).sign_in(user), path)

    return sit


def test_a_shift_with_each_kind_of_mistake(at_table, stocked):
    now = timezone.now()
    parcel, other, third = (make_shipment(stocked, now=now) for _ in range(3))
    table = at_table()
    page = table.page
    table.visitor.check()
    page.click("#settings summary")
    page.fill("#settings [data-setting=name]", "Table 1")
    page.click("#settings button")
    table.expect("MUG-1", "no_parcel", "Scan a slip first")
    table.expect(slip_of(parcel), "opened", "Pack this parcel")
    assert page.locator(".lines li").count() == 2
    table.expect("MUG-1", "right_item", "2 to go")
    table.expect("CUP-9", "wrong_item", "Red cup does not belong")
    table.expect(f"(01)0{MUG}(10)L7", "right_item", "1 to go")
    table.expect("MUG-1", "too_many", "Too many")
    table.expect(slip_of(other), "wrong_parcel", other.order.number)
    table.expect("NONSENSE", "unknown", "Unknown code")
    table.visitor.check()
    page.click(".actions >> text=Undo")
    page.wait_for_selector("#result.o-undone >> text=Taken back")
    page.click(".actions >> text=Done")
    page.wait_for_selector("#result.o-not_packed >> text=2 still missing")
    table.expect("MUG-1", "right_item")
    table.expect(TEA, "right_item", "All is in")
    page.fill("#weight", "1500")
    page.keyboard.press("Enter")
    page.wait_for_selector("#result >> text=heavier than it should be")
    page.fill("#weight", "910")
    page.keyboard.press("Enter")
    page.wait_for_selector("#result >> text=Weight noted")
    page.click(".actions >> text=Done")
    page.wait_for_selector("#result.o-packed")
    page.wait_for_selector("#papers >> text=Printing")
    assert page.is_hidden("#bench")
    table.expect(slip_of(parcel), "repeated", "by bob")
    change_status(other.order_id, "cancelled", actor="x", now=now)
    table.expect(other.code, "cancelled", "keep it here")
    old = slip_of(third)
    third.order.ship_to.__class__.objects.filter(order=third.order).update(city="Bremen")
    table.expect(old, "stale_slip", "Print a new slip")
    page.click("text=Print a new slip")
    page.wait_for_selector("#result >> text=Printing")
    parcel.refresh_from_db()
    assert (parcel.stage, parcel.weight_g) == ("packed", 910)
    assert set(Scan.objects.values_list("station", flat=True)) == {"Table 1"}
    table.visitor.check()


def test_split_and_box_at_the_table(at_table, stocked):
    Box.objects.create(merchant=stocked, name="Small", code="BOX-S", weight_g=150)
    parcel = make_shipment(stocked, now=timezone.now())
    table = at_table()
    table.expect(parcel.code, "opened")
    table.page.click("[aria-label='One Blue mug is in']")
    table.page.wait_for_selector("#result.o-right_item")
    table.expect("BOX-S", "opened", "Box chosen")
    assert table.page.locator("#box option:checked").text_content() == "Small"
    table.page.click("[aria-label='Take back one Blue mug']")
    table.page.wait_for_selector("#result.o-undone")
    table.page.click("[aria-label='One Blue mug is in']")
    table.page.wait_for_selector("#result.o-right_item")
    table.page.click(".actions >> text=Split")
    table.page.wait_for_selector("#result >> text=Split")
    table.page.wait_for_selector(".left >> text=All in")
    table.page.click(".actions >> text=Done")
    table.page.wait_for_selector("#bench h2 >> text=parcel 2")
    assert set(Shipment.objects.values_list("position", "stage")) == {(1, "packed"), (2, "open")}
    assert Shipment.objects.get(position=1).weight_g == 550


def test_ten_scans_without_a_network_are_applied_once_in_order(at_table, stocked):
    now = timezone.now()
    lines = (IncomingLine("MUG-1", 4), IncomingLine("TEA-7", 2))
    first, second = make_shipment(stocked, now=now, lines=lines), make_shipment(stocked, now=now)
    table = at_table()
    page = table.page
    table.ready_to_go_away()
    table.away()
    table.expect(slip_of(first), "opened", "Not sent yet")
    table.expect("MUG-1", "right_item", "5 to go")
    table.expect("CUP-9", "wrong_item")
    table.expect("3*MUG-1", "right_item", "2 to go")
    table.expect("MUG-1", "too_many")
    table.expect(slip_of(second), "wrong_parcel")
    page.wait_for_selector("text=6 waiting to be sent")
    table.again()
    page.wait_for_selector("text=6 waiting to be sent")
    assert page.text_content(".left") == "2 to go", "the parcel is still on the bench, with what is in it"
    table.expect(TEA, "right_item")
    table.expect(f"]d2010{TEA}", "right_item", "All is in")
    page.click(".actions >> text=Done")
    page.wait_for_selector("#result.o-packed")
    table.expect(second.code, "opened")
    page.wait_for_selector("text=10 waiting to be sent")
    assert not Scan.objects.exists()
    page.click("#waiting summary")
    assert page.locator("#waiting li").all_inner_texts()[1].startswith("MUG-1")
    table.back()
    table.sent()
    rows = list(Scan.objects.order_by("pk").values_list("outcome", flat=True))
    assert rows == [
        "opened", "right_item", "wrong_item", "right_item", "too_many", "wrong_parcel", "right_item", "right_item",
        "packed", "opened",
    ]  # fmt: skip
    assert list(first.lines.values_list("packed", flat=True)) == [4, 2]
    moments = list(Scan.objects.order_by("pk").values_list("scanned_at", flat=True))
    assert moments == sorted(moments) and len(set(moments)) == 10
    assert page.is_hidden("#notes"), "all was as the station had judged it"
    assert page.text_content("#bench h2").startswith(f"Order {second.order.number}")
    table.again()
    assert Scan.objects.count() == 10


def test_what_somebody_else_did_meanwhile_comes_back(at_table, stocked):
    parcel = make_shipment(stocked, now=timezone.now())
    alice = make_user("alice", stocked)
    table = at_table()
    table.expect(slip_of(parcel), "opened")
    table.away()
    for code in ("MUG-1", "MUG-1", "TEA-7"):
        table.expect(code, "right_item")
    scan(user=alice, code=parcel.code, mode="pack", client_id=uuid.uuid4(), now=timezone.now())
    table.back()
    table.sent()
    notes = table.page.locator("#notes li")
    assert notes.count() == 3 and "by alice" in notes.first.inner_text()
    table.visitor.check()
    table.again()
    assert notes.count() == 3, "until somebody has seen them"
    for left in (2, 1, 0):
        notes.first.locator("text=Seen").click()
        expect(notes).to_have_count(left)
    assert table.page.is_hidden("#notes")


def test_signed_out_keeps_the_scans_and_another_person_does_not_send_them(at_table, stocked, visit):  # noqa: F811
    parcel = make_shipment(stocked, now=timezone.now())
    table = at_table()
    table.expect(parcel.code, "opened")
    table.visitor.context.clear_cookies()
    table.pull("MUG-1")
    table.page.wait_for_selector("#waiting >> text=You are signed out. Nothing is lost.")
    assert "next=/scan/" in table.page.get_attribute("#waiting .login", "href")
    table.visitor.sign_in(make_user("carol", stocked, "warehouse"))
    table.page.goto(table.visitor.base + "/scan/")
    table.page.wait_for_selector("text=1 of bob wait here until bob signs in")
    table.page.wait_for_timeout(500)
    assert Scan.objects.filter(code="MUG-1").count() == 0
    table.visitor.context.clear_cookies()
    from orders.models import User

    table.visitor.sign_in(User.objects.get(username="bob"))
    table.page.goto(table.visitor.base + "/scan/")
    table.sent()
    assert Scan.objects.get(code="MUG-1").operator.username == "bob"


def test_a_form_token_that_has_changed_loses_nothing(at_table, stocked):
    parcel = make_shipment(stocked, now=timezone.now())
    table = at_table()
    table.expect(parcel.code, "opened")
    cookies = [cookie for cookie in table.visitor.context.cookies() if cookie["name"] != "csrftoken"]
    table.visitor.context.clear_cookies()
    table.visitor.context.add_cookies(cookies)
    table.expect("MUG-1", "right_item", "2 to go")
    assert Scan.objects.filter(code="MUG-1").count() == 1
    table.visitor.trouble.clear()


def test_an_answer_that_was_lost_is_asked_for_again(at_table, stocked):
    shipment = make_shipment(stocked, now=timezone.now())
    table = at_table(path="/scan/?mode=pack")
    lost = []

    def lose_the_first_answer(route):
        if lost or route.request.method != "POST":
            return route.continue_()
        lost.append(route.fetch())
        return route.abort()

    table.page.route("**/scan/", lose_the_first_answer)
    table.pull(shipment.code)
    table.page.wait_for_selector("#recent >> text=Packed", timeout=10_000)
    assert Scan.objects.count() == 1 and Shipment.objects.get().stage == "packed"


def test_scanning_without_a_script(visit, stocked):  # noqa: F811
    visitor = visit(java_script_enabled=False).sign_in(make_user("bob", stocked, "warehouse"))
    shipment = make_shipment(stocked, now=timezone.now())
    page = visitor.open("/scan/?mode=pack")
    page.fill("#code", shipment.code)
    page.click("text=Go")
    assert page.is_visible("#result.tone-good >> text=Packed")
    second = make_shipment(stocked, now=timezone.now())
    page = visitor.open("/scan/")
    for code in (second.code, "2*MUG-1", "TEA-7"):
        page.fill("#code", code)
        page.click("text=Go")
    page.click(".actions >> text=Done")
    assert page.is_visible("#result.o-packed")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, TABLET], ids=["phone", "tablet"])
def test_long_names_in_any_script_fit(at_table, stocked, viewport, scheme):
    names = [*NAMES, "เสื้อเชิ้ตแขนยาวผ้าฝ้ายสีน้ำเงินเข้มขนาดใหญ่พิเศษสำหรับผู้ชาย", "ยาว" * 40]
    for number, name in enumerate(names):
        make_product(stocked, f"LONG-{number}", name=name, on_hand=50)
    lines = tuple(IncomingLine(f"LONG-{number}", 12, name) for number, name in enumerate(names))
    parcel = make_shipment(stocked, now=timezone.now(), lines=lines)
    table = at_table(viewport=viewport, color_scheme=scheme)
    table.visitor.check()
    table.expect(parcel.code, "opened")
    table.visitor.check()
    for code, outcome in (("12*LONG-0", "right_item"), ("LONG-0", "too_many"), ("CUP-9", "wrong_item")):
        table.expect(code, outcome)
        table.visitor.check()


# --- codes: the page reads them as the server does, and the camera finds them --------------------------------------

CODES = [
    "MUG-1", MUG, "95050003", "614141000036", "4006381333932", f"(01)0{MUG}(10)A(21)B", f"]C1010{MUG}10A\x1d21B",
    f"010{MUG}10A|21B", f"010{MUG}17260100", "(01)09501101020918", "]C1banana", f"(02)0{MUG}(37)12", "A|B", "(BLUE) MUG",
    f"]Q3010{MUG}^]", "ΚΟΥΠΑ", "00000000", "]E04006381333931", "(37)many",
]  # fmt: skip


def test_the_page_reads_codes_as_the_server_does(at_table):
    table = at_table()
    read_here = "async (codes) => { const { read } = await import('/static/js/scan/gs1.js'); return codes.map(read); }"
    for code, said in zip(CODES, table.page.evaluate(read_here, CODES), strict=True):
        item = read(code)
        assert (said["gtin"], said["pieces"], said["misread"]) == (item.gtin, item.pieces, item.misread), code
        if not item.gtin and not item.misread:
            assert said["text"] == item.text, code


def code_picture(text, width=900, height=500, kind=zxingcpp.BarcodeFormat.Code128):
    bars = Image.fromarray(zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(text, kind), scale=3))
    scene = Image.new("RGB", (width, height), "white")
    scene.paste(bars.convert("RGB"), ((width - bars.width) // 2, (height - bars.height) // 2))
    return scene


def test_the_pages_decoder_reads_a_picture(at_table):
    table = at_table()
    shown = io.BytesIO()
    code_picture("P0123456789AX7QZ").save(shown, "PNG")

    look = """async (data) => {
        const { makeReader } = await import("/static/js/scan/camera.js");
        const reader = await makeReader(document.querySelector("main").dataset, null);
        const bitmap = await createImageBitmap(await (await fetch(data)).blob());
        const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
        const pen = canvas.getContext("2d");
        pen.drawImage(bitmap, 0, 0);
        return reader(pen.getImageData(0, 0, bitmap.width, bitmap.height));
    }"""
    path = "/static/test-code.png"
    table.page.route(
        f"**{path}", lambda route: route.fulfill(body=shown.getvalue(), content_type="image/png")
    )
    assert table.page.evaluate(look, path) == "P0123456789AX7QZ"
    assert not table.visitor.trouble


def test_the_camera_packs_a_parcel(browser, stocked, live_server, tmp_path):  # noqa: F811
    parcel = make_shipment(stocked, now=timezone.now())
    frame = io.BytesIO()
    code_picture(slip_of(parcel), 640, 480).save(frame, "JPEG", quality=92)
    film = tmp_path / "film.mjpeg"
    film.write_bytes(frame.getvalue() * 4)
    camera = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    chrome = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with browser.browser_type.launch(executable_path=chrome, args=FLAGS + camera) as with_camera:
        visitor = Visitor(with_camera, live_server, permissions=["camera"])
        table = Station(visitor.sign_in(make_user("bob", stocked, "warehouse")))
        table.page.click("#shutter")
        table.page.wait_for_selector("#result.o-opened", timeout=20_000)
        table.page.wait_for_timeout(1500)
        assert Scan.objects.count() == 1, "a code that stays in sight is one scan"
        table.page.click("#shutter")
        assert table.page.is_hidden("#camera") and not visitor.trouble
