"""What both sides write to each other about a paper, internal notes, and the files that go with it."""
