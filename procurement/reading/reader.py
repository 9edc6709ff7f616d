"""The door: one mail and its context in, drafts with their evidence out."""

from procurement.reading.answer import Flags, Kind, Reading
from procurement.reading.automatic import is_automatic, is_bounce
from procurement.reading.context import MailContext
from procurement.reading.listening import Listener
from procurement.reading.mime import parse_mail
from procurement.reading.newtext import split_new_text
from procurement.reading.sentences import is_in_a_known_language
from procurement.reading.weighing import Weighed, weigh


def read_mail(raw: bytes, context: MailContext) -> Reading:
    """Read one mail. Nothing in it can make this raise or take long; what cannot be told is left out."""
    mail = parse_mail(raw)
    new = split_new_text(mail.text, context.supplier_contact)
    if is_bounce(mail):
        return Reading(new.text, flags=Flags(bounce=True))
    if is_automatic(mail):
        return Reading(new.text, flags=Flags(auto_reply=True))
    if not is_in_a_known_language(new.text, context.language):
        return Reading(new.text)
    weighed = weigh(Listener(context, mail, new).listen(), context, new.text)
    return Reading(new.text, tuple(weighed.commitments), _flags(weighed, context))


def _flags(weighed: Weighed, context: MailContext) -> Flags:
    nothing = not weighed.commitments and not weighed.contradicts_itself
    return Flags(
        whole_order_confirmed=any(_is_confirmed(order.number, weighed, context) for order in context.orders),
        nothing_actionable=nothing,
        contradicts_itself=weighed.contradicts_itself,
    )


def _is_confirmed(order: str, weighed: Weighed, context: MailContext) -> bool:
    """Whether every line of the order was taken as ordered, and nothing else was said of it."""
    mine = [one for one in weighed.commitments if one.order == order]
    if not mine or any(one.kind is not Kind.ACCEPT for one in mine):
        return False
    accepted = {str(one.line) for one in mine}
    return "None" in accepted or {str(line.line) for line in context.order(order).lines} <= accepted
