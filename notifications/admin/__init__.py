from notifications.admin import notices, wishes

__all__ = ["notices", "wishes"]
