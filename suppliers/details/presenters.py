"""Company data in words: sections of the page, what waits, old beside new, what follows from segment and channel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.actors import Actor, Channel
from suppliers.details.messages import kind_of, subject_of
from suppliers.details.models import Address, ChangeRequest, Contact, Identifier
from suppliers.details.policies.addresses import FIELDS as ADDRESS_FIELDS
from suppliers.details.policies.addresses import address_form, printed_address
from suppliers.details.policies.changes import ADDRESSES, FIELDS, NUMBERS, part_of_number
from suppliers.details.policies.countries import country_name
from suppliers.details.policies.identifiers import identifier_text, tax_number_name
from suppliers.details.policies.phones import phone_address, phone_text
from suppliers.details.queries import CompanySheet, values_of
from suppliers.details.states import ChangeState, ContactRole, IdentifierKind, Part, Way
from suppliers.models import Supplier
from suppliers.roles import Permission
from suppliers.states import READ_BY_PROGRAMS, Segment, TradeChannel

WORDS: Mapping[str, Any] = {
    "legal_name": lazy("Legal name"),
    "legal_form": lazy("Legal form"),
    "trading_name": lazy("Trading name"),
    "website": lazy("Website"),
    "country": lazy("Country"),
    "kind": lazy("Which number"),
    "value": lazy("Number"),
    "name": lazy("Name"),
    "roles": lazy("Asked about"),
    "email": lazy("Mail"),
    "telephone": lazy("Telephone"),
    "language": lazy("Language"),
    "time_zone": lazy("Time zone"),
    "channel": lazy("Orders reach it by"),
}
HIDDEN = frozenset({"checked"})
CHANGE_LOOK = {
    ChangeState.WAITING: ("wait", "wait"),
    ChangeState.IN_FORCE: ("done", "full"),
    ChangeState.REFUSED: ("stop", "stop"),
    ChangeState.WITHDRAWN: ("quiet", "none"),
}


@dataclass(frozen=True, slots=True)
class DetailRow:
    """A field in words: what stands, or nothing; what the ERP says where that differs; where a link leads."""

    label: str
    text: str
    erp: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class DetailItem:
    """One thing of a section: rows, or the lines of an address; where it is changed; what waits to change it."""

    title: str = ""
    rows: Sequence[DetailRow] = ()
    lines: Sequence[str] = ()
    note: str = ""
    warning: str = ""
    edit_url: str = ""
    edit_label: str = ""
    waiting: "ChangeText | None" = None


@dataclass(frozen=True, slots=True)
class DetailSection:
    """A part of the page."""

    name: str
    title: str
    items: Sequence[DetailItem]
    add_url: str = ""
    add_label: str = ""
    note: str = ""
    empty: str = ""


@dataclass(frozen=True, slots=True)
class ChangeText:
    """A change in words: old beside new."""

    change: ChangeRequest
    title: str
    rows: Sequence[tuple[str, str, str, bool]]
    state: str
    tone: str
    glyph: str
    url: str
    reason: str = ""
    decided_reason: str = ""
    ends: bool = False
    others: Sequence[Supplier] = field(default=())


def value_text(part: str, name: str, value: Any, *, subject: str = "", country: str = "") -> str:
    """The value of a field as its reader knows it."""
    if value in (None, "", []):
        return ""
    if name == "country":
        return country_name(value)
    if name == "roles":
        return ", ".join(str(ContactRole(one).label) for one in value)
    if name == "telephone":
        return phone_text(value, country)
    if name == "language":
        return language_name(value)
    if name == "channel":
        return str(TradeChannel(value).label)
    if name == "kind":
        return str(IdentifierKind(value).label)
    if name == "value" and part in NUMBERS and subject:
        return identifier_text(*kind_of(subject), value)
    return str(value)


def language_name(code: str) -> str:
    """A language in the reader's; its code where nobody knows it."""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


def number_name(kind: str, country: str) -> str:
    """What a number is called: by its country, where it has one."""
    name = str(IdentifierKind(kind).label)
    if kind == IdentifierKind.TAX and tax_number_name(country):
        name = tax_number_name(country)
    if not country:
        return name
    return _("%(name)s, %(country)s") % {"name": name, "country": country_name(country)}


def change_title(change: ChangeRequest) -> str:
    """What a change is about."""
    if change.part in NUMBERS:
        return number_name(*kind_of(change.subject))
    if change.part == Part.CONTACT:
        name = change.new.get("name") or change.old.get("name") or ""
        return _("Contact %(name)s") % {"name": name}
    return str(Part(change.part).label)


