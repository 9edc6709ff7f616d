"""Addresses of the workbench."""

from django.urls import path

from procurement.workbench.views import (
    buyer,
    common,
    decisions,
    home,
    link,
    link_mail,
    mailbox,
    story,
    supplier,
    tolerances,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("decisions/", decisions.decision_list, name="decision-list"),
    path("decisions/decide/", decisions.decisions_decide, name="decisions-decide"),
    path("tolerances/decisions/", tolerances.rule_decisions, name="rule-decisions"),
    path("tolerances/decisions/seen/", tolerances.rule_decisions_seen, name="rule-decisions-seen"),
    path("tolerances/decisions/<uuid:key>/", tolerances.rule_decision, name="rule-decision"),
    path(
        "tolerances/decisions/<uuid:key>/reopen/",
        tolerances.rule_decision_reopen,
        name="rule-decision-reopen",
    ),
    path("tolerances/<uuid:key>/dry-run/", tolerances.policy_dry_run, name="policy-dry-run"),
    path("mailbox/", mailbox.mailbox, name="mailbox"),
    path("mailbox/<str:name>/", mailbox.mailbox_mail, name="mailbox-mail"),
    path("mailbox/<str:name>/html/", mailbox.mailbox_html, name="mailbox-html"),
    path("mailbox/<str:name>/reply/", mailbox.mailbox_reply, name="mailbox-reply"),
    path("l/<str:token>/", link.link, name="link"),
    path("l/<str:token>/seen/", link.link_seen, name="link-seen"),
    path("l/<str:token>/answer/", link.link_answer, name="link-answer"),
    path("l/<str:token>/change/<uuid:key>/", link.link_change, name="link-change"),
    path("l/<str:token>/mail-drafts/<uuid:key>/", link_mail.link_draft, name="link-draft"),
    path("l/<str:token>/message/", link.link_message, name="link-message"),
    path("l/<str:token>/forward/", link.link_forward, name="link-forward"),
    path("l/<str:token>/open/<uuid:key>/", link.link_open, name="link-open"),
    path("l/<str:token>/not-me/", link.link_refuse, name="link-refuse"),
    path("l/<str:token>/renew/", link.link_renew, name="link-renew"),
    path("orders/<uuid:key>/", common.order, name="order"),
    path("orders/<uuid:key>/decide/", buyer.answer_decide, name="answer-decide"),
    path("orders/<uuid:key>/revisions/", buyer.order_revisions, name="order-revisions"),
    path("orders/<uuid:key>/story/", story.order_story, name="order-story"),
    path("orders/<uuid:key>/links/<uuid:link>/end/", story.order_link_end, name="order-link-end"),
    path("orders/<uuid:key>/answer/", supplier.order_answer, name="order-answer"),
    path("orders/<uuid:key>/answer/line/", supplier.answer_line, name="answer-line"),
    path("orders/<uuid:key>/answer/discard/", supplier.answer_discard, name="answer-discard"),
    path("orders/<uuid:key>/withdraw/<uuid:answer>/", supplier.answer_withdraw, name="answer-withdraw"),
]
