"""What a mail is, whose word it is, and what it promises: pure rules, no table."""
