"""Numbers, telephones and addresses: typed as people like, kept in one form, refused with a sentence. No database."""

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from suppliers.details.policies.addresses import FORMS, printed_address, read_address, read_postal_code
from suppliers.details.policies.countries import country_choices, country_name
from suppliers.details.policies.identifiers import (
    TAX_NUMBERS,
    BadIdentifier,
    identifier_text,
    read_identifier,
)
from suppliers.details.policies.phones import BadPhone, phone_text, read_phone

TAKEN = [
    # kind, country, typed, kept, checked
    ("vat", "DE", "de 136 695 976", "DE136695976", True),
    ("vat", "DE", "136695976", "DE136695976", True),
    ("vat", "AT", "ATU 13585627", "ATU13585627", True),
    ("vat", "FR", "FR 40 303 265 045", "FR40303265045", True),
    ("vat", "NL", "NL4495445B01", "NL004495445B01", True),
    ("vat", "ES", "B-58378431", "ESB58378431", True),
    ("vat", "IT", "00743110157", "IT00743110157", True),
    ("vat", "GR", "EL 094259216", "EL094259216", True),
    ("vat", "PL", "PL8567346215", "PL8567346215", True),
    ("vat", "IE", "IE 6433435F", "IE6433435F", True),
    ("vat", "GB", "980 7806 84", "GB980780684", True),
    ("vat", "GB", "XI 980780684", "XI980780684", True),
    ("vat", "CH", "CHE-107.787.577 MWST", "CHE107787577MWST", True),
    ("vat", "NO", "NO 995 525 828 MVA", "995525828MVA", True),
    ("vat", "IN", "27AAPFU0939F1ZV", "27AAPFU0939F1ZV", True),
    ("vat", "AU", "83 914 571 673", "83914571673", True),
    ("vat", "AE", "100-1234-5678-9003", "100123456789003", False),
    ("tax", "US", "91-1144442", "911144442", True),
    ("tax", "DE", "181/815/08155", "18181508155", True),
    ("tax", "GB", "1955839661", "1955839661", True),
    ("tax", "MX", "GODE561231GR8", "GODE561231GR8", True),
    ("tax", "BR", "16.727.230/0001-97", "16727230000197", True),
    ("tax", "AE", "AB 12 34", "AB1234", False),
    ("gln", "", "4 006381 333931", "4006381333931", True),
    ("gln", "DE", "4006381333931", "4006381333931", True),
    ("duns", "", "15-048-3782", "150483782", False),
    ("lei", "", "213800KUD8LAJWSQ9D15", "213800KUD8LAJWSQ9D15", True),
    ("lei", "", "2138 00kud8lajwsq9d15", "213800KUD8LAJWSQ9D15", True),
    ("gs1_prefix", "", "4006381", "4006381", False),
    ("register", "DE", " HRB  12345,  Köln ", "HRB 12345, Köln", False),
]


@pytest.mark.parametrize(("kind", "country", "typed", "kept", "checked"), TAKEN)
def test_a_number_is_kept_in_one_form_and_reads_the_same_again(kind, country, typed, kept, checked):
    read = read_identifier(kind, country, typed)

    assert (read.value, read.checked) == (kept, checked)
    assert read_identifier(kind, read.country or country, read.value) == read
    assert read_identifier(kind, read.country or country, identifier_text(kind, read.country, kept)) == read


