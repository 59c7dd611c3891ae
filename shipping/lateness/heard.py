"""What a carrier's code and message are about (pure): loss, damage or customs.

Carriers have no code in common for any of the three. Some say it in a code (`Exception_Lost`, `in_transit:customs_hold`), some in
a sentence in the language of the country, so code and message are read together: a code is taken apart into its words first. What
is denied ("not lost") or over ("released by customs") does not count. No word of a language is enough by itself to alarm
anybody: it is read only where the carrier says that something is wrong. Carriers say the same again and again, so answers are kept.
"""

import re
from functools import lru_cache

_JOINTS = re.compile(r"(?<=[a-z])(?=[A-Z])|[\s_:.’'-]+")
_MEANT = {
    "exception 004": "customs",
    "exception 012": "damaged",
    "exception 013": "lost",
}
"""Codes that name nothing: sub-statuses of AfterShip's list."""
_NUMBERED = re.compile(r"\bexception 0\d\d\b", re.IGNORECASE)

_LOST = re.compile(
    r"\blost\b|\bmissing\b|cannot be (?:found|located)|can t be (?:found|located)|untraceable|\bmislaid\b"
    r"|verloren|verschollen|vermisst|perdue?\b|introuvable|extravi|perdid|smarrit|disperso|zagin|zagub|pierdut|ztrac|elveszett"
    r"|zoekgeraakt|vermist|försvunn|bortkom|kadonn|kayıp|kaybol|утер|утрач|потеря|загуб|втрач|απωλ|χαθηκ|χάθηκ"
    r"|丢失|丟失|遗失|遺失|紛失|亡失|行方不明|분실|สูญหาย|thất lạc|\bhilang\b|مفقود|فقدان|فُقد|ضائع|ضاعت|אבד",
    re.IGNORECASE,
)
_NOTHING_LOST = re.compile(
    r"\b(?:not|never|no longer|isn t|wasn t|nicht|no|non|pas|niet)"
    r"\s+(?:been\s+|yet\s+|considered\s+|a\s+)?(?:lost|missing|verloren|perdue?)\b"
    r"|\bmissing\s+(?:or\s+|and\s+)?(?:\w+\s+){0,2}?"
    r"(?:address|apartment|data|details|documents?|house|info|information|invoice|label"
    r"|name|number|paperwork|papers|phone|postcode|unit|zip)\b"
    r"|\b(?:address|data|details|documents?|info|information|invoice|label|number|paperwork|papers)\s+(?:is|are|was|were)?\s*missing\b",
    re.IGNORECASE,
)
_DAMAGED = re.compile(
    r"(?<!un)damag|\bbroken\b|beschädig|zerbrochen|endommag|abîm|dañad|avariad|danificad|danneggiat|uszkodz|beschadig|poškoz|deteriorat"
    r"|megsérül|skadad|skadet|vaurio|hasar|поврежд|пошкодж|κατεστραμ|φθορ"
    r"|破损|破損|损坏|損壞|损毁|毀損|毁损|파손|훼손|เสียหาย|hư hỏng|\brusak\b|تالف|تلف|متضرر|مكسور|ניזוק",
    re.IGNORECASE,
)
_NOTHING_DAMAGED = re.compile(
    r"\b(?:not|never|no|without|isn t|wasn t|nicht|ohne|sans|sin|senza)\s+(?:been\s+|any\s+|visible\s+)*"
    r"(?:damag\w*|broken|beschädig\w*|endommag\w*|dañad\w*|danneggiat\w*)|\bunbeschädig\w*",
    re.IGNORECASE,
)
_CUSTOMS = re.compile(
    r"\bcustoms?\b|clearance|\bduty\b|\bduties\b|import (?:tax|scan|charges)|\bzoll|verzoll|douan|aduan|dogan|alfandeg|alfândeg|fiscaliza"
    r"|\bceln|celní|vámkez|gümrük|\btull(?:en|verket)|tollvesen|toldbehandl|\btulli|тамож|митн|τελων"
    r"|海关|海關|清关|清關|报关|報關|通关|通關|関税|关税|通関|税関|통관|세관|관세|ศุลกากร|hải quan|bea cukai|kepabeanan|सीमा शुल्क"
    r"|جمارك|جمرك|מכס",
    re.IGNORECASE,
)
_RELEASED = re.compile(
    r"\bcleared\b|\breleased\b|\bcustoms release\b|\b(?:clearance|customs)\b.{0,24}\b(?:completed?|done|finished)\b"
    r"|abgeschlossen|freigegeben|terminée?\b|achevée?\b|libérée?\b|liberad|completad|conclu[ií]d|finalizad|sdoganat|completat|zakończon|zwolnion"
    r"|ingeklaard|vrijgegeven|завершен|выпущен|放行|完成|完了|許可|已清关|已清關|완료|تم التخليص|تم الإفراج",
    re.IGNORECASE,
)
_NOT_YET = re.compile(
    r"\b(?:not|n t|never|pending|await\w*|waiting|until|till|once|before|after|when|unless|must|to be|be released|be cleared"
    r"|cannot|can t|unable|fail\w*|requir\w*"
    r"|nicht|noch|wartet|pas|attente|pendiente|aguarda\w*|pendente|non|attesa|nie|oczek\w*|niet|wacht)\b"
    r"|не |ожида|未|待|等|まだ|대기|لم |بانتظار",
    re.IGNORECASE,
)


def in_words(said: str) -> str:
    """A code (or a code and a message) with its words apart: `Exception_Lost` is “Exception Lost”."""
    words = _JOINTS.sub(" ", said)
    return _NUMBERED.sub(lambda code: _MEANT.get(code[0].lower(), code[0]), words)


@lru_cache(maxsize=4096)
def is_lost(said: str) -> bool:
    return bool(_LOST.search(_NOTHING_LOST.sub(" ", in_words(said))))


@lru_cache(maxsize=4096)
def is_damaged(said: str) -> bool:
    return bool(_DAMAGED.search(_NOTHING_DAMAGED.sub(" ", in_words(said))))


@lru_cache(maxsize=4096)
def is_customs(said: str) -> bool:
    """Whether it is in customs' hands, by these words; once customs have let it go it is not."""
    words = in_words(said)
    if not _CUSTOMS.search(words):
        return False
    return not _RELEASED.search(words) or bool(_NOT_YET.search(words))
