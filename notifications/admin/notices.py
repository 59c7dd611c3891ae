from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from notifications.models import Attempt, Notice
from notifications.status import NoticeState
from notifications.tasks import deliver
from orders.admin.base import MerchantFilter, WalledAdmin, WalledInline
from orders.admin.show import link_to, pill
from orders.models import Merchant
from orders.queue import enqueue
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
        "error",
        "merchant",
    ]
    list_filter = ["state", "milestone", "channel", MerchantFilter]
    list_select_related = ["order", "merchant"]
    search_fields = ["=recipient", "=order__number"]
    ordering = ["-pk"]
    inlines = [AttemptInline]
    actions = ["again"]

    @admin.display(description="order", ordering="order__number")
    def order_link(self, notice: Notice) -> SafeString:
        return link_to(notice.order)

    @admin.display(description="state", ordering="state")
    def state_pill(self, notice: Notice) -> SafeString:
        return pill(notice.state, notice.get_state_display())

    @admin.action(description="Send the given-up ones again", permissions=["edit"])
    def again(self, request: HttpRequest, queryset: QuerySet[Notice]) -> None:
        user = request.user
        mine = Merchant.objects.all() if user.is_superuser else user.merchants_where(Can.EDIT)  # type: ignore[union-attr]
        dead = queryset.filter(merchant__in=mine, state=NoticeState.DEAD)
        ids = list(dead.values_list("pk", flat=True))
        dead.update(state=NoticeState.QUEUED, tries=0, due_at=timezone.now(), error="")
        for pk in ids:
            enqueue(deliver, pk)
        self.message_user(request, f"{len(ids)} will be sent again.")
