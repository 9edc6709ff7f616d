"""A document is supplied, reviewed by somebody else, and counts until another one does."""

import zlib
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import (
    Duplicate,
    IllegalTransition,
    Invalid,
    NotAllowed,
    NotFound,
    StaleDocument,
)
from portal.kernel.scanning import Scan
from portal.kernel.scope import acting
from suppliers.documents.messages import WriteKind, WriteRequirement
from suppliers.documents.models import Document, DocumentContent, DocumentKind, DocumentVersion
from suppliers.documents.policies import Cover, cover_of
from suppliers.documents.queries import held_of
from suppliers.documents.services import (
    OwnDocument,
    retire_kind,
    retire_requirement,
    write_kind,
    write_requirement,
)
from suppliers.models import Supplier
from tests.builders.documents import (
    PDF,
    TODAY,
    a_picture,
    accept,
    fresh_version,
    refuse,
    require,
    states,
    supply,
    the_document,
)
from tests.builders.world import MONDAY
from tests.people import FEED

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def told(kind=None):
    with acting(FEED):
        found = AuditEvent.objects.filter(stream=the_document().stream).order_by("id")
        return [one.kind for one in found] if kind is None else found.get(kind=kind)


def stored():
    with acting(FEED):
        return DocumentContent.objects.count()


def test_a_document_is_supplied_reviewed_and_counts(people):
    version = supply(people["asha"], reference=" DE-1 ", note="New one.")

    assert (version.state, version.number, version.reference, version.on_behalf) == (
        "in_review",
        1,
        "DE-1",
        False,
    )
    assert told() == ["document.supplied", "document.admitted"]

    done = accept(version, people["root"], valid_from=date(2026, 1, 1), valid_until=date(2027, 6, 30))

    assert (done.state, done.decided_by, done.version) == ("accepted", "Root Admin", 3)
    assert (fresh_version(version).valid_until, told()[-1]) == (date(2027, 6, 30), "document.accepted")
    assert told("document.accepted").facts["until"] == "2027-06-30"


def test_what_was_accepted_counts_until_the_next_one_is_accepted(people):
    first = accept(supply(people["asha"]), people["root"])
    second = supply(people["asha"], content=PDF + b"2", valid_until=date(2027, 12, 31))
    assert states() == [(1, "accepted"), (2, "in_review")]

    refuse(second, people["max"])
    assert states() == [(1, "accepted"), (2, "refused")]
    assert fresh_version(second).reason == "It is not signed."

    third = supply(people["asha"], content=PDF + b"3", valid_until=date(2027, 12, 31))
    accept(third, people["root"])
    assert states() == [(1, "replaced"), (2, "refused"), (3, "accepted")]
    assert fresh_version(first).ended_at == MONDAY


def test_one_that_begins_later_leaves_the_one_before_in_force(people):
    accept(supply(people["asha"], valid_until=TODAY + 9 * DAY), people["root"])
    later = supply(people["asha"], content=PDF + b"2", valid_from=TODAY + 10 * DAY)
    accept(later, people["root"])

    assert states() == [(1, "accepted"), (2, "accepted")]


def test_a_renewal_that_was_accepted_stays_and_one_without_an_end_ends_before_it(people):
    endless = accept(supply(people["asha"], valid_until=None), people["root"])
    renewal = supply(people["asha"], content=PDF + b"2", valid_from=TODAY + 10 * DAY)
    renewal = accept(renewal, people["root"])
    assert fresh_version(endless).valid_until == TODAY + 9 * DAY
    with acting(FEED):
        facts = AuditEvent.objects.filter(kind="document.accepted").order_by("id").last().facts
        cover = cover_of([one.span for one in DocumentVersion.objects.all()], TODAY)
    assert (facts["ended"], facts["ended_on"]) == (["1"], str(TODAY + 9 * DAY))
    assert cover == Cover(True, renewal.valid_until)

    accept(supply(people["asha"], content=PDF + b"3", valid_until=TODAY + 9 * DAY), people["root"])
    assert states() == [(1, "replaced"), (2, "accepted"), (3, "accepted")]


def test_a_newer_one_takes_the_place_of_what_waits_and_the_same_one_is_one(people):
    first = supply(people["asha"])
    assert supply(people["asha"]).pk == first.pk

    supply(people["asha"], content=PDF + b"2")

    assert states() == [(1, "replaced"), (2, "in_review")]
    assert stored() == 2  # what was supplied stays


