from notifications.models.letter import Letter, LetterFile, LetterTemplate
from notifications.models.notice import Attempt, Notice
from notifications.models.preference import Consent, NoticeSettings, Preference
from notifications.models.suppression import Suppression
from notifications.models.text import NoticeText

__all__ = [
    "Attempt", "Consent", "Letter", "LetterFile", "LetterTemplate", "Notice", "NoticeSettings", "NoticeText", "Preference", "Suppression",
]  # fmt: skip
