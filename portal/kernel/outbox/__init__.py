"""The outbox: what must leave the portal is written in the transaction of the fact and delivered afterwards.

At least once, in order per document, by as many workers as there are. See docs/outbox.md.
"""
