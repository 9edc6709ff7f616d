"""What the descriptions of the desk's doors share."""

from drf_spectacular.utils import OpenApiExample

from portal.kernel.rest.schema import IDEMPOTENCY_KEY, IF_MATCH, REPLAYED, etag_of

DESK_TAGS = ["desk"]
WRITES = [IDEMPOTENCY_KEY, REPLAYED, IF_MATCH]
IN_A_NAME = (
    " In a person's name alone: with a token that this person made, or signed in; limits, rules and bars are those "
    "of the page."
)
FACTOR_ABOVE = (
    " Above an amount that an installation may name, a person shows a second factor first and a token is refused "
    "(403 `fresh_factor_needed`)."
)
CASE_ETAG = etag_of("invoice", "200")
ACCEPTED = OpenApiExample(
    "A higher price that was agreed", {"version": 3, "reason": "Copper went up; agreed."}, request_only=True
)
SHORTENED = OpenApiExample(
    "Twenty-one euros too much",
    {"version": 3, "reason": "6.85 was agreed.", "lines": [{"position": 1, "amount": "21.00"}]},
    request_only=True,
)
QUESTIONED = OpenApiExample(
    "Asked of the supplier",
    {"version": 3, "asked_of": "supplier", "question": "6.85 was agreed: why 7.06?"},
    request_only=True,
)
GRANTED = OpenApiExample("Approved", {"version": 1, "reason": "Fine."}, request_only=True)
REFUSED = OpenApiExample("Declined", {"version": 1, "reason": "Not at this price."}, request_only=True)
