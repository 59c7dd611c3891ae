"""Every page of the admin in a real browser, found by itself: no violation, nothing too wide, nothing blocked."""

import re
from itertools import cycle

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.urls import NoReverseMatch, get_resolver, reverse

from orders.models import Purchase
from tests.test_browser_pages import DESK, PHONE, _sync_playwright_runs_a_loop, browser, visit
from tests.world import full_merchant

__all__ = ["_sync_playwright_runs_a_loop", "browser", "visit"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [(PHONE, "dark"), (DESK, "light"), (PHONE, "light"), (DESK, "dark")]


def pages(client) -> list[str]:
    """What the signed-in owner can open: of every kind of row its list, a row, the form for a new one, its own pages."""
    found = ["/admin/", "/admin/?board=warehouse", "/admin/shipping/"]
    own = [name for name in get_resolver().namespace_dict["admin"][1].reverse_dict if isinstance(name, str)]
    for model in admin.site._registry:
        label = f"{model._meta.app_label}_{model._meta.model_name}"
        first = model._default_manager.order_by("pk").first()
        for name in [name for name in own if name.startswith(f"{label}_")]:
            if re.search(r"_(delete|history|file|pdf|zpl|progress|json)$", name):
                continue
            for args in ([], [first.pk] if first else []):
                try:
                    found.append(reverse(f"admin:{name}", args=args))
                    break
                except NoReverseMatch:
                    continue
    bought = Purchase.objects.order_by("pk").values_list("pk", flat=True)[0]
    found.append(f"{reverse('admin:notifications_letter_ask')}?purchases={bought}")
    html = []
    for path in found:
        answer = client.get(path)
        if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
            html.append(path)
    return html


def test_every_page_of_the_admin(visit, client):
    full_merchant("shop")
    owner = get_user_model().objects.get(username="shop-owner")
    client.force_login(owner)
    opened = pages(client)
    for wanted in (
        "shipment/",
        "why/",
        "label/",
        "quarantinedreading/",
        "codemapping/",
        "pollstate/",
        "apitoken/",
        "carrieraccount/",
        f"coming/{Purchase.objects.order_by('pk')[0].pk}/",
        "answer/",
    ):
        assert any(path.endswith(f"/{wanted}") for path in opened), (wanted, opened)
    assert any("/ask/?purchases=" in path for path in opened)
    windows = [visit(viewport=viewport, color_scheme=scheme).sign_in(owner) for viewport, scheme in LOOKS]
    for window in windows:  # a page of work in progress reloads itself, and would do so under the eyes of axe
        window.page.route(
            "**/js/refresh*.js", lambda route: route.fulfill(body="", content_type="text/javascript")
        )
    wrong = []
    for path, window in zip(opened, cycle(windows), strict=False):
        window.open(path)
        try:
            window.check()
        except AssertionError as error:
            wrong.append(str(error)[:600])
            window.trouble.clear()
        if window.page.viewport_size["width"] != PHONE["width"]:
            window.page.set_viewport_size(PHONE)
            wide = window.page.evaluate("document.documentElement.scrollWidth") - PHONE["width"]
            if wide > 0:
                wrong.append(f"{path} is {wide} px too wide for a phone")
            window.page.set_viewport_size(DESK)
    assert not wrong, "\n\n".join(wrong)
