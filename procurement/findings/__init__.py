"""What the checks of a paper find before it is sent: how grave, where, and how a page tells it.

A leaf: ship notices and invoices are checked each by rules of their own, and tell what was found in the same words.
"""
