from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from notifications import outbox
from notifications.admin import why
from notifications.models import Attempt, Notice
from notifications.status import NoticeState
from orders.admin.base import MerchantFilter, WalledAdmin, WalledInline
from orders.admin.show import link_to, pill
from orders.models import Merchant
from orders.roles import Can


class AttemptInline(WalledInline):
    model = Attempt
    fields = readonly_fields = (
        "at",
        "ok",
        "permanent",
        "detail",
        "took_ms",
    )


@admin.register(Notice)
class NoticeAdmin(WalledAdmin):
    change_right = add_right = None
    list_display = [
        "created_at",
        "order_link",
        "milestone",
        "channel",
        "recipient",
        "state_pill",
        "tries",
        "segments",
        "error",
        "merchant",
    ]
    list_filter = ["state", "milestone", "channel", MerchantFilter]
    list_select_related = ["order", "merchant"]
    fields = readonly_fields = (
        "merchant", "order", "milestone", "channel", "recipient", "state", "error", "tries", "due_at", "expires_at", "sent_at",
        "created_at", "letter_text",
    )  # fmt: skip
    search_fields = ["=recipient", "=order__number"]
    ordering = ["-pk"]
    inlines = [AttemptInline]
    actions = ["again"]

    @admin.display(description="order", ordering="order__number")
    def order_link(self, notice: Notice) -> SafeString | str:
        return link_to(notice.order) if notice.order else "–"

    @admin.display(description="text")
    def letter_text(self, notice: Notice) -> SafeString | str:
        if notice.letter is None:
            return "Made of the fact when it is sent."
        return format_html(
            '<strong>{}</strong><div class="letter-text" dir="auto">{}</div>',
            notice.letter.subject,
            notice.letter.text,
        )

    @admin.display(description="state", ordering="state")
    def state_pill(self, notice: Notice) -> SafeString:
        return pill(notice.state, notice.get_state_display())

    def get_urls(self) -> list[URLPattern]:
        return [*why.urls(self), *super().get_urls()]

    @admin.action(description="Send the given-up and held-back ones again", permissions=["edit"])
    def again(self, request: HttpRequest, queryset: QuerySet[Notice]) -> None:
        user, now = request.user, timezone.now()
        mine = Merchant.objects.all() if user.is_superuser else user.merchants_where(Can.EDIT)  # type: ignore[union-attr]
        stuck = queryset.filter(merchant__in=mine, state__in=[NoticeState.DEAD, NoticeState.HELD])
        old = stuck.filter(expires_at__lte=now).count()
        driven = stuck.filter(expires_at__gt=now).update(
            state=NoticeState.QUEUED, tries=0, due_at=now, error=""
        )
        outbox.nudge()
        late = f" {old} are older than they are worth and stay." if old else ""
        self.message_user(request, f"{driven} will be sent again.{late}")
