# One machine, no server at hand: each of these sets up what it needs by itself.
# PYTHON=/path/to/python3 chooses another Python, PORT=8123 the demo's port, ERP=tryton a real ERP in it, ARGS="…" goes to pytest.

PYTHON ?= python3
BOOTSTRAP = @exec $(PYTHON) portal/embedded/bootstrap.py

.PHONY: help demo test quick soak bench check install release-check release-tools audit

help:
	@echo "make demo     the whole portal with a made-up company, until Ctrl-C   (PORT=8123, ERP=tryton, SMALL=1)"
	@echo "make test     all tests                                               (ARGS=\"tests/portal -k health\")"
	@echo "make quick    the tests that need no browser and little time"
	@echo "make soak     promises to invoices, and power cuts, against a live ERP  (PROMISES=500, KILLS=200)"
	@echo "make check    format, lint, types, imports, migrations, templates, secrets, licences"
	@echo "make bench    how fast it is, on a million order lines                 (ARGS=\"pages import\", SMALL=1)"
	@echo "make release-check  the bill of materials of a release, and what is known against its packages (needs the network)"
	@echo "make audit    what is known against the packages of the lock (needs the network; without it says NOT AUDITED)"
	@echo "make install  only the environment .venv, with everything developers need"

demo test quick soak bench check install:
	$(BOOTSTRAP) $@

# In an environment of its own, so that nothing of these tools is ever where the portal is.
release-tools:
	@$(PYTHON) -m venv var/release/env
	@var/release/env/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/release.lock

release-check: release-tools
	@var/release/env/bin/python -P portal/checks/release.py

audit:
	@if PIP_RETRIES=0 PIP_DEFAULT_TIMEOUT=10 $(MAKE) --silent release-tools; \
	then var/release/env/bin/python -P portal/checks/release.py audit; \
	else echo "NOT AUDITED: what it is done with could not be installed here."; fi
