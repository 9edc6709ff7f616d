"""The exception inbox: cases of what needs a person, in the order of what it will cost (domain.md §8).

Cases are derived from how things stand, never pushed: docs/adr/0020-cases-are-derived-not-pushed.md.
"""
