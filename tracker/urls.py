from django.contrib import admin
from django.urls import path

from notifications import hooks, hooks_mail
from shipping import api
from shipping.aisle import picking, waves
from shipping.dock import docks, loading
from shipping.station import offline
from shipping.station import views as station
from shipping.webhooks import receive
from tracker.brand_icon import SIZES
from tracker.views import brand, embed, lookup, mailbox, tracking, visitor, wishes
from tracker.views.health import healthz, readyz

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("", lookup.lookup, name="lookup"),
    path("track/", lookup.lookup),
    path("t/<str:public_key>/", tracking.tracking, name="tracking"),
    path("t/<str:public_key>/live/", tracking.live, name="tracking-live"),
    path("t/<str:public_key>/app.webmanifest", embed.manifest, name="tracking-manifest"),
    path("t/<str:public_key>/prove/", visitor.prove, name="tracking-prove"),
    path("t/<str:public_key>/code/", visitor.send_code, name="tracking-code"),
    path("t/<str:public_key>/code/enter/", visitor.enter_code, name="tracking-enter"),
    path("t/<str:public_key>/renew/", visitor.renew, name="tracking-renew"),
    path("t/<str:public_key>/rate/", visitor.rating, name="tracking-rate"),
    path("t/<str:public_key>/tell/", visitor.tell, name="tracking-tell"),
    path("t/<str:public_key>/views/", visitor.views, name="tracking-views"),
    path("n/<str:signed>/", wishes.preferences, name="wishes"),
    path("n/<str:signed>/language/", wishes.language, name="wishes-language"),
    path("n/<str:signed>/off/", wishes.unsubscribe, name="unsubscribe"),
    path("brand/<slug:slug>.css", brand.brand, name="brand"),
    path("brand/<slug:slug>.logo.<slug:revision>.webp", brand.picture_of_logo, name="brand-logo"),
    *(
        path(f"brand/<slug:slug>.{size}.png", brand.picture, {"size": size}, name=f"brand-{size}")
        for size in SIZES
    ),
    path("pick/", waves, name="waves"),
    path("pick/<int:wave_id>/", picking, name="picking"),
    path("handover/", docks, name="handover"),
    path("handover/<int:manifest_id>/", loading, name="loading"),
    path("scan/", station.scanning, name="scan"),
    path("scan/session/", station.session, name="scan-session"),
    path("scan/ahead/", offline.ahead, name="scan-ahead"),
    path("scan/station.webmanifest", offline.manifest, name="scan-manifest"),
    path("scan/worker.js", offline.worker, name="scan-worker"),
    path("dev/outbox/", mailbox.outbox, name="outbox"),
    path("dev/outbox/<str:name>/", mailbox.mail, name="outbox-mail"),
    path("dev/outbox/<str:name>/html/", mailbox.mail_html, name="outbox-html"),
    path("admin/", admin.site.urls),
    path("api/v1/carriers/detect/", api.detect_carrier, name="api-detect"),
    path("api/v1/parcels/<str:code>/why/", api.why, name="api-why"),
    path("hooks/mail/<str:service>/tracking/", hooks_mail.tracking, name="mail-tracking"),
    path("hooks/sms/incoming/<str:secret>/", hooks.gateway, name="sms-incoming"),
    path("hooks/twilio/incoming/", hooks.incoming, name="twilio-incoming"),
    path("hooks/twilio/status/<str:key>/", hooks.status, name="twilio-status"),
    path("webhooks/<slug:provider>/<str:key>/", receive, name="webhook"),
]
