"""The page on a home screen, and the shop's own page with our small script in it, in a real browser."""

import http.server
import threading

import pytest
from django.utils import timezone

from tests.factories import make_merchant, make_shipment
from tests.test_browser_pages import _sync_playwright_runs_a_loop, browser, visit

__all__ = ["_sync_playwright_runs_a_loop", "browser", "visit"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_chromium_would_install_it(visit):
    order = make_shipment(make_merchant(name="Olive & Oak"), now=timezone.now()).order
    visitor = visit()
    page = visitor.open(f"/t/{order.public_key}/")
    tools = visitor.context.new_cdp_session(page)
    read = tools.send("Page.getAppManifest")
    assert (
        read["errors"] == []
        and order.number in read["data"]
        and read["url"].endswith("app.webmanifest?lang=en")
    )
    faults = [
        fault["errorId"] for fault in tools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    ]
    assert set(faults) <= {"in-incognito"}, "a test's window is a private one; nothing else stands in the way"
    assert not visitor.trouble


@pytest.fixture
def shops_page(live_server):
    """A page of somebody else's, on another origin."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = (
                "<!doctype html><html lang=de><title>Shop</title><h1>Mein Laden</h1>"
                f'<script src="{live_server.url}/static/embed/track.js" data-lang="de" data-label="Bestellnummer"'
                ' data-button="Wo ist meine Bestellung?" defer></script>'
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header(
                "Content-Security-Policy",
                f"default-src 'none'; script-src {live_server.url}; form-action {live_server.url}",
            )
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_shops_own_page_opens_the_lookup(visit, shops_page):
    order = make_shipment(make_merchant(), now=timezone.now()).order
    visitor = visit()
    page = visitor.page
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(shops_page)
    page.wait_for_selector(".tracker-form")
    foreign = [url for url in asked if not url.startswith(shops_page)]
    assert [url.rpartition("/")[2] for url in foreign] == ["track.js"], (
        "the script asks for nothing of its own"
    )
    assert page.locator("iframe").count() == 0 and not visitor.context.cookies()
    page.fill(".tracker-form input[name=number]", order.number)
    page.press(".tracker-form input[name=number]", "Enter")
    page.wait_for_url(f"**/track/?number={order.number}&lang=de")
    assert page.get_attribute("html", "lang") == "de" and page.input_value("#number") == order.number
    page.fill("#proof", order.ship_to.postal_code)
    page.press("#proof", "Enter")
    page.wait_for_url(f"**/t/{order.public_key}/?lang=de")
