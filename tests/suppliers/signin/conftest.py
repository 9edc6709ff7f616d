"""What every file here needs."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def nobody_has_tried_yet():
    """What one test has tried in vain or asked for too often counts in no other."""
    cache.clear()
    yield
    cache.clear()
