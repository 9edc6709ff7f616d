"""A mail in its reader's words: what happened, from what to what, what is asked, by when.

Note [Reader's scope]: everything a mail says is read under its reader's own scope, in which row level security shows a
supplier no internal fact, no internal note and nothing of another supplier. A fact that cannot be seen there says
nothing.
"""
