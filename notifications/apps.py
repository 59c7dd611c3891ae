from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = "Notifications"

    def ready(self) -> None:
        from django.core import checks

        from notifications import receivers
        from notifications.checks import mail_service

        receivers.connect()
        checks.register(mail_service)
