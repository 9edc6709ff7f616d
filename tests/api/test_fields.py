"""What programs send is what it says it is: nothing passes for something else."""

import uuid

import pytest
from rest_framework.exceptions import ValidationError

from portal.kernel.rest.fields import Key


@pytest.mark.parametrize("sent", [True, False, 0, 17, 1.5, ["0" * 32]])
def test_a_key_is_text_and_no_number_passes_for_one(sent):
    with pytest.raises(ValidationError, match="Send text in quotation marks"):
        Key().run_validation(sent)


def test_a_key_is_read():
    assert Key().run_validation("00000000-0000-0000-0000-000000000001") == uuid.UUID(int=1)
