"""Staff read one way of writing days and moments: “5 Mar 2026”, “5 Mar 2026 10:00”. Customers read their own language's."""

import re
from html.parser import HTMLParser

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format

from orders.models import User
from tests.factories import NOW
from tests.world import full_merchant

OTHERS = re.compile(
    r"\d{4}-\d\d-\d\d"  # ISO 8601
    r"|\b[ap]\.m\.|\bnoon\b|\bmidnight\b|\b(?:Jan|Feb|Aug|Sept|Oct|Nov|Dec)\.|\b[A-Z][a-z]{2,8} \d{1,2}, \d{4}"  # Associated Press
    r"|\b0\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b"
)


class Words(HTMLParser):
    """What one reads on a page: no attributes, no scripts, nothing that was typed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.inside = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "style", "textarea", "title"):
            self.inside = tag

    def handle_endtag(self, tag):
        if tag == self.inside:
            self.inside = ""

    def handle_data(self, data):
        if not self.inside and data.strip():
            self.said.append(data.strip())


@pytest.mark.django_db
def test_every_list_and_page_of_staff_writes_days_the_same_way():
    merchant = full_merchant("ours")
    client = Client()
    client.force_login(User.objects.get(username="ours-owner"))
    wrong, lists, moments = [], 0, 0
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        rows = model._default_manager.all()
        row = (rows.for_merchant(merchant) if hasattr(rows, "for_merchant") else rows).first()
        for end, args in (("changelist", []), ("change", [row.pk] if row else None)):
            if args is None:
                continue
            answer = client.get(reverse(f"{name}_{end}", args=args))
            if answer.status_code != 200:
                continue
            lists += end == "changelist"
            said = Words(answer.content.decode()).said
            moments += sum(
                bool(re.search(r"\b\d{1,2} [A-Z][a-z]{2}( \d{4})?( \d\d:\d\d)?\b", one)) for one in said
            )
            wrong += [f"{model.__name__} {end}: {one[:80]}" for one in said if OTHERS.search(one)]
    assert wrong == []
    assert lists > 30 and moments > 60


def test_customers_read_their_own_languages_days():
    written = {}
    for language in ("en", "de", "fr", "ja", "ar"):
        with translation.override(language):
            written[language] = date_format(NOW, "DATE_FORMAT")
    assert written["en"] == "4 Mar 2026"
    assert (
        written["de"] == "4. März 2026" and written["fr"] == "4 mars 2026" and written["ja"] == "2026年3月4日"
    )
    assert len(set(written.values())) == 5
