"""Mails about bank details that came back: whoever they were for was told nothing, although the mail server took them.

Note [Told, and come back]: most dead addresses are found out by the reader's mail server, minutes after ours has taken
the mail. A change that counted such a reader as told would come into force with nobody there to object.
"""

from datetime import datetime

from portal.kernel.audit.services import record
from portal.kernel.scope import requires_scope
from portal.kernel.values import read_key
from suppliers.banking.models import BankNotice
from suppliers.banking.queries import OFFICE, find_notice
from suppliers.banking.states import BankMailState


@requires_scope
def note_not_told(notice: BankNotice, reason: str, *, at: datetime) -> bool:
    """A notice reaches nobody: that is itself something to look at. Says whether that is news. In the office."""
    moved = BankNotice.objects.filter(pk=notice.pk).exclude(state=BankMailState.FAILED)
    if not moved.update(state=BankMailState.FAILED, fault=reason[:300]):
        return False
    stream = notice.change.stream if notice.change else f"supplier:{notice.supplier.key}"
    record(
        "bank.notice_failed",
        stream,
        actor=OFFICE,
        at=at,
        supplier_id=notice.supplier_id,
        facts={"to": notice.address, "kind": notice.kind, "reason": reason[:300]},
        internal=True,
    )
    return True


@requires_scope
def bank_notice_named(*, message: str, key: str) -> BankNotice | None:
    """The notice that a report names, by its Message-ID or its key. In the office."""
    for text in (message.strip().strip("<>").partition("@")[0], key):
        named = read_key(text.strip())
        if named is not None and (found := find_notice(named)) is not None:
            return found
    return None
