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
    params = request.GET.copy()
    params.pop("lang", None)
    rest = f"&{params.urlencode()}" if params else ""
    links = [
        {"code": code, "name": name, "query": f"?lang={code}{rest}", "here": code == here}
        for code, name in settings.LANGUAGES
    ]
    return {"links": links, "name": dict(settings.LANGUAGES).get(here or "", "English")}
