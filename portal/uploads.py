"""How much may be uploaded, and by whom, before any door has looked at the request.

Note [Uploads]: Django's check against forgery reads the form of every POST, and with it files, to disk if they are
large, whoever sends them and to whatever address. So the size is checked before that, and of somebody who is not signed
in no file is kept: the rest of the request goes its way, to the sign-in or to a refusal. Every file of a form that is
let through is then shown to the virus scanner, whatever page it is for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.kernel.access import refused
from portal.kernel.actors import NOBODY
from portal.kernel.errors import Refusal
from portal.kernel.rest.problems import MEDIA_TYPE, problem_document
from portal.kernel.scanning import vet
from portal.kernel.web import whole_number


class UploadLimitMiddleware:
    """Refuses a form with files that is larger than any door takes; other bodies have limits where they are read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # No more than this length is ever read: a body without one counts as empty.
        length = whole_number(request.META.get("CONTENT_LENGTH")) or 0
        if request.content_type == "multipart/form-data" and length > settings.UPLOAD_MAX_BYTES:
            return _too_large(request)
        return self.get_response(request)


def _too_large(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        told = problem_document(413, "too_large", _("The request is larger than this portal reads at once."))
        return JsonResponse(told, status=413, content_type=MEDIA_TYPE)
    most = settings.UPLOAD_MAX_BYTES // (1024 * 1024)
    return HttpResponse(render_to_string("413.html", {"most": most}), status=413)


class NoFilesOfStrangers(FileUploadHandler):
    """Passes over the files of somebody who is not signed in: see Note [Uploads]."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Let the file of a signed-in person go on to where files are kept."""
        session = getattr(self.request, "session", {})
        if not session.get(SESSION_KEY):
            raise SkipFile
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Nothing is kept here."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Nothing was kept here."""


class ScanUploadsMiddleware:
    """Lets the scanner look at every file of a form before its door opens: see Note [Scanned once, at the door].

    A view that keeps unseen files apart says `keeps_unscanned`, and finds what is known of a file in its `verdict`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Refuse a form with a file that carries something; nothing of it is kept then."""
        actor = getattr(request, "actor", NOBODY)
        if settings.CLAMD_URL is None or request.content_type != "multipart/form-data" or actor.is_anonymous:
            return None
        keeps = getattr(view, "keeps_unscanned", False)
        try:
            for field, files in request.FILES.lists():
                for file in files:
                    file.seek(0)
                    content = file.read()
                    file.seek(0)
                    known = vet(
                        content, file.name or "", actor=actor, at=timezone.now(), field=field, keeps=keeps
                    )
                    file.verdict = known  # type: ignore[attr-defined]  # for the view that keeps it apart
        except Refusal as refusal:
            return refused(request, refusal)
        return None
