"""Single sign-on: providers of identities, written down by an administrator, and who may come in through them."""
