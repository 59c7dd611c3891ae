from notifications.models.notice import Attempt, Notice
from notifications.models.preference import Consent, NoticeSettings, Preference
from notifications.models.suppression import Suppression

__all__ = ["Attempt", "Consent", "Notice", "NoticeSettings", "Preference", "Suppression"]
