"""An ERP that does what a test wrote down."""

from datetime import timedelta
from typing import Any, Self

from procurement.erp.messages import EarlyPaymentCommand, InvoiceCommand, Picture
from procurement.erp.ports import (
    Capabilities,
    Deletions,
    ErpError,
    Feed,
    InvoicePart,
    ReadBack,
    WriteField,
    WriteResult,
)
from procurement.orders.messages import PromiseCommand
from procurement.receipts.messages import ReceiptCommand
from procurement.shipments.messages import NoticeCommand

SLOW = timedelta(seconds=30)


class ScriptedErp:
    """A live ERP: each entry of the script answers one writing, in turn, whatever is written.

    It can all that a connector can, but for what the test takes from it (`Capabilities`). What it was told is kept in
    `told`, and what was searched for in `searches`; searches find what the test puts into `found`.
    """

    def __init__(self, *script: ErpError | WriteResult, **can: Any) -> None:
        self.script = list(script)
        self.told: list[Any] = []
        self.pictures: list[Picture | None] = []
        self.searches: list[str] = []
        self.found: WriteResult | ErpError | None = None
        self.capabilities = Capabilities(
            **{
                "reads": frozenset(Feed),
                "writes": frozenset(WriteField),
                "read_back": ReadBack.IMMEDIATE,
                "optimistic_lock": True,
                "deletions": Deletions.BY_SWEEP,
                "slowest_call": SLOW,
                "takes_notices": True,
                "books_receipts": True,
                "invoices_out": frozenset(InvoicePart),
                "plans_early_payments": True,
                **can,
            }
        )

    def write_promise(self, command: PromiseCommand) -> WriteResult:
        return self._answer(command)

    def write_notice(self, command: NoticeCommand) -> WriteResult:
        return self._answer(command)

    def write_receipt(self, command: ReceiptCommand) -> WriteResult:
        return self._answer(command)

    def book_invoice(self, command: InvoiceCommand, picture: Picture | None = None) -> WriteResult:
        self.pictures.append(picture)
        return self._answer(command)

    def plan_early_payment(self, command: EarlyPaymentCommand) -> WriteResult:
        return self._answer(command)

    def find_command(self, key: str) -> WriteResult | None:
        self.searches.append(key)
        if isinstance(self.found, ErpError):
            raise self.found
        return self.found

    def _answer(self, command: Any) -> WriteResult:
        self.told.append(command)
        answer = self.script.pop(0)
        if isinstance(answer, ErpError):
            raise answer
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        return None
