"""Pages of single sign-on: how one comes in, and where providers are written down."""
