"""The pages of security in a real browser: events, the trail, a person's data; and a name that goes."""

from __future__ import annotations

import json
import zipfile
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.kernel.audit.tasks import seal_trail
from portal.kernel.security.services import note
from suppliers.models import User
from tests.browser.axe import WIDTHS, sideways, violations
from tests.browser.refusals import REFUSED, none_refused
from tests.browser.test_account import sign_in
from tests.builders.factors import code_of, give_app


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nobody_stumbles(page: Any, people: dict[str, Any], theme: str) -> None:
    User.objects.update(theme=theme)
    seal_trail()
    for _ in range(20):
        note("signin.failed", address="192.0.2.7", account="0123456789abcdef", browser="curl/8.5")
    note("factor.added", user_id=people["bea"].user.pk, address="192.0.2.8")
    ours = f"/security/people/{people['bea'].user.pk}/"
    found = {}
    for name, addresses in (
        ("ada", ("/security/", "/security/?kind=factor.added", "/audit/", "/preferences/data/")),
        ("root", ("/security/people/", "/security/people/?email=nobody@northmoor.example", ours)),
    ):
        sign_in(page, people[name])
        for width in WIDTHS[theme]:
            page.set_viewport_size({"width": width, "height": 900})
            for address in addresses:
                answer = page.goto(address)
                found[width, address] = (answer.status, violations(page), max(0, sideways(page)))
        page.context.clear_cookies()

    assert found == {one: (200, [], 0) for one in found}


def test_one_takes_out_ones_own_data_and_an_administrator_takes_a_name_away(
    page: Any, people: dict[str, Any]
) -> None:
    sign_in(page, people["bea"])
    page.goto("/preferences/")
    page.get_by_role("link", name="What the portal holds with my name on it").click()
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download").click()
    with zipfile.ZipFile(coming.value.path()) as packed:
        assert json.loads(packed.read("person.json"))["email"] == "bea@northmoor.example"
    page.context.clear_cookies()

    sign_in(page, people["root"])
    secret = give_app(people["root"].user)
    page.goto("/security/people/")
    page.get_by_label("Address of mail").fill("bea@northmoor.example")
    page.get_by_role("button", name="Find the person").click()
    page.get_by_label("The person’s address, once more").fill("wrong@northmoor.example")
    page.get_by_label("Reason").fill("She asked for it.")
    page.get_by_role("button", name="Take the name away for good").click()
    page.get_by_role("button", name="Show the second factor").click()
    page.get_by_label("Six digits of your app").fill(code_of(secret))
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_label("Reason")).to_have_value("She asked for it.")
    page.get_by_label("The person’s address, once more").fill("bea@northmoor.example")
    page.get_by_role("button", name="Take the name away for good").click()
    expect(page.get_by_role("heading", name="Former user")).to_be_visible()
    assert violations(page) == []


def test_a_page_that_breaks_the_policy_turns_its_test_red(page: Any) -> None:
    """What `nothing_is_refused` counts after every test here: once on a page that was made to break the policy."""

    def with_a_script_of_somebody(route: Any) -> None:
        answer = route.fetch()
        route.fulfill(
            response=answer, body=answer.text().replace("</body>", "<script>stolen = 1</script></body>")
        )

    page.route("**/accounts/login/", with_a_script_of_somebody)
    page.goto("/accounts/login/")

    assert page.evaluate("typeof stolen") == "undefined"
    with pytest.raises(AssertionError):
        none_refused()
    (refused,) = REFUSED
    assert "/accounts/login/" in refused
    assert "script-src" in refused
    REFUSED.clear()  # expected here
    none_refused()
