"""One adapter per ERP. Wire formats stay in here; what leaves is a neutral paper."""
