"""Ship notices (856 / DespatchAdvice, on screen "ASN"): what has left or is about to, packed how, on which way."""
