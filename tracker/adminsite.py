from django.contrib import admin


class PortalAdminSite(admin.AdminSite):
    site_header = "Tracker"
    site_title = "Tracker"
    index_title = "Today"
    enable_nav_sidebar = True
