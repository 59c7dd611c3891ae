"""Without JavaScript the page is complete: whatever it offers is a link that opens or a form that works, and its policy allows no
script but the site's own."""

import re
from html.parser import HTMLParser

import pytest
import time_machine
from django.contrib.staticfiles import finders

from orders.access import Tier, pass_for
from shipping.status import TrackingStatus
from tests.factories import NOW
from tests.states import Maker, all_of

pytestmark = pytest.mark.django_db
POLICY = {
    "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:", "font-src": "'self'",
    "connect-src": "'self'", "manifest-src": "'self'", "form-action": "'self'", "frame-src": "'self'", "frame-ancestors": "'none'",
    "base-uri": "'none'",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


class Page(HTMLParser):
    """What a page offers, and what would need a script or break the policy."""

    def __init__(self, html):
        super().__init__()
        self.ids, self.links, self.forms, self.files, self.wrong = set(), [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if "id" in found:
            if found["id"] in self.ids:
                self.wrong.append(f"two of #{found['id']}")
            self.ids.add(found["id"])
        self.wrong += [f"<{tag} {name}>" for name in found if name.startswith("on") or name == "style"]
        if "hidden" in found and tag != "input":
            self.wrong.append(f"<{tag} hidden> waits for a script")
        if tag == "style" or (tag == "script" and "src" not in found):
            self.wrong.append(f"inline <{tag}>")
        if tag == "a":
            self.links.append(found.get("href", ""))
        if tag in ("script", "link", "img"):
            self.files.append(found.get("src") or found.get("href"))
        if tag == "form":
            self.forms.append(
                {"method": found.get("method"), "action": found["action"], "sends": [], "fields": {}}
            )
        if tag in ("button", "input", "textarea", "select"):
            self._control(tag, found)

    def _control(self, tag, found):
        if not self.forms:
            self.wrong.append(f"<{tag}> in no form")
        elif tag == "button" and found.get("type", "submit") != "submit":
            self.wrong.append("a button that sends nothing")
        elif tag == "button":
            self.forms[-1]["sends"].append((found.get("name"), found.get("value")))
        elif "name" in found:
            self.forms[-1]["fields"][found["name"]] = found.get("value", "")


def shown(client, order, tier):
    client.cookies["tracking"] = pass_for(order, tier) if tier > Tier.LINK else ""
    answer = client.get(f"/t/{order.public_key}/")
    return answer, Page(answer.content.decode())


def test_every_link_and_form_of_every_state_works_by_itself(client):
    checked = set()
    for state, order in all_of("en", NOW).items():
        for tier in (Tier.LINK, Tier.PROVEN, Tier.CODE):
            _, page = shown(client, order, tier)
            assert not page.wrong, (state, tier, page.wrong)
            for link in page.links:
                if link.startswith("#"):
                    assert link[1:] in page.ids, (state, link)
                elif link.startswith(("/", "?")):
                    there = link if link.startswith("/") else f"/t/{order.public_key}/{link}"
                    assert client.get(there).status_code == 200, (state, link)
                else:
                    assert link.startswith(("mailto:", "tel:", "https://")), (state, link)
            for form in page.forms:
                assert form["method"] == "post" and form["sends"], (state, form)
                checked.add(re.sub(r"/t/[^/]+/|\?.*", "", form["action"]))
    assert checked == {"prove/", "code/", "code/enter/", "renew/", "rate/", "tell/"}


def test_every_form_is_heard_as_it_is_sent_by_a_browser_alone(client, monkeypatch):
    """Posted with nothing but what the page itself holds; what a person would type is left out, so that each says why not."""
    monkeypatch.setattr("tracker.views.visitor.PER_ADDRESS", 10**6)
    maker = Maker("en", NOW)
    said = {}
    for status in (TrackingStatus.DELIVERED, TrackingStatus.ATTEMPT_FAILED):
        order = maker.status(status)
        for tier in (Tier.LINK, Tier.PROVEN):
            _, page = shown(client, order, tier)
            for form in page.forms:
                what = re.sub(r"/t/[^/]+/|\?.*", "", form["action"])
                if what == "renew/":
                    continue
                for name, value in form["sends"]:
                    answer = client.post(form["action"], form["fields"] | ({name: value} if name else {}))
                    said.setdefault(what, set()).add(re.search(r"said=(\w+)", answer["Location"])[1])
    assert said == {
        "prove/": {"proof"},
        "rate/": {"rated"},
        "tell/": {"told"},
        "code/": {"code"},
        "code/enter/": {"nocode"},
    }


def test_the_policy_of_every_page_of_an_order(client):
    order = Maker("en", NOW).status(TrackingStatus.DELIVERED)
    client.cookies["tracking"] = pass_for(order, Tier.CODE)
    for path in ("", "live/", "views/", "app.webmanifest"):
        answer = client.get(f"/t/{order.public_key}/{path}")
        parts = (part.strip().partition(" ") for part in answer["Content-Security-Policy"].split(";"))
        assert {name: value for name, _, value in parts if name} == POLICY, path
        assert answer["Referrer-Policy"] == "no-referrer" and answer["X-Content-Type-Options"] == "nosniff"
    for path in ("/t/nothing/", "/"):
        assert "script-src 'self'" in client.get(path)["Content-Security-Policy"]


def test_what_the_page_loads_is_the_sites_own(client):
    _, page = shown(client, Maker("en", NOW).status(TrackingStatus.IN_TRANSIT), Tier.LINK)
    assert page.files
    for file in page.files:
        here = (
            finders.find(file.removeprefix("/static/").split("#")[0]) if file.startswith("/static/") else None
        )
        assert here or (file.startswith("/") and client.get(file).status_code == 200), file
