"""WHAT: the papers that a distributor and its suppliers exchange, one package per paper."""
