"""SSCC, GTIN and GLN: built, checked, read as people and scanners write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.labels.numbers import (
    BadNumber,
    build_sscc,
    check_digit,
    has_right_check_digit,
    read_gln,
    read_gtin,
    read_sscc,
    spaced_sscc,
    split_sscc,
    sscc_capacity,
)

digits = st.text("0123456789", min_size=1, max_size=20)
prefixes = st.text("0123456789", min_size=4, max_size=12)


@st.composite
def company_and_serial(draw: st.DrawFn) -> tuple[str, int, int]:
    prefix = draw(prefixes)
    return prefix, draw(st.integers(0, sscc_capacity(prefix) - 1)), draw(st.integers(0, 9))


@pytest.mark.parametrize(
    "number",
    [
        "106141412345678908",
        "340123450000000079",
        "4006381333931",
        "036000291452",
        "96385074",
        "10614141000415",
    ],
)
def test_check_digits_known_from_print(number):
    assert check_digit(number[:-1]) == number[-1]


def test_an_sscc_of_the_standards_own_example():
    assert build_sscc("0614141", 234567890, extension=1) == "106141412345678908"


@given(company_and_serial())
def test_what_is_built_is_read_and_split_again(made):
    prefix, serial, extension = made

    sscc = build_sscc(prefix, serial, extension=extension)

    assert len(sscc) == 18
    assert read_sscc(f"]C100{sscc}") == read_sscc(f"(00) {sscc}") == read_sscc(spaced_sscc(sscc)) == sscc
    parts = split_sscc(sscc, prefix)
    assert (parts.prefix, parts.serial, parts.extension, parts.check_digit) == (
        prefix,
        serial,
        extension,
        sscc[-1],
    )


@given(company_and_serial(), company_and_serial())
def test_two_serials_of_a_prefix_are_never_one_number(one, other):
    prefix, serial, extension = one
    second = (min(other[1], sscc_capacity(prefix) - 1), other[2])

    same = build_sscc(prefix, serial, extension=extension) == build_sscc(
        prefix, second[0], extension=second[1]
    )

    assert same == ((serial, extension) == second)


@given(digits, st.data())
def test_one_wrong_digit_never_passes(body, data):
    number = body + check_digit(body)
    place = data.draw(st.integers(0, len(number) - 1))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[place]]))

    assert has_right_check_digit(number)
    assert not has_right_check_digit(number[:place] + wrong + number[place + 1 :])


def test_a_prefix_has_so_many_numbers():
    assert sscc_capacity("4012") == 1_000_000_000_000
    assert sscc_capacity("401234567890") == 10_000


@pytest.mark.parametrize("prefix", ["", "401", "4012345678901", "40x2345", "４０１２３４５"])
def test_a_prefix_that_is_none_is_refused(prefix):
    with pytest.raises(BadNumber, match="4 to 12 digits"):
        build_sscc(prefix, 1)


def test_a_serial_that_does_not_fit_is_refused():
    with pytest.raises(BadNumber, match="leaves 4 digits"):
        build_sscc("401234567890", 10_000)
    with pytest.raises(BadNumber, match="leaves 4 digits"):
        build_sscc("401234567890", -1)


def test_an_extension_digit_is_one_digit():
    with pytest.raises(BadNumber, match="0 to 9, not 10"):
        build_sscc("4012345", 1, extension=10)


@pytest.mark.parametrize(
    ("typed", "reason"), [("34012345000000007", "18 digits"), ("340123450000000078", "would be 9")]
)
def test_a_slip_of_the_keys_is_named(typed, reason):
    with pytest.raises(BadNumber, match=reason):
        read_sscc(typed)


def test_somebody_elses_sscc_is_not_split():
    with pytest.raises(BadNumber, match="somebody else"):
        split_sscc("340123450000000079", "4012346")


def test_a_gtin_is_written_with_fourteen_digits():
    assert read_gtin("4006381333931") == "04006381333931"
    assert read_gtin("0 36000 29145 2") == "00036000291452"
    assert read_gtin("96385074") == "00000096385074"


@pytest.mark.parametrize("wrong", ["4006381333932", "40063813339", "", "abc"])
def test_a_gtin_or_gln_that_is_none_is_refused(wrong):
    with pytest.raises(BadNumber):
        read_gtin(wrong)
    with pytest.raises(BadNumber):
        read_gln(wrong)


def test_a_gln_keeps_its_thirteen_digits():
    assert read_gln("4012345 00000 9") == "4012345000009"


def test_an_sscc_is_read_out_in_its_parts():
    assert spaced_sscc("340123450000000079", "4012345") == "3 4012345 000000007 9"
