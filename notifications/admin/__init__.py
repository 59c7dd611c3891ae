from notifications.admin import letters, notices, texts, wishes

__all__ = ["letters", "notices", "texts", "wishes"]
