import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")

app = Celery("tracker")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["orders", "shipping", "notifications", "tracker"])
# Without this a retry made in a thread goes to a default AMQP app and is lost.
app.set_default()
