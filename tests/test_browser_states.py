"""Every state of the tracking page in a real browser: three answers above the fold of a small phone, nothing that an assistive
tool trips over, and one order for the eye, the keyboard and the screen reader."""

import itertools

import pytest
from django.conf import settings
from django.utils import timezone

from orders.access import Tier, pass_for
from shipping.models import LearnedTransit
from shipping.promise.audit import key_of
from tests.states import SHOPS, all_of
from tests.test_browser_pages import DESK, PHONE, _sync_playwright_runs_a_loop, browser, visit

__all__ = ["_sync_playwright_runs_a_loop", "browser", "visit"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SMALL = {"width": 360, "height": 640}
ANSWERS = """() => ['#headline', '.hero .when', '.hero .where', '#next'].map((one) => document.querySelector(one))
  .map((found) => found && found.textContent.trim() ? Math.ceil(found.getBoundingClientRect().bottom) : 9999)"""
LOOKS = [("en", PHONE, "dark"), ("de", DESK, "light"), ("ar", PHONE, "light"), ("ja", DESK, "dark")]


def learned(shop, country):
    """The shop has a record on its route: one line more above the fold."""
    LearnedTransit.objects.create(
        merchant=shop, fitted_at=timezone.now(), parcels=0, level_half=0.5, level_most=0.9, data=b"",
        kept={key_of("DHL", country): [91, 100]}, silences={},
    )  # fmt: skip


def show(visitor, order, tier):
    """As somebody sees it who has proved that much."""
    path = f"/t/{order.public_key}/"
    if tier > Tier.LINK:
        cookie = {"name": "tracking", "value": pass_for(order, tier), "url": visitor.base + path}
        visitor.context.add_cookies([cookie])
    return path


def test_where_when_and_what_to_do_stand_above_the_fold_in_every_state_and_language(visit):
    made = all_of("de", timezone.now())
    learned(made["late"].merchant, "DE")
    visitor, low = visit(viewport=SMALL), {}
    for language, _ in settings.LANGUAGES:
        for state, order in made.items():
            page = visitor.open(f"/t/{order.public_key}/?lang={language}")
            bottoms = page.evaluate(ANSWERS)
            if max(bottoms) > SMALL["height"]:
                low[language, state] = bottoms
    assert not low and len(made) >= 27


@pytest.mark.parametrize(("language", "viewport", "scheme"), LOOKS)
def test_every_state_can_be_used_by_everybody(visit, language, viewport, scheme):
    """axe, with the rule for targets of 24 pixels, which it leaves out by itself."""
    made = all_of(language, timezone.now())
    learned(made["late"].merchant, SHOPS[language].country)
    visitor = visit(viewport=viewport, color_scheme=scheme)
    for order in made.values():
        visitor.open(f"/t/{order.public_key}/")
        visitor.check()
    for tier in (Tier.PROVEN, Tier.CODE):
        for state in ("several", "attempt_failed", "delivered", "rated"):
            page = visitor.open(show(visitor, made[state], tier))
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            visitor.check()


FOCUSED = """() => {
  const now = document.activeElement, style = getComputedStyle(now), box = now.getBoundingClientRect();
  const all = [...document.querySelectorAll('a[href], button, input, textarea, summary')].filter((one) => one.checkVisibility());
  return { at: all.indexOf(now), of: all.length, outline: style.outlineStyle !== 'none' ? parseFloat(style.outlineWidth) : 0,
           top: box.top + scrollY, width: box.width, height: box.height, said: now.textContent.trim().slice(0, 40),
           seen: box.top >= 0 && box.bottom <= innerHeight + 1 && box.width > 0, inside: document.querySelector('main').contains(now) };
}"""


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_keyboard_goes_through_the_page_as_the_eye_does(visit, language):
    order = all_of(language, timezone.now())["attempt_failed"]
    visitor = visit(viewport=PHONE, reduced_motion="reduce")
    page = visitor.open(show(visitor, order, Tier.CODE))
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    stops = []
    for _ in range(80):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop["at"] < 0:  # out of the page again
            break
        stops.append(stop)
    assert [stop["at"] for stop in stops] == list(range(stops[0]["of"])), (
        "every control once, in the order of the page"
    )
    assert not [stop for stop in stops if stop["outline"] < 2], "the focus can be seen on each"
    assert not [stop for stop in stops if not stop["seen"]], (
        "and nothing covers it or leaves it off the screen"
    )
    tops = [stop["top"] for stop in stops if stop["inside"]]
    assert all(after >= before - 60 for before, after in itertools.pairwise(tops)), "downwards only"
    page.reload()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main", (
        "the first stop leads past the head of the page"
    )


HEARD = [
    'heading "Delivery was tried and failed" [level=1]',
    "Expected ",
    "Bristol, GB",
    "What to do",
    'link "Is your address right?"',
    "listitem",
    "Out for delivery (Delivery attempt failed)",
    'heading "Your parcel" [level=2]',
    "Is your address right?",
    "Tracking number",
    "The route",
    "Every step so far",
]


def test_a_screen_reader_hears_the_answers_first(visit):
    order = all_of("en", timezone.now())["attempt_failed"]
    page = visit(viewport=PHONE).open(f"/t/{order.public_key}/")
    heard = page.locator("main").aria_snapshot()
    at = -1
    for words in HEARD:
        found = heard.find(words, at + 1)
        assert found > at, f"“{words}” is not heard after what comes before it:\n{heard}"
        at = found
    assert page.locator("[aria-current=step]").count() == 1
    levels = [
        int(name[1])
        for name in page.locator("h1, h2, h3, h4").evaluate_all("all => all.map((one) => one.tagName)")
    ]
    assert levels[0] == 1 and levels.count(1) == 1 and all(b - a <= 1 for a, b in itertools.pairwise(levels))