def change_text(change: ChangeRequest, actor: Actor, *, others: Sequence[Supplier] = ()) -> ChangeText:
    """A change in words, every field of it, for one reader. No query where its supplier is at hand."""
    reason, decided_reason = change.words_for(actor)
    tone, glyph = CHANGE_LOOK[ChangeState(change.state)]
    country = str(change.new.get("country") or change.old.get("country") or "")
    said = change.new or change.old  # JSON, which has an order of its own
    names = [name for name in FIELDS[Part(change.part)] if name in said]
    rows = []
    for name in names:
        old, new = change.old.get(name), change.new.get(name)
        if name in HIDDEN or (old in (None, "", []) and new in (None, "", [])):
            continue
        texts = [
            value_text(change.part, name, one, subject=change.subject, country=change.supplier.country)
            for one in (old, new)
        ]
        rows.append((field_label(change.part, name, country), texts[0], texts[1], old != new))
    return ChangeText(
        change=change,
        title=change_title(change),
        rows=rows,
        state=str(ChangeState(change.state).label),
        tone=tone,
        glyph=glyph,
        url=reverse("detail-change", args=[change.key]),
        reason=reason,
        decided_reason=decided_reason,
        ends=not change.new,
        others=others,
    )


def field_label(part: str, name: str, country: str = "") -> str:
    """What a field is called; that of an address as its country calls it."""
    if part in ADDRESSES and name in ADDRESS_FIELDS:
        return str(address_form(country).label(name))
    return str(WORDS[name])


# --- the page ------------------------------------------------------------------------------------------------


class _Page:
    """Makes the sections of one supplier's page, for one reader."""

    def __init__(self, sheet: CompanySheet, actor: Actor) -> None:
        self.sheet = sheet
        self.actor = actor
        only_reads = actor.is_supplier and sheet.supplier.only_reads
        self.may_edit = actor.may(Permission.DETAIL_EDIT) and not only_reads
        self.ours = actor.is_company

    def url(self, slug: str, subject: str = "") -> str:
        if not self.may_edit:
            return ""
        address = reverse("company-part", args=[self.sheet.supplier.key, slug])
        return f"{address}?of={subject}" if subject else address

    def waiting(self, part: str, subject: str = "") -> ChangeText | None:
        found = self.sheet.waits(part, subject)
        return change_text(found, self.actor) if found else None

    def rows(self, part: str, values: Mapping[str, Any]) -> list[DetailRow]:
        says = self.sheet.supplier.erp_says if self.ours else {}
        return [
            DetailRow(
                str(WORDS[name]),
                value_text(part, name, value),
                value_text(part, name, says[name])
                if name in says and says[name] != value and part != Part.CONTACT
                else "",
                value if name == "website" and value else "",
            )
            for name, value in values.items()
        ]

    def single(self, part: str, row: Any, slug: str = "", *, note: str = "") -> DetailSection:
        values = values_of(part, row, self.sheet.supplier)
        item = DetailItem(
            rows=self.rows(part, values), edit_url=self.url(slug or part), waiting=self.waiting(part)
        )
        return DetailSection(part, str(Part(part).label), [item], note=note or self.note(part))

    def note(self, part: str) -> str:
        if not self.may_edit or self.sheet.ways[part] == Way.AT_ONCE:
            return ""
        if self.ours:
            return _("A change comes into force once a colleague of yours has approved it.")
        return _("A change comes into force once your customer has approved it. The old stands until then.")

    def numbers(self) -> DetailSection:
        items = []
        for one in self.sheet.identifiers:
            part, subject = part_of_number(one.kind), subject_of(one.kind, one.country)
            items.append(
                DetailItem(
                    title=number_name(one.kind, one.country),
                    lines=[identifier_text(one.kind, one.country, one.value)],
                    note="" if one.checked or not self.ours else _("No check digit: look it up."),
                    warning=self.elsewhere(one, subject),
                    edit_url=self.url("number", subject),
                    edit_label=number_name(one.kind, one.country),
                    waiting=self.waiting(part, subject),
                )
            )
        known = {subject_of(one.kind, one.country) for one in self.sheet.identifiers}
        items += [
            DetailItem(title=change_title(one), waiting=change_text(one, self.actor))
            for one in self.sheet.waiting
            if one.part in NUMBERS and one.subject not in known
        ]
        return DetailSection(
            "numbers",
            _("Tax and other numbers"),
            items,
            self.url("number"),
            _("Add a number"),
            note=self.note(Part.TAX_ID),
            empty=_("No number yet: VAT, tax, GLN, D-U-N-S, LEI, GS1, register."),
        )

    def elsewhere(self, one: Identifier, subject: str) -> str:
        others = self.sheet.elsewhere.get(subject, ())
        if not others:
            return ""
        names = ", ".join(f"{other.name} ({other.number})" for other in others)
        return _("Also at %(names)s: one is mistyped, or both are one company.") % {"names": names}

    def address(self, part: str, empty: str) -> DetailSection:
        found: Address | None = self.sheet.addresses.get(part)
        lines = printed_address(values_of(part, found, self.sheet.supplier)) if found else []
        item = DetailItem(lines=lines, edit_url=self.url(part), waiting=self.waiting(part))
        return DetailSection(part, str(Part(part).label), [item], note=self.note(part), empty=empty)

    def contacts(self) -> DetailSection:
        items = [self.contact(one) for one in self.sheet.contacts]
        known = {str(one.key) for one in self.sheet.contacts}
        items += [
            DetailItem(title=change_title(one), waiting=change_text(one, self.actor))
            for one in self.sheet.waiting
            if one.part == Part.CONTACT and one.subject not in known
        ]
        return DetailSection(
            "contacts",
            str(Part.CONTACT.label),
            items,
            self.url("contact"),
            _("Add a contact"),
            note=self.note(Part.CONTACT),
            empty=_("Nobody is named yet. Contacts need no account: they are whom one calls or writes to."),
        )

    def contact(self, one: Contact) -> DetailItem:
        country = self.sheet.supplier.country
        rows = [DetailRow(str(WORDS["roles"]), value_text(Part.CONTACT, "roles", one.roles))]
        if one.email:
            rows.append(DetailRow(str(WORDS["email"]), one.email, url=f"mailto:{one.email}"))
        if one.telephone:
            text = phone_text(one.telephone, "" if self.ours else country)
            rows.append(DetailRow(str(WORDS["telephone"]), text, url=phone_address(one.telephone)))
        rows.append(DetailRow(str(WORDS["language"]), value_text(Part.CONTACT, "language", one.language)))
        return DetailItem(
            title=one.name,
            rows=rows,
            edit_url=self.url("contact", str(one.key)),
            edit_label=one.name,
            waiting=self.waiting(Part.CONTACT, str(one.key)),
        )

    def sites(self) -> DetailSection:
        items = []
        for one in self.sheet.sites:
            place = f"{one.postal_code} {one.city}".strip()
            lines = [one.street, place, country_name(one.country) if one.country else ""]
            items.append(DetailItem(title=one.name, lines=[line for line in lines if line]))
        return DetailSection("sites", _("Where goods leave"), items, note=_("As the ERP has them."))


