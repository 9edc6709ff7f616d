"""Pictures of what came: taken with a phone, kept without what it writes besides, shown to both sides."""

import uuid

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Problem
from portal.kernel.files import as_picture
from portal.kernel.web import see_other
from procurement.receipts.forms import clean_photos, photos_of
from procurement.receipts.queries import find_photo, find_sheet
from procurement.receipts.services import add_photos
from suppliers.roles import Permission

PHOTOS = "procurement/receipts/photos.html"


@door(Permission.ORDER_VIEW)
def receiving_photo(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One picture. It is a JPEG of our own making, is not guessed at, and could run nothing."""
    found = find_photo(key, actor=request.actor)
    return as_picture(bytes(found.content), found.content_type)


@door(Permission.GOODS_RECEIVE, methods=["GET", "POST"], before=clean_photos)
def receiving_photos(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Take pictures of the goods as such: a torn pallet, a label, the lorry."""
    sheet = find_sheet(key, actor=request.actor)
    if not sheet.is_counting:
        return see_other("receiving-sheet", key)
    problems: list[Problem] = []
    if request.method == "POST":
        try:
            with transaction.atomic():
                add_photos(key, photos_of(request), actor=request.actor, at=request.at)
        except Invalid as refusal:
            problems = list(refusal.problems)
        else:
            return see_other("receiving-sheet", key)
    context = {
        "sheet": sheet,
        "problems": [{"id": "photos", "message": one.message} for one in problems],
    }
    return render(request, PHOTOS, context, status=422 if problems else 200)
