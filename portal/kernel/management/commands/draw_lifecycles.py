"""Print the lifecycles as diagrams, for docs/lifecycles.md."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import translation
from django.utils.module_loading import import_string

from portal.kernel.lifecycle import Lifecycle

LIFECYCLES = (
    "procurement.orders.states.ORDER_LIFECYCLE",
    "procurement.orders.states.LINE_LIFECYCLE",
    "procurement.orders.states.PROMISE_LIFECYCLE",
    "procurement.acknowledgments.states.ACKNOWLEDGMENT_LIFECYCLE",
    "procurement.tolerances.states.POLICY_LIFECYCLE",
    "procurement.tolerances.states.SWITCH_LIFECYCLE",
    "procurement.clocks.states.CLOCK_LIFECYCLE",
    "procurement.clocks.states.SERVICE_LIFECYCLE",
    "procurement.changes.states.CHANGE_LIFECYCLE",
    "procurement.shipments.states.NOTICE_LIFECYCLE",
    "procurement.receipts.states.SHEET_LIFECYCLE",
    "procurement.docks.states.APPOINTMENT_LIFECYCLE",
    "procurement.invoices.states.INVOICE_LIFECYCLE",
    "procurement.payables.states.APPROVAL_LIFECYCLE",
    "procurement.payables.states.QUESTION_LIFECYCLE",
    "procurement.matching.states.MATCH_POLICY_LIFECYCLE",
    "procurement.discounting.states.DISCOUNT_POLICY_LIFECYCLE",
    "procurement.discounting.states.EARLY_LIFECYCLE",
    "procurement.erp.states.NOTICE_WRITE_LIFECYCLE",
    "procurement.erp.states.RECEIPT_WRITE_LIFECYCLE",
    "procurement.erp.states.INVOICE_WRITE_LIFECYCLE",
    "procurement.erp.states.EARLY_PAYMENT_WRITE_LIFECYCLE",
    "procurement.mailroom.states.MAIL_LIFECYCLE",
    "procurement.mailroom.states.DRAFT_LIFECYCLE",
    "procurement.erp.states.COMMAND_LIFECYCLE",
    "procurement.erp.states.CONNECTION_LIFECYCLE",
    "procurement.erp.reconciliation.states.DRIFT_LIFECYCLE",
    "procurement.inbox.states.CASE_LIFECYCLE",
    "procurement.inbox.states.TASK_LIFECYCLE",
    "procurement.inbox.states.FORMULA_LIFECYCLE",
    "suppliers.states.SUPPLIER_LIFECYCLE",
    "suppliers.signin.states.FACTOR_RESET_LIFECYCLE",
    "suppliers.people.states.INVITATION_LIFECYCLE",
    "suppliers.people.states.ADDRESS_LIFECYCLE",
    "suppliers.sso.states.PROVIDER_LIFECYCLE",
    "suppliers.details.states.DETAIL_LIFECYCLE",
    "suppliers.documents.states.DOCUMENT_LIFECYCLE",
    "suppliers.banking.states.ACCOUNT_LIFECYCLE",
    "suppliers.banking.states.CHANGE_OF_BANK_LIFECYCLE",
    "suppliers.onboarding.states.RUN_LIFECYCLE",
    "suppliers.screening.states.HIT_LIFECYCLE",
    "suppliers.registration.states.REQUEST_LIFECYCLE",
    "suppliers.offboarding.states.OFFBOARDING_LIFECYCLE",
    "suppliers.merging.states.MERGE_LIFECYCLE",
)
HEAD = """# Lifecycles

Printed from the tables by `manage.py draw_lifecycles > docs/lifecycles.md`; a test compares. The tables stand
in the `states.py` of each package. What is not drawn cannot happen: whoever moves a state reads the new one off its
table, a single paper by `Lifecycle.move`, what moves by the hundred (orders, lines, promises) by `Lifecycle.target`,
and both refuse what is not there.
"""


def drawn(table: Lifecycle) -> str:
    """One table as a heading, a Mermaid diagram and its rows."""
    arrows = [f"    [*] --> {table.initial}"]
    rows = ["| verb | from | to | event | permission |", "|---|---|---|---|---|"]
    for row in table.transitions:
        sources = sorted(row.sources)
        arrows += [f"    {source} --> {row.target}: {row.verb}" for source in sources]
        rows.append(
            f"| {row.verb} | {', '.join(sources)} | {row.target} | `{row.event}` | `{row.permission}` |"
        )
    arrows += [f"    {state} --> [*]" for state in sorted(table.terminal)]
    diagram = "\n".join(["```mermaid", "stateDiagram-v2", *arrows, "```"])
    return f"## {table.name.capitalize()}\n\n{diagram}\n\n" + "\n".join(rows) + "\n"


class Command(BaseCommand):
    """`manage.py draw_lifecycles`"""

    help = "Print every lifecycle as a diagram and a table."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print in English, whatever the machine speaks."""
        with translation.override("en"):
            pages = [drawn(import_string(path)) for path in LIFECYCLES]
        self.stdout.write("\n".join([HEAD, *pages]), ending="")
