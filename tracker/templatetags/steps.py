"""The step bar, of which there are few different ones."""

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from orders.once import once_a_language
from tracker.tracking_words import Step

register = template.Library()


@register.simple_tag
@once_a_language
def step_bar(steps: tuple[Step, ...]) -> SafeString:
    return render_to_string("tracker/_steps.html", {"steps": steps})
