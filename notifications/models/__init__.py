from notifications.models.notice import Attempt, Notice

__all__ = ["Attempt", "Notice"]