REFUSED = [
    ("vat", "DE", "DE136695978", "The check digit of “DE136695978” is wrong for a VAT number of Germany"),
    ("vat", "DE", "DE13669597", "“DE13669597” is too short or too long for a VAT number of Germany."),
    ("vat", "DE", "DE13669597X", "“DE13669597X” is not written like a VAT number of Germany."),
    ("vat", "DE", "FR40303265045", "begins as a number of France, but Germany is chosen."),
    ("vat", "US", "91-1144442", "United States has no VAT number. Choose “Tax number” for “91-1144442”."),
    ("vat", "", "DE136695976", "Choose the country that gave the number out."),
    ("vat", "QQ", "DE136695976", "Choose the country that gave the number out."),
    ("tax", "US", "00-1144442", "“00-1144442” is not written like a EIN of United States."),
    ("tax", "AE", "12", "“12” is no such number: 4 to 20 letters A to Z and digits."),
    ("gln", "", "4006381333930", "The check digit of the GLN “4006381333930” is wrong: a digit is mistyped."),
    ("gln", "", "400638133393", "“400638133393” is no GLN: it has 13 digits."),
    ("gln", "", "٤٠٠٦٣٨١٣٣٣٩٣١", "is no GLN: it has 13 digits."),
    ("duns", "", "15-048-378", "“15-048-378” is no D-U-N-S number: it has nine digits."),
    ("lei", "", "213800KUD8LAJWSQ9D16", "The check digits of the LEI “213800KUD8LAJWSQ9D16” are wrong"),
    ("lei", "", "213800", "“213800” is no LEI: it has 18 letters and digits, then two digits."),
    ("gs1_prefix", "", "400", "“400” is no GS1 company prefix: it has 4 to 12 digits."),
    ("gln", "", "  ", "Type the number."),
    ("gln", "", "1" * 61, "is too long for a number. Type the number alone."),
    ("iban", "DE", "DE02120300000000202051", "Choose which number it is."),
]


@pytest.mark.parametrize(("kind", "country", "typed", "sentence"), REFUSED)
def test_a_refusal_names_field_value_rule_and_the_way_out(kind, country, typed, sentence):
    with pytest.raises(BadIdentifier) as refused:
        read_identifier(kind, country, typed)

    assert sentence in refused.value.problem.message
    assert refused.value.problem.field in ("kind", "country", "value")


@given(st.sampled_from(["vat", "tax", "gln", "duns", "lei", "gs1_prefix", "register"]), st.text(max_size=70))
def test_whatever_is_typed_is_kept_in_one_form_or_refused(kind, typed):
    for country in ("DE", "US", "AE", "CH"):
        try:
            read = read_identifier(kind, country, typed)
        except BadIdentifier:
            continue
        assert read_identifier(kind, read.country or country, read.value) == read


@given(st.integers(0, 999_999_999))
def test_spaces_and_hyphens_make_no_other_number(digits):
    bare = f"{digits:09}"
    assert read_identifier("duns", "", f"{bare[:2]}-{bare[2:5]}-{bare[5:]}").value == bare


def test_every_country_with_a_tax_number_is_one_and_has_somebody_who_checks():
    for country in TAX_NUMBERS:
        with pytest.raises(BadIdentifier):
            read_identifier("tax", country, "!")
        assert country_name(country) != country


# --- telephones ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "country", "kept", "at_home", "abroad"),
    [
        ("030 1234567", "DE", "+49301234567", "030 1234567", "+49 30 1234567"),
        ("+49 (0)30 1234567", "US", "+49301234567", "030 1234567", "+49 30 1234567"),
        ("0044 113 496 0000", "DE", "+441134960000", "0113 496 0000", "+44 113 496 0000"),
        ("(419) 555-0142", "US", "+14195550142", "(419) 555-0142", "+1 419-555-0142"),
        (
            "020 2612 3456 ext. 12",
            "IN",
            "+912026123456;ext=12",
            "020 2612 3456 ext. 12",
            "+91 20 2612 3456 ext. 12",
        ),
        ("  ", "DE", "", "", ""),
    ],
)
def test_a_telephone_is_kept_once_and_shown_as_one_dials_it(typed, country, kept, at_home, abroad):
    assert read_phone(typed, country) == kept
    assert phone_text(kept) == abroad
    home = {"+4": "DE" if kept.startswith("+49") else "GB", "+1": "US", "+9": "IN"}.get(kept[:2], "")
    assert phone_text(kept, home) == at_home


@pytest.mark.parametrize(
    ("typed", "country", "sentence"),
    [
        ("call us", "DE", "“call us” is no telephone number. Write it as you dial it, as in +49 30 1234567."),
        ("030 1234567", "", "says no country. Begin with + and the country’s code"),
        ("+999 12345678", "DE", "begins with a country code that no country has."),
        ("12", "US", "has too few or too many digits for a number of United States."),
        (
            "+49 30 12345678901234567890",
            "DE",
            "“+49 30 12345678901234567890” is too long for a telephone number.",
        ),
    ],
)
def test_a_telephone_that_cannot_be_dialled_is_refused(typed, country, sentence):
    with pytest.raises(BadPhone) as refused:
        read_phone(typed, country)
    assert sentence in refused.value.problem.message


