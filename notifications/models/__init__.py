from notifications.models.notice import Attempt, Notice
from notifications.models.preference import Consent, NoticeSettings, Preference
from notifications.models.suppression import Suppression
from notifications.models.text import NoticeText

__all__ = ["Attempt", "Consent", "Notice", "NoticeSettings", "NoticeText", "Preference", "Suppression"]
