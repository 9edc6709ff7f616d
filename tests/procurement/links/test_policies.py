"""How links and reply addresses are signed."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.links.policies import (
    key_in,
    may_renew,
    number_in,
    reply_local_part,
    seal_key,
    standing_of,
)
from procurement.links.states import LinkStanding

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SECRET = "correct horse battery staple"


@given(st.uuids())
def test_a_token_carries_its_key_and_nobody_elses(key):
    token = seal_key(key, SECRET)

    assert key_in(token, [SECRET]) == key
    assert key_in(token, ["another", SECRET]) == key  # a key that was changed since is still read
    assert key_in(token, ["another"]) is None


@given(st.uuids(), st.integers(0, 45), st.characters(codec="ascii", categories=["L", "Nd"]))
def test_a_token_that_was_tampered_with_is_none(key, place, letter):
    token = seal_key(key, SECRET)
    changed = token[:place] + letter + token[place + 1 :]

    assert (key_in(changed, [SECRET]) == key) == (changed == token)


@given(st.text(max_size=80))
def test_any_other_text_is_no_token_and_no_address(text):
    assert key_in(text, [SECRET]) is None
    assert number_in(text, [SECRET]) is None


def test_the_code_of_one_kind_is_none_of_another():
    key = uuid.uuid4()
    assert number_in("reply+" + seal_key(key, SECRET)[:34].lower(), [SECRET]) is None


@given(st.integers(0, 2**48 - 1), st.booleans())
def test_a_reply_address_fits_and_survives_other_letters(number, shouts):
    local = reply_local_part(number, SECRET)

    assert len(local) <= 64
    assert local == local.lower()
    assert number_in(local.upper() if shouts else local, [SECRET]) == number
    assert number_in(local, ["another"]) is None


@given(st.integers(0, 2**48 - 1), st.integers(6, 39), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_reply_address_that_was_tampered_with_is_none(number, place, letter):
    local = reply_local_part(number, SECRET)
    changed = local[:place] + letter + local[place + 1 :]

    assert (number_in(changed, [SECRET]) == number) == (changed == local)


@pytest.mark.parametrize(
    ("used", "revoked", "hours", "standing"),
    [
        (False, False, 1, LinkStanding.OPEN),
        (True, False, 1, LinkStanding.USED),
        (True, False, 25, LinkStanding.EXPIRED),
        (False, False, 24, LinkStanding.EXPIRED),
        (True, True, 1, LinkStanding.REVOKED),
    ],
)
def test_where_a_link_stands(used, revoked, hours, standing):
    found = standing_of(
        expires_at=NOW + timedelta(hours=24),
        used_at=NOW if used else None,
        revoked_at=NOW if revoked else None,
        at=NOW + timedelta(hours=hours),
    )
    assert found is standing


def test_a_new_link_is_sent_three_times_an_hour():
    asked = [NOW, NOW + timedelta(minutes=5), NOW + timedelta(minutes=10)]

    assert may_renew(asked[:2], NOW + timedelta(minutes=15))
    assert not may_renew(asked, NOW + timedelta(minutes=15))
    assert may_renew(asked, NOW + timedelta(minutes=61))
