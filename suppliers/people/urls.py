"""Addresses of people: of suppliers, of the buying side, and those behind mailed links."""

from django.urls import path

from suppliers.people.views import address, joining, people, staff, waking

urlpatterns = [
    path("people/", people.people_list, name="people-list"),
    path("people/invite/", people.people_invite, name="people-invite"),
    path("people/<int:member>/role/", people.people_role, name="people-role"),
    path("people/<int:member>/remove/", people.people_remove, name="people-remove"),
    path("invitations/<uuid:key>/resend/", people.invitation_resend, name="invitation-resend"),
    path("invitations/<uuid:key>/revoke/", people.invitation_revoke, name="invitation-revoke"),
    path("staff/", staff.staff_list, name="staff-list"),
    path("staff/invite/", staff.staff_invite, name="staff-invite"),
    path("staff/<int:person>/role/", staff.staff_role, name="staff-role"),
    path("staff/<int:person>/close/", staff.staff_deactivate, name="staff-deactivate"),
    path("staff/<int:person>/open/", staff.staff_reactivate, name="staff-reactivate"),
    path("my-address/", address.address_change, name="address-change"),
    path("my-address/withdraw/", address.address_withdraw, name="address-withdraw"),
    path("join/<str:token>/", joining.join, name="join"),
    path("address/new/<str:token>/", address.address_new, name="address-new"),
    path("address/old/<str:token>/", address.address_old, name="address-old"),
    path("asleep/", waking.asleep, name="asleep"),
    path("wake/<str:token>/", waking.wake, name="wake"),
]
