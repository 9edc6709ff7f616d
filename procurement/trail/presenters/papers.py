"""What papers are called in the trail, and where their pages are for whoever may open them."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.kernel.actors import Actor
from procurement.inbox.states import CaseKind
from procurement.trail.queries import PaperFound
from suppliers.roles import Permission

P = Permission


@dataclass(frozen=True, slots=True)
class Page:
    """What a kind of paper is called, and its page: the name of the address, who may open it, and whether suppliers
    have one too."""

    word: Promise
    url: str = ""
    needs: Permission | None = None
    theirs: bool = False


PAGES: Mapping[str, Page] = {
    "order": Page(_("Order"), "order", P.ORDER_VIEW, theirs=True),
    "acknowledgment": Page(_("Answer")),
    "invoice": Page(_("Invoice"), "invoice", P.INVOICE_VIEW, theirs=True),
    "shipment": Page(_("Ship notice"), "shipment", P.ORDER_VIEW, theirs=True),
    "count": Page(_("Count"), "receiving-sheet", P.GOODS_RECEIVE),
    "statement": Page(_("Statement of account"), "statement", P.INVOICE_SETTLE),
    "case": Page(_("Case"), "inbox-case", P.CASE_VIEW),
    "mail": Page(_("Mail"), "mail", P.MAIL_VIEW),
    "supplier": Page(_("Supplier"), "supplier", P.SUPPLIER_VIEW),
    "bank": Page(_("Bank account"), "bank-supplier", P.BANK_VIEW),
    "bank_change": Page(_("Change of bank details"), "bank-change", P.BANK_VIEW, theirs=True),
    "bank_freeze": Page(_("Frozen accounts"), "bank-supplier", P.BANK_VIEW),
    "document": Page(_("Document"), "supplier-documents", P.DOCUMENT_VIEW),
    "onboarding": Page(_("Onboarding"), "onboarding-run", P.SUPPLIER_VIEW),
    "screening": Page(_("Screening"), "screening-hit", P.SUPPLIER_MANAGE),
    "invitation": Page(_("Invitation")),
    "person": Page(_("Person"), "person-signin", P.FACTOR_RESET),
    "identity-provider": Page(_("Provider for single sign-on"), "identity-provider", P.SIGN_IN_SETUP),
    "tolerances": Page(_("Tolerances"), "policy", P.POLICY_VIEW),
    "matching": Page(_("Matching of invoices"), "match-policy", P.POLICY_VIEW),
    "discounting": Page(_("Terms of early payment"), "discount-policy", P.POLICY_VIEW),
    "gateway": Page(_("Gateway"), "integration-gateway", P.ERP_MANAGE),
    "drift": Page(_("Difference from the ERP")),
    "connection": Page(_("Connection to the ERP")),
    "comparison": Page(_("Comparison with the ERP")),
    "rehearsal": Page(_("Dry run of a first sync")),
    "registration": Page(_("Request to become a supplier"), "registration", P.SUPPLIER_MANAGE),
    "service": Page(_("Service levels"), "service", P.POLICY_VIEW),
    "office": Page(_("Opening hours")),
    "formula": Page(_("How the score is made"), "formula", P.CASE_VIEW),
    "invoicing": Page(_("Taking invoices"), "invoicing", P.INVOICE_SETUP),
    "approval-rule": Page(_("Approval of invoices")),
    "approval-limit": Page(_("Approval of invoices")),
    "dock": Page(_("Dock")),
    "documents": Page(_("Documents required")),
    "onboarding_template": Page(_("What is asked")),
    "onboarding_exclusion": Page(_("Exclusions")),
    "onboarding_sheet": Page(_("Sheet of invitations")),
    "terms": Page(_("Terms")),
    "sanctions_list": Page(_("List of sanctioned parties")),
    "scim-person": Page(_("Person of a directory")),
    "scim-group": Page(_("Group of a directory")),
    "factor-rules": Page(_("Who needs a second factor")),
    "audit": Page(_("Audit trail")),
}
# Stories that need not be looked up: their name is the key of their page.
NAMED_BY_THEMSELVES = frozenset({"registration", "service", "formula", "invoicing"})


@dataclass(frozen=True, slots=True)
class PaperShown:
    """A paper beside an event: what it is called, and its page where the reader has one. `stream` narrows to it."""

    word: str
    called: str
    url: str
    stream: str


def paper_of(
    stream: str, found: Mapping[str, PaperFound], names: Mapping[int, str], *, actor: Actor
) -> PaperShown:
    """The paper of a story. No query."""
    kind, _colon, name = stream.partition(":")
    page = PAGES.get(kind)
    if page is None:
        return PaperShown(kind.replace("_", " "), name, "", stream)
    if kind == "person":
        number = int(name) if name.isdecimal() else 0
        url = _url(page, number, actor) if number in names else ""
        return PaperShown(str(page.word), names.get(number, name), url, stream)
    if kind in NAMED_BY_THEMSELVES:
        return PaperShown(str(page.word), "", _url(page, name, actor), stream)
    paper = found.get(stream)
    if paper is None:
        return PaperShown(str(page.word), "", "", stream)
    return PaperShown(str(page.word), _called(kind, paper), _url(page, paper.key, actor), stream)


def _called(kind: str, paper: PaperFound) -> str:
    if kind == "case" and paper.called in CaseKind.values:
        return str(CaseKind(paper.called).label)
    return paper.called


def _url(page: Page, key: object, actor: Actor) -> str:
    may = page.needs is not None and actor.may(page.needs) and (actor.is_company or page.theirs)
    return reverse(page.url, args=[key]) if page.url and may else ""
