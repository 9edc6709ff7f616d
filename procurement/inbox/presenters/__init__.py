"""Cases in words, as people of the buying side read them."""
