"""What `make bench-notices` compares with: a Celery task that sends one prepared mail by the portal's own channel, and no more."""

from typing import Any

from celery import shared_task

PREPARED: dict[str, Any] = {}


@shared_task(name="bare_mail")
def bare_mail(number: int) -> None:
    from notifications.channels.base import channel_for

    if not PREPARED:
        from notifications.models import Notice
        from notifications.render import loaded, render

        PREPARED["message"] = render(
            loaded([Notice.objects.order_by("pk").values_list("pk", flat=True)[0]])[0]
        )
    channel_for("email").send(f"{number}@customers.example", PREPARED["message"], key=f"bare-{number}")
