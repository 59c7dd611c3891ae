from notifications.admin import notices, texts, wishes

__all__ = ["notices", "texts", "wishes"]
