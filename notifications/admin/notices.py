from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from notifications import outbox
from notifications.admin import why
from notifications.models import Attempt, Notice
from notifications.status import DUE, NoticeState
from orders.admin.base import MerchantFilter, WalledAdmin, WalledInline
from orders.admin.show import link_to, pill
from orders.models import Merchant
from orders.roles import Can

STUCK = (NoticeState.DEAD, NoticeState.HELD)


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
    actions = ["again", "again_now"]

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
        self._drive(request, queryset, any_hour=False)

    @admin.action(description="Send them again now, in quiet hours too", permissions=["edit"])
    def again_now(self, request: HttpRequest, queryset: QuerySet[Notice]) -> None:
        """Those too that wait for the end of the quiet hours."""
        self._drive(request, queryset, any_hour=True)

    def _drive(self, request: HttpRequest, queryset: QuerySet[Notice], *, any_hour: bool) -> None:
        user, now = request.user, timezone.now()
        mine = Merchant.objects.all() if user.is_superuser else user.merchants_where(Can.EDIT)  # type: ignore[union-attr]
        again = Q(state__in=STUCK) | Q(state__in=DUE, due_at__gt=now) if any_hour else Q(state__in=STUCK)
        stuck = queryset.filter(again, merchant__in=mine)
        old = stuck.filter(expires_at__lte=now).count()
        driven = stuck.filter(expires_at__gt=now).update(
            state=NoticeState.QUEUED, tries=0, due_at=now, error="", any_hour=any_hour
        )
        outbox.nudge()
        late = f" {old} are older than they are worth and stay." if old else ""
        quiet = "" if any_hour else " In a recipient's quiet hours they wait for the morning."
        self.message_user(request, f"{driven} will be sent again.{late}{quiet}")
