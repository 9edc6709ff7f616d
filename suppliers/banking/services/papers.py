"""The paper of a bank: kept sealed, since the whole number is on it, and opened for one person as a number is shown."""

import hashlib
from datetime import datetime

from django.conf import settings
from django.db.models import BinaryField, Func
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.scope import acting, requires_scope
from portal.kernel.sealing import Unreadable, seal_bytes, unseal_bytes
from suppliers.banking.messages import FreshFactor, ProofFile
from suppliers.banking.models import BankChange, BankProof
from suppliers.banking.policies import MOST_SHOWN_A_DAY, proof_name, proof_type
from suppliers.banking.queries import OFFICE, shown_lately
from suppliers.banking.services.guards import NotYou, NumberUnreadable, require_person
from suppliers.roles import Permission

HEAD = "%%(function)s(%%(expressions)s, 1, %d)"


def keep_proof(change: BankChange, proof: ProofFile, actor: Actor, at: datetime) -> BankProof:
    """Keep a paper that was checked already. In the office."""
    row = BankProof(
        supplier_id=change.supplier_id,
        change=change,
        name=proof_name(proof.name),
        content_type=proof_type(proof.name, proof.content),
        size=len(proof.content),
        sha256=hashlib.sha256(proof.content).hexdigest(),
        added_at=at,
        added_by=actor.label,
    )
    row.content = seal_bytes(proof.content, row.place, settings.BANK_KEYS)
    row.save()
    return row


@requires_scope
def open_proof(proof: BankProof, *, actor: Actor, factor: FreshFactor | None, at: datetime) -> bytes:
    """Open a paper for somebody of ours who may see numbers, or its supplier’s administrator, with a fresh factor.

    It counts as a number that was shown, and its supplier reads who opened it. Raises `NotAllowed`, `NeedsFactor`,
    `NotYou` beyond what one person is shown in a day.
    """
    permission = Permission.BANK_UNMASK if actor.is_company else Permission.BANK_REQUEST
    user_id = require_person(actor, permission, factor, at)
    with acting(OFFICE):
        if shown_lately(user_id, at) >= MOST_SHOWN_A_DAY:
            raise NotYou(_("You were shown as many numbers today as one person may be. Ask a colleague."))
        row = BankProof.objects.select_related("change").get(pk=proof.pk)
        try:
            content = unseal_bytes(bytes(row.content), row.place, settings.BANK_KEYS)
        except Unreadable as error:
            raise NumberUnreadable(_("This paper cannot be read with the keys there are.")) from error
        record(
            "bank.proof_shown",
            row.change.stream,
            actor=actor,
            at=at,
            supplier_id=row.supplier_id,
            facts={"account": row.change.masked, "file": row.name},
        )
    return content


@requires_scope
def papers_of_old_keys() -> list[int]:
    """The papers that an older key sealed. In the office."""
    mark = settings.BANK_KEYS[0].mark.encode() + b"."
    head = Func("content", function="substr", template=HEAD % len(mark), output_field=BinaryField())
    found = BankProof.objects.annotate(head=head).exclude(head=mark)
    return list(found.order_by("id").values_list("id", flat=True))


@requires_scope
def seal_paper_anew(pk: int) -> None:
    """Seal one paper with the newest key. In the office. Raises `sealing.Unreadable`."""
    row = BankProof.objects.select_for_update().get(pk=pk)
    content = unseal_bytes(bytes(row.content), row.place, settings.BANK_KEYS)
    row.content = seal_bytes(content, row.place, settings.BANK_KEYS)
    row.save(update_fields=["content"])