@given(st.text(alphabet="+0123456789 ()-./x", max_size=25), st.sampled_from(["DE", "US", "IN", "IT", ""]))
def test_a_telephone_reads_the_same_again(typed, country):
    try:
        kept = read_phone(typed, country)
    except BadPhone:
        return
    assert read_phone(kept, "FR") == kept
    assert read_phone(phone_text(kept), "FR") == kept


# --- addresses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("country", sorted(FORMS))
def test_the_example_of_every_country_is_a_code_of_it_typed_with_or_without_its_gap(country):
    form = FORMS[country]
    assert form.needed <= set(form.fields)
    if not form.postal:
        assert not form.example
        return
    assert read_postal_code(country, form.example) == form.example
    bare = form.example.replace(" ", "").replace("-", "").lower()
    assert read_postal_code(country, bare) == form.example
    assert read_postal_code(country, "no code") is None


@pytest.mark.parametrize(
    ("country", "typed", "kept"),
    [
        ("DE", "D-10115", None),
        ("DE", "de10115", "10115"),
        ("GB", "ls101ab", "LS10 1AB"),
        ("GB", "W1A0AX", "W1A 0AX"),
        ("NL", "1012lg", "1012 LG"),
        ("US", "43604-1234", "43604-1234"),
        ("LT", "01100", "LT-01100"),
        ("BR", "01310100", "01310-100"),
        ("FR", "٧٥٠٠١", None),
        ("AE", "whatever 9", "WHATEVER 9"),
    ],
)
def test_a_postal_code_is_put_right_or_refused(country, typed, kept):
    assert read_postal_code(country, typed) == kept


ACME = {
    "name": "Acme",
    "line1": "Quay 1",
    "line2": "Floor 2",
    "district": "Harbour",
    "city": "Town",
    "region": "XX",
}


@pytest.mark.parametrize(
    ("country", "code", "lines"),
    [
        ("DE", "10115", ["Acme", "Quay 1", "Floor 2", "10115 Town", "Germany"]),
        ("GB", "LS10 1AB", ["Acme", "Quay 1", "Floor 2", "Harbour", "TOWN", "LS10 1AB", "UNITED KINGDOM"]),
        ("US", "43604", ["Acme", "Quay 1", "Floor 2", "Town, XX 43604", "United States"]),
        ("BR", "01310-100", ["Acme", "Quay 1", "Floor 2", "Harbour", "Town - XX", "01310-100", "Brazil"]),
        ("HU", "1051", ["Acme", "Town", "Quay 1", "Floor 2", "1051", "Hungary"]),
        ("IT", "20121", ["Acme", "Quay 1", "Floor 2", "20121 Town XX", "Italy"]),
        ("AE", "", ["Acme", "Quay 1", "Floor 2", "Harbour", "Town", "XX", "United Arab Emirates"]),
    ],
)
def test_an_address_is_printed_as_its_country_does(country, code, lines):
    kept, problems = read_address(country, {**ACME, "postal_code": code})

    assert problems == []
    assert printed_address(kept) == lines
    assert printed_address(kept, home=country) == lines[:-1]
    assert read_address(country, kept) == (kept, [])


def test_what_is_missing_or_wrong_is_named_all_at_once_in_the_words_of_the_country():
    _kept, problems = read_address("US", {"line1": "Quay 1", "postal_code": "4360", "city": "x" * 101})
    assert [(one.field, one.message) for one in problems] == [
        ("city", "City: at most 100 characters."),
        ("region", "An address in United States needs it."),
        ("postal_code", "“4360” is no ZIP code of United States. Write it like 43604."),
    ]
    assert read_address("", {"line1": "a", "city": "b"})[1][0].field == "country"


def test_a_gap_before_what_is_missing_goes_with_it():
    assert printed_address(
        {"country": "US", "line1": "1 Dock", "city": "", "region": "OH", "postal_code": "43604"}
    ) == [
        "1 Dock",
        "OH 43604",
        "United States",
    ]


def test_countries_are_named_in_the_readers_language():
    with translation.override("de"):
        assert country_name("GB") == "Vereinigtes Königreich"
        assert ("AT", "Österreich") in country_choices()
    with translation.override("en"):
        assert country_name("KR") == "South Korea"
    assert country_name("QQ") == "QQ"
