"""Onboarding for programs: who stands where and why, invite and chase many, hand in, and our administrator's word."""

from portal.kernel.rest.doors import address
from suppliers.onboarding.api.chases import Chases
from suppliers.onboarding.api.runs import Onboardings
from suppliers.onboarding.api.terms import TermsDoors

urlpatterns = [
    address("terms", TermsDoors, "api-terms-list", get="browse"),
    address("terms/<slug:code>/acceptances", TermsDoors, "api-terms-acceptances", get="acceptances"),
    address("onboardings", Onboardings, "api-onboarding-list", get="browse", post="invite"),
    address("onboardings/<uuid:key>", Onboardings, "api-onboarding", get="show"),
    address("onboardings/<uuid:key>/hand-in", Onboardings, "api-onboarding-hand-in", post="hand_in"),
    address("onboardings/<uuid:key>/approve", Onboardings, "api-onboarding-approve", post="approve"),
    address("onboardings/<uuid:key>/hand-back", Onboardings, "api-onboarding-hand-back", post="hand_back"),
    address("onboardings/<uuid:key>/refuse", Onboardings, "api-onboarding-refuse", post="refuse"),
    address("onboardings/<uuid:key>/withdraw", Onboardings, "api-onboarding-withdraw", post="withdraw"),
    address("onboardings/<uuid:key>/resend", Onboardings, "api-onboarding-resend", post="resend"),
    address("onboardings/<uuid:key>/remind", Onboardings, "api-onboarding-remind", post="remind"),
    address("onboardings/<uuid:key>/reassign", Onboardings, "api-onboarding-reassign", post="reassign"),
    address("onboardings/<uuid:key>/number", Onboardings, "api-onboarding-number", post="number"),
    address("onboarding-chases", Chases, "api-onboarding-chase-list", post="mark"),
    address("onboarding-chases/<uuid:key>", Chases, "api-onboarding-chase", get="show"),
    address("onboarding-chases/<uuid:key>/send", Chases, "api-onboarding-chase-send", post="send"),
]
