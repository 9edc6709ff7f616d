"""The first step on a fresh machine takes nothing along that was meant for another project."""

import os

from portal.embedded import bootstrap


def test_what_is_compiled_may_be_kept_and_no_other_python_is_meant(monkeypatch):
    monkeypatch.setattr(os, "environ", {"PATH": "/bin", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHOME": "/opt"})

    bootstrap.clean_environment()

    assert {name for name in os.environ if name.startswith("PYTHON")} == set()
    assert os.environ["PATH"] == "/bin"
