from notifications.admin import notices

__all__ = ["notices"]
