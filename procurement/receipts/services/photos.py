"""A picture from a phone, made ready to be kept: smaller, turned upright, and without what the camera wrote besides.

A phone writes where and when a picture was taken, and by whose phone. Only what is to be seen is kept. This takes a
while and needs no database: a door does it before it opens its transaction.
"""

import io

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from portal.kernel.errors import Invalid, Problem
from procurement.receipts.policies import LARGEST_UPLOAD, picture_kind

LONGEST_SIDE = 2000  # pixels: a label can still be read
MOST_PIXELS = 60_000_000
QUALITY = 82


def clean_photo(content: bytes, name: str = "") -> bytes:
    """The picture as a JPEG of its own. Raises `Invalid` for what is no picture, or one that is too large."""
    shown = name or _("This file")
    if not content:
        raise _refused(_("%(name)s is empty. Take the picture again.") % {"name": shown}, name)
    if len(content) > LARGEST_UPLOAD:
        values = {"name": shown, "most": LARGEST_UPLOAD // (1024 * 1024)}
        raise _refused(_("%(name)s is larger than %(most)d MB. Send a smaller one.") % values, name)
    not_taken = _("%(name)s is no picture that is taken here: JPEG, PNG or WebP.") % {"name": shown}
    if not picture_kind(content):
        raise _refused(not_taken, name)
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as found:
            if found.width * found.height > MOST_PIXELS:
                raise _refused(_("%(name)s has too many pixels. Send a smaller one.") % {"name": shown}, name)
            found.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            picture = ImageOps.exif_transpose(found).convert("RGB")
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            kept = io.BytesIO()
            picture.save(kept, "JPEG", quality=QUALITY)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _refused(not_taken, name) from error
    return kept.getvalue()


def _refused(message: str, name: str) -> Invalid:
    return Invalid(message, [Problem("photos", message, name, "not_taken")])
