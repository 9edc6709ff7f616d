"""The pages of docks."""
