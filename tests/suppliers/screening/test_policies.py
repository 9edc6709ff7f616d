"""How alike names are, and what the files of the lists say. All names are invented."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.kernel.errors import Invalid
from suppliers.screening.files.reading import read_list
from suppliers.screening.messages import Listed
from suppliers.screening.policies import Index, least_in_common, likeness, readings_of, words_of

SDN = (
    b'101,"NORTHERN BOLT TRADING COMPANY LTD","-0- ","DEMO1","-0- "\n'
    b'102,"DOE, Johann","individual","-0- ","-0- "\n\x1a\n'
)
ALT = b'101,1,"aka","NBTC","-0- "\n101,2,"fka","Severny Bolt","-0- "\n'
EU = (
    "fileGenerationDate;Entity_LogicalId;Entity_Regulation_Programme;NameAlias_WholeName\n"
    "01/11/2026;7;DEMO2;Société Générale des Écrous\n"
    "01/11/2026;7;DEMO2;General Nuts\n"
    "01/11/2026;8;DEMO2;\n"
)


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("Acme Valves GmbH", "ACME VALVES LTD.", 100),
        ("A.C.M.E. Valves", "ACME Valves", 100),
        ("AcmeValves", "Acme Valves", 100),
        ("Société des Écrous", "Societe des Ecrous S.A.", 100),
        ("Straße Handel", "STRASSE HANDEL", 100),
        ("Northern Bolt Trading", "Northern Bolt", 80),
        ("Northern Bolt", "Southern Bolt", 50),
        ("Acme", "Globex", 0),
        ("Limited", "Limited", 100),
        ("", "Acme", 0),
    ],
)
def test_names_are_alike_by_their_words(one, other, wanted):
    assert likeness(words_of(one), words_of(other)) == wanted
    assert likeness(words_of(other), words_of(one)) == wanted


@pytest.mark.parametrize(
    ("written", "listed"),
    [
        ("Nor\u200bthern Bolt Trading", "Northern Bolt"),  # what nobody sees
        ("North\u00adern Bolt", "Northern Bolt"),
        ("N\u043erth\u0435rn B\u043elt", "Northern Bolt"),  # Cyrillic letters that look like ours
        ("\u0410\u0421\u041c\u0415 Valves", "ACME Valves"),
        ("\u0391CM\u0395 Valves", "ACME Valves"),  # Greek ones
        ("\uff21\uff23\uff2d\uff25 Valves", "ACME Valves"),  # of full width
        ("\u0421\u0435\u0432\u0435\u0440\u043d\u044b\u0439 \u0411\u043e\u043b\u0442", "Severny Bolt"),
        ("\u0421\u0435\u0432\u0435\u0440\u043d\u044b\u0439 \u0411\u043e\u043b\u0442", "SEVERNYI BOLT"),
        ("M\u00fcller Schrauben", "Mueller Schrauben"),
        ("\u00d8rsted \u0141ódź", "Orsted Lodz"),
        ("Bolt, Northern", "Northern Bolt"),
    ],
)
def test_no_trick_of_writing_hides_a_name_and_either_may_be_the_listed_one(written, listed):
    for one, other in ((written, listed), (listed, written)):
        (match,) = Index([Listed("1", (one,))]).matches([other], 80)
        assert match.name == one


def test_names_that_only_sound_a_little_alike_stay_apart():
    assert (
        Index([Listed("1", ("Northern Bolt 2000", "Bolzano"))]).matches(["Northern Belt", "Bolzan 20"], 80)
        == []
    )


def test_a_supplier_is_found_by_the_likest_of_all_names():
    index = Index(
        [Listed("1", ("Northern Bolt", "Severny Bolt Trading")), Listed("2", ("Nuts of the North",))]
    )

    assert [(one.listed.ref, one.name, one.score) for one in index.matches(["Severny Bolt", "Bolt"], 70)] == [
        ("1", "Severny Bolt Trading", 80)
    ]
    assert index.matches(["Completely different"], 70) == []


# Few words, so that names have much in common; some are others written together, or one twice.
SOME_NAMES = st.lists(
    st.sampled_from(["bolt", "north", "northbolt", "tin", "valve", "gmbh", "Ацме", "bolt bolt"]), max_size=6
).map(" ".join)


@given(st.lists(st.lists(SOME_NAMES, min_size=1, max_size=3), max_size=12), SOME_NAMES, st.integers(1, 100))
@example([["north bolt"]], "northbolt", 80)
@example([["bolt bolt bolt tin"]], "bolt bolt bolt valve", 75)
@example([["tin"], ["bolt bolt"]], "bolt bolt tin tin", 66)
def test_nobody_is_lost_by_looking_at_the_rare_words_first(lists, name, threshold):
    """The index against a comparison of each name with each."""
    parties = [Listed(str(number), tuple(names)) for number, names in enumerate(lists)]
    every = {
        party.ref: max(
            likeness(one, other)
            for one in readings_of(name)
            for listed in party.names
            for other in readings_of(listed)
        )
        for party in parties
    }

    found = {one.listed.ref: one.score for one in Index(parties).matches([name], threshold)}

    assert found == {ref: score for ref, score in every.items() if score >= threshold}


@pytest.mark.parametrize(
    ("words", "threshold", "wanted"),
    [(4, 80, 3), (2, 80, 2), (1, 80, 1), (10, 100, 10), (6, 50, 2), (1, 1, 1)],
)
def test_how_much_like_names_have_in_common_at_least(words, threshold, wanted):
    assert least_in_common(words, threshold) == wanted


def test_the_lists_are_read_as_their_makers_write_them():
    assert read_list("ofac", SDN, ALT) == [
        Listed("101", ("NORTHERN BOLT TRADING COMPANY LTD", "NBTC", "Severny Bolt"), "DEMO1"),
        Listed("102", ("DOE, Johann",), ""),
    ]
    assert read_list("eu", EU.encode()) == [
        Listed("7", ("Société Générale des Écrous", "General Nuts"), "DEMO2")
    ]
    assert read_list("own", b"ref;name;aliases\n1;Bad Bolts;BB|B. Bolts\n;nobody;\n") == [
        Listed("1", ("Bad Bolts", "BB", "B. Bolts"))
    ]


@pytest.mark.parametrize(
    ("source", "content"),
    [
        ("ofac", b"number,name,type,program\n"),
        ("eu", b"a;b\n1;2\n"),
        ("own", b"x;y\n"),
        ("own", b"ref;name\n"),
    ],
)
def test_another_file_is_refused(source, content):
    with pytest.raises(Invalid):
        read_list(source, content)
