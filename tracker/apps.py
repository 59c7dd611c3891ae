from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    default_site = "tracker.adminsite.PortalAdminSite"


class TrackerConfig(AppConfig):
    name = "tracker"
