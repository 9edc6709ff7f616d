"""The rules of the inbox: kinds, expressions, scores, owners. Pure: no table, no page, no clock."""
