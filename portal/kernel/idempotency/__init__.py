"""Seen-before guard: the same request, sent twice, happens once and is answered twice."""