def test_what_one_of_ours_supplies_somebody_else_reviews(people):
    version = supply(people["root"])
    assert (version.on_behalf, version.supplied_by) == (True, "Root Admin")

    with pytest.raises(OwnDocument):
        accept(version, people["root"])
    with pytest.raises(OwnDocument):
        refuse(version, people["root"])
    assert accept(version, people["max"]).state == "accepted"


def test_who_may_not(people):
    with pytest.raises(NotAllowed):
        supply(people["olga"])
    with pytest.raises(NotFound):
        supply(people["gil"])  # another supplier's
    version = supply(people["asha"])
    for name in ("asha", "bea", "otto"):
        with pytest.raises(NotAllowed):
            accept(version, people[name])
    with pytest.raises(NotAllowed):
        require(who=people["max"])
    with acting(people["gil"].actor):
        assert (
            DocumentVersion.objects.count()
            == Document.objects.count()
            == DocumentContent.objects.count()
            == 0
        )


def test_of_two_reviewers_the_second_is_late(people):
    version = supply(people["asha"])
    accept(version, people["root"])
    with pytest.raises(StaleDocument):
        refuse(version, people["max"])
    with pytest.raises(IllegalTransition):
        refuse(fresh_version(version), people["max"])


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"content": b""}, "file", "is empty"),
        ({"content": b"MZ\x90\x00"}, "file", "not what its ending says"),
        ({"name": "a.docx"}, "file", "PDF, PNG, JPG"),
        ({"name": "a.svg", "content": b"<svg/>"}, "file", "PDF, PNG, JPG"),
        ({"content": b"%PDF-" + b"0" * (10 * 1024 * 1024)}, "file", "larger than 10 MB"),
        ({"name": "a.png", "content": b"\x89PNG\r\n\x1a\n...."}, "file", "no picture that can be opened"),
        ({"valid_until": None}, "valid_until", "until when it is valid"),
        ({"valid_until": TODAY - DAY}, "valid_until", "ended already"),
        ({"valid_from": date(2027, 1, 1)}, "valid_until", "cannot end before it begins"),
        ({"valid_until": date(2999, 1, 1)}, "valid_until", "2000 to 2199"),
        ({"reference": "x" * 101}, "reference", "At most 100"),
        ({"kind": "nonsense"}, None, ""),
    ],
)
def test_what_is_not_taken(people, changed, field, says):
    require()
    kind = changed.pop("kind", "iso-9001")
    if field is None:
        with pytest.raises(NotFound):
            supply(people["asha"], kind, **changed)
    else:
        with pytest.raises(Invalid) as refusal:
            supply(people["asha"], kind, **changed)
        assert [one.field for one in refusal.value.problems] == [field]
        assert says in refusal.value.problems[0].message
    assert (states(), stored()) == ([], 0)


def test_a_picture_that_unpacks_to_too_many_pixels_is_refused_unopened(people):
    picture = bytearray(a_picture())
    picture[16:24] = (50_000).to_bytes(4, "big") * 2
    picture[29:33] = zlib.crc32(bytes(picture[12:29])).to_bytes(4, "big")

    with pytest.raises(Invalid, match=r"too many pixels|no picture"):
        supply(people["asha"], name="a.png", content=bytes(picture))


def test_one_document_is_not_supplied_over_and_over(people):
    for n in range(20):
        supply(people["asha"], content=PDF + str(n).encode())
    with pytest.raises(Invalid, match="20 times"):
        supply(people["asha"], content=PDF + b"x")
    assert supply(people["root"], content=PDF + b"x").number == 21
    assert supply(people["asha"], content=PDF + b"y", at=MONDAY + DAY).number == 22


def test_a_supplier_gives_so_much_of_all_documents_within_a_day(people, monkeypatch):
    monkeypatch.setattr("suppliers.documents.services.supplying.MOST_BYTES_A_DAY", 2 * len(PDF))
    supply(people["asha"])
    supply(people["asha"], "insurance")
    with pytest.raises(Invalid, match="MB of documents within 24 hours"):
        supply(people["asha"], "iso-14001")
    supply(people["gil"], "iso-14001", supplier="GLOBEX")
    supply(people["root"], "iso-14001")
    supply(people["asha"], "conflict-minerals", at=MONDAY + DAY)


def test_days_that_a_reviewer_reads_are_looked_at_too(people):
    require()
    version = supply(people["asha"])
    with pytest.raises(Invalid, match="until when"):
        accept(version, people["root"], valid_until=None)
    with pytest.raises(Invalid, match="ended already"):
        accept(version, people["root"], valid_until=TODAY - DAY)
    with pytest.raises(Invalid, match="Say why"):
        refuse(version, people["root"], "  ")
    assert states() == [(1, "in_review")]


