"""Bringing a part of the company data into force. Nobody calls this but the verbs beside it, with the supplier held."""

import uuid
from datetime import datetime
from typing import Any

from django.db.models import Model

from suppliers.details.messages import kind_of
from suppliers.details.models import IN_FORCE, Address, ChangeRequest, CompanyNames, Contact, Identifier
from suppliers.details.policies.changes import ADDRESSES, NUMBERS
from suppliers.details.states import Part
from suppliers.models import Supplier
from suppliers.services import set_here

# Who is reached, and how: what somebody who calls back relies on to be as old as it says.
REACHED_BY = ("name", "email", "telephone")


def bring_into_force(change: ChangeRequest, supplier: Supplier, *, at: datetime) -> None:
    """Make a change true: what stood is ended, what is new begins. It names who asked for it. Runs under the company's
    scope."""
    new, by = dict(change.new), change.requested_by
    if change.part == Part.PREFERENCES:
        set_here(supplier, **new)
        _save(supplier, *new)
    elif change.part == Part.CHANNEL:
        supplier.channel = new["channel"]
        _save(supplier, "channel")
    elif change.part in (Part.LEGAL, Part.NAMES):
        if (country := new.pop("country", None)) is not None:
            set_here(supplier, country=country)
            _save(supplier, "country")
        CompanyNames.objects.update_or_create(supplier=supplier, defaults=new)
    elif change.part in NUMBERS:
        kind, country = kind_of(change.subject)
        _begin_anew(Identifier, supplier, {"kind": kind, "country": country}, new, by, at)
    elif change.part in ADDRESSES:
        _begin_anew(Address, supplier, {"kind": change.part}, new, by, at)
    else:
        _contact(change, supplier, new, by, at)


def _save(supplier: Supplier, *fields: str) -> None:
    supplier.version += 1
    supplier.save(update_fields=[*fields, "erp_says", "version"])


def _begin_anew(
    model: type[Model], supplier: Supplier, which: dict[str, Any], new: dict[str, Any], by: str, at: datetime
) -> None:
    rows = model._default_manager.filter(IN_FORCE, supplier=supplier, **which)
    rows.update(ended_at=at, ended_by=by)
    if new:
        model._default_manager.create(supplier=supplier, **{**which, **new}, since_at=at, begun_by=by)


def _contact(change: ChangeRequest, supplier: Supplier, new: dict[str, Any], by: str, at: datetime) -> None:
    """A contact that is another, or is reached otherwise, begins anew; a matter or a language is written over."""
    key = uuid.UUID(change.subject)
    standing = Contact.objects.filter(IN_FORCE, supplier=supplier, key=key)
    if new and change.old and all(new[name] == change.old.get(name) for name in REACHED_BY):
        standing.update(**new)
        return
    standing.update(ended_at=at, ended_by=by)
    if new:
        Contact.objects.create(supplier=supplier, key=key, **new, since_at=at, begun_by=by)
