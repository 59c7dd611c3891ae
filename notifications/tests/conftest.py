import pytest

from notifications.tests.channel_servers import Receiver
from notifications.tests.sms_kit import CREATED, TOKEN


@pytest.fixture
def receiver(settings):
    with Receiver() as server:
        settings.TWILIO_URL = server.url
        settings.SMS_HTTP_URL = server.url + "/send"
        yield server


@pytest.fixture
def twilio(receiver, settings):
    settings.SMS_CHANNEL = "twilio"
    settings.BASE_URL = "https://shop.example"
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC1", TOKEN
    settings.TWILIO_FROM, settings.TWILIO_MESSAGING_SERVICE_SID = "+4930999", ""
    receiver.answers = [CREATED]
    return receiver


@pytest.fixture
def gateway(receiver, settings):
    settings.SMS_CHANNEL = "http"
    return receiver
