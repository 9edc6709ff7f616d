"""Statements of account as files: in as anybody writes them, out beside our books."""
