from notifications.stop_words import START, STOP, word_of


def test_no_word_stops_and_starts_and_each_is_written_as_it_is_compared():
    assert not STOP & START
    assert [word for word in STOP | START if word_of(f" “{word.lower()}”!\n") != word] == []
