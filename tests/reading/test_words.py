"""A language's table is whole: whoever adds one is told what it lacks."""

import pytest

from procurement.reading.clauses import _role_patterns, _separators, cue_patterns
from procurement.reading.sentences import is_in_a_known_language, language_of
from procurement.reading.words import LANGUAGES, Cue


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_words_for_every_cue(language):
    assert set(LANGUAGES[language].cues) == set(Cue)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_all_months_and_weekdays(language):
    assert set(LANGUAGES[language].months.values()) == set(range(1, 13))
    assert set(LANGUAGES[language].weekdays.values()) == set(range(7))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_pattern_can_be_used_and_none_fits_nothing_at_all(language):
    for pattern in cue_patterns(language).values():
        assert not pattern.search("")
    for _role, pattern in _role_patterns(language):
        assert "x" in pattern.groupindex
    assert _separators(language).search(", ")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("we will ship the rest on Friday", "en"),
        ("wir liefern den Rest am Freitag", "de"),
        ("Pos. 10 ok", "de"),
        ("12.03.", "en"),
    ],
)
def test_small_words_tell_the_language(text, language):
    assert language_of(text, "en") == language


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("Confirmamos su pedido 4500 para el 12/03/2026, salvo la línea 20", False),
        ("Nous vous confirmons la livraison pour le 12/03/2026", False),
        ("We confirm the delivery for 12/03/2026", True),
        ("12/03/2026", True),
    ],
)
def test_a_mail_in_a_language_without_a_table_is_left_alone(text, known):
    assert is_in_a_known_language(text, "es") is known