def company_sections(sheet: CompanySheet, actor: Actor) -> list[DetailSection]:
    """The page of one supplier, in the order in which it is read. No query."""
    page = _Page(sheet, actor)
    supplier = sheet.supplier
    found = [
        page.single(Part.LEGAL, sheet.names),
        page.single(Part.NAMES, sheet.names),
        page.numbers(),
        page.address(Part.REGISTERED, _("Not said yet.")),
        page.address(
            Part.REMIT_TO,
            _("Not said yet: where papers about payments go, if not to the registered address."),
        ),
        page.contacts(),
        page.single(Part.PREFERENCES, supplier),
        page.single(Part.CHANNEL, supplier),
    ]
    if sheet.sites:
        found.insert(5, page.sites())
    return found


# --- what follows --------------------------------------------------------------------------------------------


def what_follows(segment: str, channel: str) -> list[str]:
    """What the portal does differently for a supplier of this segment and channel: only what it really does."""
    found = []
    if segment in settings.LINK_SIGN_IN_SEGMENTS:
        found.append(_("Links in mails show orders; to answer one, its people sign in."))
    else:
        found.append(_("Links in mails answer orders without sign-in."))
    found.append(
        _(
            "Clocks, tolerances, matching and early payment follow the rules that are written for segment “%(name)s”."
        )
        % {"name": Segment(segment).label}
    )
    if channel in READ_BY_PROGRAMS:
        found.append(
            _(
                "No mail is sent about new orders: its programs read them. Reminders and all other notices are mailed."
            )
        )
    else:
        found.append(_("New orders are mailed to its people who answer orders, or to the company’s address."))
    return found


@dataclass(frozen=True, slots=True)
class SupplierRow:
    """A supplier as the list shows it."""

    supplier: Supplier
    country: str
    segment: str
    channel: str
    legal_name: str


def supplier_rows(suppliers: Sequence[Supplier]) -> list[SupplierRow]:
    """The rows of the list. No query where `names` is at hand."""
    found = []
    for one in suppliers:
        names = getattr(one, "names", None)
        legal = names.legal_name if names else ""
        found.append(
            SupplierRow(
                one,
                country_name(one.country) if one.country else "",
                str(Segment(one.segment).label),
                str(TradeChannel(one.channel).label),
                legal if legal != one.name else "",
            )
        )
    return found


def came_by(change: ChangeRequest) -> str:
    """Through which door a change was asked for; "" for the pages."""
    return {Channel.API: _("by the API"), Channel.FILE: _("from a sheet")}.get(Channel(change.channel), "")
