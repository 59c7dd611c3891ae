import pytest

from notifications.checks import mail_service


@pytest.mark.parametrize("service", ["", "postmark", "mailgun", "brevo", "resend", "sendgrid"])
def test_a_service_that_can_be_used(settings, service):
    settings.EMAIL_SERVICE, settings.EMAIL_BACKEND = service, f"anymail.backends.{service}.EmailBackend"
    assert mail_service(None) == []


def test_a_service_that_lacks_its_package_is_refused_at_start_with_what_to_install(settings, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "boto3", None)
    monkeypatch.delitem(__import__("sys").modules, "anymail.backends.amazon_ses", raising=False)
    settings.EMAIL_SERVICE, settings.EMAIL_BACKEND = "amazon_ses", "anymail.backends.amazon_ses.EmailBackend"
    (error,) = mail_service(None)
    assert "boto3" in error.msg and "pip install" in error.hint and "django-anymail[amazon-ses]" in error.hint
