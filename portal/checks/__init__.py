"""What `make check` asks of the source beyond ruff, mypy and import-linter. For developers and CI."""
