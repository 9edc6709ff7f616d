"""How much may be uploaded, and that strangers leave nothing behind."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler, TemporaryFileUploadHandler
from django.test import Client
from django.urls import reverse

from tests.builders.world import an_order

pytestmark = pytest.mark.django_db

LARGE = 3 * 1024 * 1024  # more than is held in memory


def a_file(size=LARGE):
    return SimpleUploadedFile("a.bin", b"x" * size)


@pytest.fixture
def kept(monkeypatch):
    """How many bytes of files were kept, in memory or on disk."""
    sizes = []
    for handler in (MemoryFileUploadHandler, TemporaryFileUploadHandler):

        def receive(self, raw_data, start, *, _kept=handler.receive_data_chunk):
            left = _kept(self, raw_data, start)
            sizes.append(0 if left else len(raw_data))
            return left

        monkeypatch.setattr(handler, "receive_data_chunk", receive)
    return sizes


@pytest.mark.parametrize("size", [1000, LARGE])
@pytest.mark.parametrize("path", ["/language/", "/accounts/login/", "/orders/answer/upload/", "/nowhere/"])
def test_no_byte_of_a_strangers_file_is_kept(path, size, kept):
    Client(enforce_csrf_checks=True).post(path, {"x": a_file(size)})
    Client().post(path, {"x": a_file(size)})

    assert sum(kept) == 0


def test_a_stranger_whose_session_ended_is_led_to_sign_in(kept):
    response = Client().post(reverse("answer-upload"), {"file": a_file()})

    assert (response.status_code, response["Location"]) == (302, "/accounts/login/?next=/")
    assert sum(kept) == 0


def test_the_file_of_who_is_signed_in_is_kept(people, kept):
    order = an_order()
    client = Client()
    client.force_login(people["asha"].user)

    client.post(reverse("file-add", args=[order.key]), {"files": [a_file()]})

    assert sum(kept) == LARGE


def test_more_than_any_door_takes_is_refused_with_a_sentence(people, settings, kept):
    settings.UPLOAD_MAX_BYTES = 2 * 1024 * 1024
    client = Client()
    client.force_login(people["asha"].user)

    response = client.post(reverse("answer-upload"), {"file": a_file()})

    assert response.status_code == 413
    assert "At most 2 MB can be sent at once." in response.content.decode()
    assert sum(kept) == 0


def test_a_program_is_told_in_its_own_language(settings):
    settings.UPLOAD_MAX_BYTES = 1000

    response = Client().post("/api/v1/orders", {"file": a_file()})

    assert (response.status_code, response["Content-Type"]) == (413, "application/problem+json")
    assert response.json()["code"] == "too_large"
