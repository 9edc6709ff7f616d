"""A supplier's score: shares of the last ninety days, weighed; worked out by hand here."""

from fractions import Fraction

from django.conf import settings

from procurement.partners.policies import Ratio, Share, score_of

USUAL = {"kept": 60, "answered": 20, "untouched": 0, "first_pass": 20}


def shares(kept=(0, 0), answered=(0, 0), untouched=(0, 0), first_pass=(0, 0)):
    said = (kept, answered, untouched, first_pass)
    return {ratio: Share(*pair) for ratio, pair in zip(Ratio, said, strict=True)}


def score(least=20, weights=USUAL, **said):
    return score_of(shares(**said), weights, least=least)


def adds(found):
    return [one.adds for one in found.parts]


def test_every_share_has_a_weight_in_the_settings():
    assert settings.SCORE_WEIGHTS == USUAL
    assert set(settings.SCORE_WEIGHTS) == set(Ratio)


def test_shares_add_up_by_their_weights_and_are_rounded_down_once_at_the_end():
    # 60 x 9/10 + 20 x 6/7 + 20 x 7/9 = 54 + 17.142… + 15.555… = 86.698…
    found = score(kept=(9, 10), answered=(6, 7), untouched=(0, 8), first_pass=(7, 9))

    assert adds(found) == [54, Fraction(120, 7), None, Fraction(140, 9)]
    assert (found.points, found.papers) == (86, 26)


def test_all_is_a_hundred_and_all_but_one_is_not():
    assert score(kept=(300, 300), answered=(300, 300), first_pass=(300, 300)).points == 100
    assert score(kept=(300, 300), answered=(299, 300), first_pass=(300, 300)).points == 99
    assert score(kept=(0, 300)).points == 0


def test_what_is_too_few_to_tell_does_not_count_and_the_others_weigh_as_much_more():
    # Four answers are none; 60 x 90/80 + 20 x (700/9)/80 = 67.5 + 19.444… = 86.944…
    found = score(least=19, kept=(9, 10), answered=(3, 4), first_pass=(7, 9))

    assert adds(found) == [Fraction(135, 2), None, None, Fraction(175, 9)]
    assert (found.points, found.papers) == (86, 19)
    assert score(least=20, kept=(9, 10), answered=(3, 4), first_pass=(7, 9)).points is None


def test_nothing_yet_is_no_score_and_no_nought():
    assert (score().points, score().papers) == (None, 0)
    assert score(untouched=(50, 50)).points is None  # it weighs nothing
    assert score(kept=(19, 19)).points is None
    assert score(kept=(20, 20)).points == 100


def test_the_weights_are_the_installations():
    only = {"kept": 0, "answered": 0, "untouched": 100, "first_pass": 0}
    assert score(weights=only, kept=(0, 50), untouched=(45, 60)).points == 75
