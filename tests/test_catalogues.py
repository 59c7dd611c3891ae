"""A wording without its translation fails here. `make messages` gathers new ones into locale/, where they wait for words."""

import gettext
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.functional import Promise

from shipping.status import PUBLIC, TrackingStatus
from tests import wordings
from tracker.tracking_words import BY_ORDER

FORMS = {"ja": 1, "pl": 3, "ar": 6}
REACHED = {
    "ja": {0: 0, 1: 0, 2: 0, 100: 0},
    "pl": {0: 2, 1: 0, 2: 1, 3: 1, 5: 2, 11: 2, 12: 2, 21: 2, 22: 1, 100: 2, 112: 2},
    "ar": {0: 0, 1: 1, 2: 2, 3: 3, 5: 3, 10: 3, 11: 4, 21: 4, 100: 5, 103: 3, 111: 4},
    "fr": {0: 0, 1: 0, 2: 1, 100: 1},
}


@pytest.fixture(scope="module")
def asked():
    return wordings.words()


def test_the_sources_are_read(asked):
    texts = {word.text for word in asked}
    assert len(asked) > 150
    assert {"Out for delivery today", "Where is my order?", "Nothing here", "usually within a day"} <= texts
    assert wordings.Word("between two parts of a list", ", ", "") in asked
    assert any(word.plural == "%(some)s of %(count)s parcels arrived" for word in asked)


def test_every_language_has_a_catalogue_and_none_is_left_over():
    folders = {path.name for path in Path(settings.LOCALE_PATHS[0]).iterdir()}
    assert folders == set(wordings.LANGUAGES) and len(folders) == 9


@pytest.mark.parametrize("language", wordings.LANGUAGES)
def test_nothing_is_missing(language, asked):
    entries = {wordings.key(entry): entry for entry in wordings.catalogue(language) if not entry.obsolete}
    missing = {word.text: asked[word] for word in asked.keys() - entries.keys()}
    assert not missing, f"not in locale/{language}; run `make messages` and translate: {missing}"
    stale = [word.text for word in entries.keys() - asked.keys()]
    assert not stale, f"locale/{language} has words that no source asks for; run `make messages`: {stale}"
    bare = [entry.msgid for entry in entries.values() if not all(wordings.said(entry)) or entry.fuzzy]
    assert not bare, f"untranslated or only guessed in locale/{language}: {bare}"


@pytest.mark.parametrize("language", wordings.LANGUAGES)
def test_translations_fit_their_places(language):
    forms = FORMS.get(language, 2)
    for entry in wordings.catalogue(language):
        said = wordings.said(entry)
        assert len(said) == (forms if entry.msgid_plural else 1), (language, entry.msgid)
        whole = wordings.placeholders(entry.msgid) | wordings.placeholders(entry.msgid_plural or "")
        for text in said:
            # Of a plural, the forms for one and two may do without the number, as English does.
            least = wordings.placeholders(entry.msgid) if entry.msgid_plural and text != said[-1] else whole
            have = wordings.placeholders(text)
            assert least - {"%(count)s"} <= have <= whole, (language, entry.msgid, text)
        assert not entry.msgid_plural or wordings.placeholders(said[-1]) == whole, (language, entry.msgid)
        for text in said:
            tags = [(text.count(mark), entry.msgid.count(mark)) for mark in ("<", ">", "</", '"', "\n")]
            assert all(mine == theirs for mine, theirs in tags), (language, entry.msgid, text)


@pytest.mark.parametrize("language", wordings.LANGUAGES)
def test_the_compiled_catalogue_says_what_the_written_one_says(language):
    written = {wordings.key(entry): wordings.said(entry) for entry in wordings.catalogue(language)}
    read = {wordings.key(entry): wordings.said(entry) for entry in wordings.compiled(language)}
    assert written == read, f"run `make messages`: locale/{language} is not compiled"


@pytest.mark.parametrize("language", REACHED)
def test_each_number_takes_its_form(language):
    rule = wordings.catalogue(language).metadata["Plural-Forms"]
    form = gettext.c2py(rule.partition("plural=")[2].rstrip(";"))
    assert {count: form(count) for count in REACHED[language]} == REACHED[language]


def test_every_public_wording_is_marked_for_translation():
    says = [*PUBLIC.values(), *BY_ORDER.values()]
    told = [text for wording in says for text in (wording.headline, wording.meaning, wording.next_step)]
    plain = [text for text in told if not isinstance(text, Promise)]
    labels = [label for _, label in TrackingStatus.choices if not isinstance(label, Promise)]
    assert not plain and not labels, f"wrap these in gettext_lazy: {plain + labels}"
