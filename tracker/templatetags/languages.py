"""The chooser of languages for the pages of the public."""

from typing import Any

from django import template
from django.conf import settings
from django.utils import translation

register = template.Library()


@register.inclusion_tag("tracker/_languages.html", takes_context=True)
def language_chooser(context: dict[str, Any]) -> dict[str, Any]:
    """Links to this page in the other languages; nothing on the staff's pages, which are English."""
    request = context.get("request")
    if request is None or not hasattr(request, "keep_language"):
        return {"links": []}
    here = translation.get_language()
    links = []
    for code, name in settings.LANGUAGES:
        params = request.GET.copy()
        params["lang"] = code
        links.append({"code": code, "name": name, "query": f"?{params.urlencode()}", "here": code == here})
    return {"links": links, "name": dict(settings.LANGUAGES).get(here or "", "English")}
