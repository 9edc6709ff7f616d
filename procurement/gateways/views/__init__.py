"""The doors of gateways: where messages come in, and where the integration owner looks after them."""
