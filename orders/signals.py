"""The project's single signal. `orders.ledger` sends it inside the transaction that made the fact;
its one listener is `notifications.receivers`."""

from django.dispatch import Signal

event_recorded = Signal()  # kwargs: event (OrderEvent)
