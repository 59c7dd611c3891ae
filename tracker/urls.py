from django.contrib import admin
from django.urls import path

from shipping.webhooks import receive

urlpatterns = [
    path("admin/", admin.site.urls),
    path("webhooks/<slug:provider>/<str:key>/", receive, name="webhook"),
]
