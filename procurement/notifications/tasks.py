"""Tasks of notices: mail what was gathered, and watch whether anybody sees it."""
