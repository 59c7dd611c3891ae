"""Merchants are walls: every page, action, choice and document, found by looking, as another merchant's owner."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import ForeignKey
from django.forms import ModelChoiceField
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from orders.admin.base import WalledAdmin, WalledInline
from orders.models import Merchant, Purchase, User
from orders.roles import Role
from shipping.models import Shipment
from tests.factories import make_user
from tests.world import full_merchant, owned_models

pytestmark = pytest.mark.django_db
NOT_OWNED = {User, Group}
"""Admin pages of what no merchant owns: for platform staff only."""


@pytest.fixture
def ours():
    return full_merchant("ours")


@pytest.fixture
def stranger(ours):
    theirs = full_merchant("theirs")
    return User.objects.get(username=f"{theirs.slug}-owner")


@pytest.fixture
def as_stranger(stranger):
    client = Client()
    client.force_login(stranger)
    return client


def rows_of(model, merchant):
    return model._default_manager.for_merchant(merchant)


def admins():
    return [(model, site) for model, site in admin.site._registry.items() if model not in NOT_OWNED]


def test_the_world_has_a_row_of_every_kind(ours):
    empty = [model.__name__ for model in owned_models() if not rows_of(model, ours).exists()]
    assert not empty, f"add rows of {empty} to tests/world.py"


def test_nothing_of_ours_is_visible_to_a_stranger_or_to_nobody(ours, stranger, rf):
    from django.contrib.auth.models import AnonymousUser

    inactive = make_user("gone", ours, is_active=False)
    for model in owned_models():
        visible = model._default_manager.visible_to(stranger)
        assert visible.exists() and not (visible & rows_of(model, ours)).exists(), model
        for nobody in (AnonymousUser(), inactive, make_user(f"loner-{model.__name__}")):
            assert not model._default_manager.visible_to(nobody).exists(), model


def test_every_admin_page_is_walled_and_every_owned_model_has_the_wall():
    for model, site in admins():
        assert isinstance(site, WalledAdmin), f"{model} needs a WalledAdmin"
        for inline in site.inlines:
            assert issubclass(inline, WalledInline), f"{inline} of {model}"
        for item in site.list_filter:
            field = isinstance(item, str) and "__" not in item and model._meta.get_field(item)
            assert not isinstance(field, ForeignKey), (
                f"{model}: a filter on {item} would list every merchant's rows"
            )


def test_admin_lists_show_only_ones_own(ours, as_stranger):
    for model, _ in admins():
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for query in ("", f"?merchant={ours.pk}", "?q=ours", "?state=all"):
            response = as_stranger.get(url + query, follow=True)
            assert response.status_code == 200, (url, query)
            shown = (
                response.context["cl"].queryset
                if "cl" in (response.context or {})
                else model._default_manager.none()
            )
            assert not shown.filter(pk__in=rows_of(model, ours).values("pk")).exists(), url + query


def test_admin_pages_of_our_rows_are_not_there(ours, as_stranger):
    for model, site in admins():
        row = rows_of(model, ours).first()
        for pattern in site.get_urls():
            words = list(pattern.pattern.converters)
            if not words or not pattern.name:
                continue
            assert len(words) == 1, f"{pattern}: a page of two things; say here how to reach ours"
            about = rows_of(Purchase, ours).get() if words == ["purchase_id"] else row
            url = reverse(f"admin:{pattern.name}", kwargs={words[0]: about.pk})
            for response in (as_stranger.get(url), as_stranger.post(url, {"post": "yes"})):
                assert response.status_code in (302, 403, 404, 405), url
                if response.status_code == 302:
                    assert response["Location"] == reverse("admin:index"), url
        assert rows_of(model, ours).filter(pk=row.pk).exists()


def test_admin_actions_do_not_reach_our_rows(ours, stranger, as_stranger):
    def picture():
        return {model: list(rows_of(model, ours).order_by("pk").values()) for model in owned_models()}

    before = picture()
    for model, site in admins():
        request = RequestFactory().get("/")
        request.user = stranger
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for action in site.get_actions(request):
            ids = [str(pk) for pk in rows_of(model, ours).values_list("pk", flat=True)]
            response = as_stranger.post(
                url, {"action": action, "_selected_action": ids, "select_across": "0", "post": "yes"}
            )
            assert response.status_code in (200, 302), (model, action)
    assert picture() == before


def test_choices_and_autocompletes_offer_only_ones_own(ours, stranger, as_stranger):
    for model, site in admins():
        request = RequestFactory().get("/")
        request.user = stranger
        if not site.has_add_permission(request):
            continue
        for name, field in site.get_form(request)().fields.items():
            if isinstance(field, ModelChoiceField):
                if field.queryset.model is User:
                    assert not field.queryset.filter(memberships__merchant=ours).exists()
                else:
                    assert not (field.queryset & rows_of(field.queryset.model, ours)).exists(), (model, name)
    for model, site in admins():
        for field in site.autocomplete_fields:
            query = {
                "app_label": model._meta.app_label,
                "model_name": model._meta.model_name,
                "field_name": field,
            }
            assert as_stranger.get(reverse("admin:autocomplete"), query).json()["results"] == []


def test_a_role_is_not_more_than_it_is(ours):
    viewer = Client()
    viewer.force_login(make_user("vera", ours, Role.VIEWER))
    for model, site in admins():
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert viewer.get(reverse(f"{base}_add")).status_code == 403, model
        before = list(rows_of(model, ours).order_by("pk").values())
        answer = viewer.post(reverse(f"{base}_change", args=[before[0][model._meta.pk.attname]]), {})
        assert answer.status_code != 302 and list(rows_of(model, ours).order_by("pk").values()) == before, (
            model
        )
        request = RequestFactory().get("/")
        request.user = User.objects.get(username="vera")
        assert site.get_actions(request) == {}, model


# --- every other URL --------------------------------------------------------------------------------------

OPEN_TO_ALL = {
    "", "track/", "brand/<slug:slug>.css", "brand/<slug:slug>.180.png", "brand/<slug:slug>.192.png",
    "brand/<slug:slug>.512.png", "brand/<slug:slug>.logo.<slug:revision>.webp", "hooks/sms/incoming/<str:secret>/", "healthz", "readyz",
    "t/<str:public_key>/", "t/<str:public_key>/live/", "t/<str:public_key>/app.webmanifest", "t/<str:public_key>/prove/",
    "t/<str:public_key>/code/", "t/<str:public_key>/code/enter/", "t/<str:public_key>/renew/", "t/<str:public_key>/rate/",
    "t/<str:public_key>/tell/", "t/<str:public_key>/views/",
    "webhooks/<slug:provider>/<str:key>/", "scan/", "pick/", "pick/<int:wave_id>/", "handover/", "handover/<int:manifest_id>/",
    "api/v1/carriers/detect/", "api/v1/parcels/<str:code>/why/",
    "n/<str:signed>/", "n/<str:signed>/language/", "n/<str:signed>/off/",
    "dev/outbox/", "dev/outbox/<str:name>/", "dev/outbox/<str:name>/html/",
    "scan/session/", "scan/ahead/", "scan/station.webmanifest", "scan/worker.js",
    "hooks/twilio/incoming/", "hooks/twilio/status/<str:key>/", "hooks/mail/<str:service>/tracking/",
}  # fmt: skip
"""Pages reached by an unguessable key, pages about nobody, and pages that start from the signed-in person
(their own tests show that). Anything else must be named in MINE with a row of ours to try it on."""


def urls(patterns=None, prefix=""):
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                yield from urls(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path


def test_every_url_is_known_to_this_test():
    assert set(urls()) <= OPEN_TO_ALL, "a new URL: show here that it is walled"


def test_a_strangers_scan_finds_nothing(ours, as_stranger):
    shipment = Shipment.objects.for_merchant(ours).first()
    import uuid

    data = {"code": shipment.code, "mode": "pack", "client_id": str(uuid.uuid4())}
    response = as_stranger.post("/scan/", data)
    assert response.status_code in (200, 302)
    shipment.refresh_from_db()
    assert shipment.stage == "open" and ours.scans.count() == 1


def test_merchants_themselves_are_walled(ours, stranger):
    assert not Merchant.objects.visible_to(stranger).filter(pk=ours.pk).exists()
