"""The ways in: a mailbox that is polled, a folder, a provider that calls. Each only brings bytes to `take_mail`."""
