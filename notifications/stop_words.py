"""What customers answer to a text when they want no more of them, or again (pure): Twilio's own words, and our languages'."""

import unicodedata

STOP = frozenset(
    {
        "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT",
        "STOPP", "ABMELDEN", "ABBESTELLEN",
        "ARRET", "ARRÊT", "ARRETER", "ARRÊTER", "DESABONNER", "DÉSABONNER", "DESINSCRIRE", "DÉSINSCRIRE",
        "PARAR", "BAJA", "ALTO", "CANCELAR",
        "SAIR", "PARE", "REMOVER",
        "BASTA", "ANNULLA", "CANCELLA", "DISISCRIVI", "FERMA",
        "AFMELDEN", "STOPPEN", "UITSCHRIJVEN",
        "KONIEC", "REZYGNUJĘ", "REZYGNUJE", "WYPISZ", "ANULUJ",
        "توقف", "إيقاف", "ايقاف", "أوقف", "اوقف", "إلغاء", "الغاء", "قف",
        "ストップ", "停止", "配信停止", "解除", "中止",
    }
)  # fmt: skip
START = frozenset(
    {
        "START", "UNSTOP", "YES",
        "STARTEN", "ANMELDEN",
        "REPRENDRE", "DEMARRER", "DÉMARRER",
        "INICIAR", "ALTA", "REANUDAR",
        "VOLTAR", "COMEÇAR", "COMECAR",
        "INIZIA", "AVVIA", "RIPRENDI",
        "HERVATTEN", "AANMELDEN",
        "WZNÓW", "WZNOW", "ZACZNIJ",
        "ابدأ", "ابدا", "بدء", "تشغيل", "استئناف",
        "スタート", "開始", "再開",
    }
)  # fmt: skip
_AROUND = " .!?\"'’„“”«»。、！\t\r\n"


def word_of(said: str) -> str:
    """As the lists have it: full-width and half-width letters as plain ones, in capitals, without marks around it."""
    return unicodedata.normalize("NFKC", said).strip(_AROUND).upper()
