"""Keeping a list the way one likes to see it."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kernel.access import door
from portal.kernel.errors import Invalid
from portal.kernel.web import whole_number
from procurement.orders.services import forget_view, save_view
from suppliers.roles import Permission

PAGES = {"lines": "line-list", "orders": "order-list"}


class ViewForm(forms.Form):
    """A name for the filters and the order of a list."""

    page = forms.ChoiceField(choices=[(page, page) for page in PAGES], widget=forms.HiddenInput)
    query = forms.CharField(max_length=1000, required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=gettext_lazy("Name of the view"), max_length=60)


@door(Permission.ORDER_VIEW, methods=["GET", "POST"])
def save(request: HttpRequest) -> HttpResponse:
    """Give a view of a list a name; the same name again replaces it."""
    form = ViewForm(request.POST if request.method == "POST" else None, initial=request.GET.dict())
    if request.method == "POST" and form.is_valid():
        page, query, name = (form.cleaned_data[field] for field in ("page", "query", "name"))
        try:
            save_view(page, name, query, actor=request.actor)  # type: ignore[attr-defined]  # set by the middleware
        except Invalid as refusal:
            form.add_error("name", refusal.message)
        else:
            messages.success(request, _("The view “%(name)s” is saved.") % {"name": name})
            return _to_list(page, query)
    page = form["page"].value()
    context = {
        "title": _("Save this view"),
        "text": _("Its filters, search and order are kept for you under a name."),
        "action": reverse("view-save"),
        "verb": _("Save"),
        "keep": _("Cancel"),
        "back": f"{reverse(PAGES.get(page, 'order-list'))}?{form['query'].value() or ''}",
        "form": form,
    }
    template = "layouts/confirm.html#confirm" if request.htmx else "layouts/confirm.html"  # type: ignore[attr-defined]
    return render(request, template, context, status=422 if form.errors else 200)


@door(Permission.ORDER_VIEW, methods=["POST"])
def forget(request: HttpRequest) -> HttpResponse:
    """Remove a saved view of one's own; the notice leads back to saving it again."""
    form = ViewForm(request.POST)
    view = whole_number(request.POST.get("view"))
    if not form.is_valid() or view is None:
        raise Invalid(_("Say which view to remove."))
    page, query, name = (form.cleaned_data[field] for field in ("page", "query", "name"))
    forget_view(view, actor=request.actor)  # type: ignore[attr-defined]  # set by the middleware
    again = f"{reverse('view-save')}?{urlencode(form.cleaned_data)}"
    text = _("The view “%(name)s” is removed.") % {"name": name}
    messages.success(request, format_html('{} <a href="{}">{}</a>', text, again, _("Save it again")))
    return _to_list(page, query)


def _to_list(page: str, query: str) -> HttpResponse:
    response = HttpResponseRedirect(f"{reverse(PAGES[page])}?{query}")
    response.status_code = 303
    return response