def test_a_supplier_in_its_own_scope_accepts_nothing_and_writes_nothing_of_ours(people):
    version = supply(people["asha"])
    asha = people["asha"].actor
    mine = {"supplier_id": version.supplier_id, "document_id": version.document_id, "number": 9, "size": 1}
    mine |= {"scan": "off", "supplied_at": MONDAY}

    with pytest.raises(DatabaseError, match="supplier_edits_only"), acting(asha):
        DocumentVersion.objects.filter(pk=version.pk).update(state="accepted")
    for wrong in ({"state": "in_review"}, {"on_behalf": True}):
        with pytest.raises(DatabaseError, match="supplier_writes_only"), acting(asha):
            DocumentVersion.objects.create(**mine, **wrong)
    for statement in (
        "UPDATE suppliers_documentversion SET valid_until = '2030-01-01'",
        "UPDATE suppliers_document SET late_at = NULL",
        "DELETE FROM suppliers_documentcontent",
        "SELECT 1 FROM suppliers_requirement",
        "UPDATE suppliers_documentkind SET name = 'mine now'",
    ):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            acting(asha),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    # What waits for the scanner, or carries something, counts by no hand at all.
    with pytest.raises(DatabaseError, match="counts_only_clean"), acting(FEED):
        DocumentVersion.objects.filter(pk=version.pk).update(scan=Scan.WAITING)


def test_our_administrator_adds_kinds_and_requirements_and_ends_them(people):
    root = people["root"].actor
    with acting(root):
        kind = write_kind(WriteKind("iso-45001", "ISO 45001", "Safety at work."), actor=root, at=MONDAY)
        for wrong, says in (
            (WriteKind("ISO 1", "X"), "small letters"),
            (WriteKind("x", ""), "a name"),
            (WriteKind("y", "Y", "h" * 501), "At most 500"),
        ):
            with pytest.raises(Invalid, match=says):
                write_kind(wrong, actor=root, at=MONDAY)
        for twice in (WriteKind("iso-45001", "Other one"), WriteKind("other-one", "ISO 45001")):
            with pytest.raises(Duplicate):
                write_kind(twice, actor=root, at=MONDAY)
        said = {"kind": kind.code, "compulsory": True, "expires": False, "from_on": TODAY}
        made = write_requirement(
            WriteRequirement(**said, countries=("in", " IN", ""), segments=("core",)), actor=root, at=MONDAY
        )
        assert (made.countries, made.segments, made.grace_days) == (["IN"], ["core"], 30)
        with pytest.raises(Duplicate):
            write_requirement(
                WriteRequirement(**said, countries=("IN",), segments=("core",)), actor=root, at=MONDAY
            )
        for wrong in ({"countries": ("INDIA",)}, {"segments": ("x",)}, {"grace_days": 400}):
            with pytest.raises(Invalid):
                write_requirement(WriteRequirement(**{**said, **wrong}), actor=root, at=MONDAY)
        acme, globex = Supplier.objects.order_by("number")
        held = held_of([acme, globex], MONDAY, actor=root)
        assert [len(held[one.pk]) for one in (acme, globex)] == [1, 0]
        retire_requirement(made.key, actor=root, at=MONDAY)
        retire_requirement(made.key, actor=root, at=MONDAY)
        assert held_of([acme], MONDAY, actor=root)[acme.pk] == []
        retire_kind(kind.code, actor=root, at=MONDAY)
        with pytest.raises(NotFound):
            retire_kind(kind.code, actor=root, at=MONDAY)
    with pytest.raises(NotFound):
        supply(people["asha"], "iso-45001")
    with acting(FEED):
        assert DocumentKind.objects.filter(retired_at=None).count() == 9


def test_as_many_queries_for_many_suppliers_as_for_one(people):
    require()
    require("insurance", countries=("IN",))
    supply(people["asha"])
    with acting(FEED):
        more = [Supplier(number=f"N{n}", name=f"N{n}", country="IN") for n in range(30)]
        Supplier.objects.bulk_create(more)
        every = list(Supplier.objects.order_by("id"))
        counts = []
        for some in (every[:1], every):
            with CaptureQueriesContext(connection) as queries:
                held_of(some, MONDAY, actor=FEED)
            counts.append(len(queries))
    assert counts[0] == counts[1]
