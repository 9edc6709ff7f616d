"""Where a provider's server calls, and where our administrator gives it a secret."""
