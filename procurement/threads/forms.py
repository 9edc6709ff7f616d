"""Reading what was posted to a thread: shapes only, the rules are the service's."""

import uuid
from collections.abc import Iterable

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from procurement.threads.messages import NewFile, NewMessage
from procurement.threads.policies import LARGEST_FILE, MOST_FILES


def read_message(request: HttpRequest, order: uuid.UUID) -> NewMessage:
    """The message that was posted, with its files."""
    return NewMessage(
        order=order,
        body=request.POST.get("body", "").replace("\r\n", "\n"),
        internal=bool(request.POST.get("internal")),
        files=read_files(request),
    )


def read_files(request: HttpRequest) -> tuple[NewFile, ...]:
    """The files that were posted; of one that is too large only so much that the service sees it."""
    uploads: Iterable[UploadedFile] = request.FILES.getlist("files")[: MOST_FILES + 1]
    return tuple(NewFile(upload.name or "", upload.read(LARGEST_FILE + 1)) for upload in uploads)
