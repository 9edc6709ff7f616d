"""What a language's table holds."""

from dataclasses import dataclass
from enum import StrEnum


class Cue(StrEnum):
    """What a turn of phrase tells; the grammar knows only these names, never the words."""

    # What is said of the goods.
    ACCEPT = "accept"  # as ordered, fine, confirmed
    DEED = "deed"  # goods go, come or are taken over: a deed of delivery itself
    MOVED = "moved"  # the day is another one than before
    TELLING = "telling"  # somebody will say, know or decide: its day is not one of goods
    DELIVER = "deliver"  # goes, comes, is ready: a date here is a delivery
    SHIPPED = "shipped"  # has left
    INPUT = "input"  # what the supplier waits for itself: its day is not ours
    READY = "ready"  # is finished, which is before it goes
    STEP = "step"  # a step of making the goods: its day is not the day on which they come
    ONLY = "only"  # no more than this
    BACKORDER = "backorder"  # not there, and no date
    UNDATED = "undated"  # a date is still to come; says nothing of goods by itself
    REFUSE = "refuse"  # will never come
    CANCEL = "cancel"  # taken off
    SUBSTITUTE = "substitute"  # another part
    PRICE = "price"
    PRICE_UP = "price_up"
    MINIMUM = "minimum"
    PACK = "pack"
    AVAILABLE_NOW = "available_now"
    # How it is said.
    NEGATION = "negation"
    NOT_NEGATION = "not_negation"  # turns of phrase with a "no" in them that deny nothing
    HEDGE = "hedge"
    CONDITION = "condition"
    POLITE_CONDITION = "polite_condition"
    HYPOTHETICAL = "hypothetical"
    QUESTION = "question"
    OPEN_QUESTION = "open_question"  # which, when, how many: no value is asked about
    REASON = "reason"
    CONTRAST = "contrast"
    EARLIER = "earlier"
    UNSURE = "unsure"  # constructions the grammar does not follow
    DISOWNED = "disowned"  # "I never said so"
    READY_NOW = "ready_now"
    CORRECTION = "correction"
    RECEIPT = "receipt"  # the order has come in, its prices are right, and no more: nothing is taken as ordered by it
    NOT_FOR_YOU = "not_for_you"  # the mail went to the wrong reader
    ANSWER_FOLLOWS = "answer_follows"  # the confirmation or its dates are still to come
    AWAITS_YES = "awaits_yes"  # "OK for you?" about what was just said
    DOUBT = "doubt"  # "no promise", "not confirmed yet" about what was just said
    YES = "yes"
    NO = "no"
    # What else a sentence may be about; nothing of it is a promise.
    OTHER_CUSTOMER = "other_customer"
    DOCUMENT = "document"
    MONEY = "money"
    COMPLAINT = "complaint"
    CLOSED = "closed"
    CONTACT = "contact"
    REQUEST = "request"
    LATER_ORDERS = "later_orders"
    HISTORY = "history"


@dataclass(frozen=True)
class Words:
    """One language. All phrases are patterns of whole words in lower case; a space stands for any space.

    In `roles`, `<D>`, `<Q>` and so on stand for a date or quantity already found, and `(?P<x>…)` marks the one that
    takes the role.
    """

    common: frozenset[str]  # words that tell the language
    neutral: frozenset[str]  # words that name no subject: a sentence with others may be about something else
    months: dict[str, int]
    weekdays: dict[str, int]
    cues: dict[Cue, tuple[str, ...]]
    roles: tuple[tuple[str, str], ...]
    separators: tuple[str, ...]  # conjunctions that may begin another statement
