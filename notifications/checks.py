"""What must be there before mail can go out, found at start and not with the first customer's message."""

from typing import Any

from anymail.exceptions import AnymailImproperlyInstalled
from django.conf import settings
from django.core.checks import Error
from django.utils.module_loading import import_string


def mail_service(app_configs: Any, **_: Any) -> list[Error]:
    """That the service's backend can be imported: some need a package that is not among ours."""
    if not settings.EMAIL_SERVICE:
        return []
    try:
        import_string(settings.EMAIL_BACKEND)
    except (ImportError, AnymailImproperlyInstalled) as error:
        said = " ".join(str(error).split())
        extra = settings.EMAIL_SERVICE.replace("_", "-")
        return [
            Error(
                f"EMAIL_SERVICE={settings.EMAIL_SERVICE} cannot be used: {said}",
                hint=f'Run: pip install "django-anymail[{extra}]" in the portal\'s environment.',
                id="notifications.E001",
            )
        ]
    return []
