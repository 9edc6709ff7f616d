"""Commands about suppliers."""
