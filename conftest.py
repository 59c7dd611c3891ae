import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says more about what else the machine does than about the code.
settings.register_profile("tracker", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tracker")


@pytest.fixture(scope="session", autouse=True)
def _no_strangers_broker():
    """A portal running beside the tests must not get their messages."""
    from tracker.celery import app

    app.conf.update(broker_url="memory://", broker_transport_options={})


@pytest.fixture(autouse=True)
def _quick_and_private(settings, tmp_path):
    """Cheap password hashes, files under the test's own folder, a cache of its own."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MAIL_DIR = tmp_path / "mail"
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(tmp_path)}
    }


@pytest.fixture(autouse=True)
def _broker_not_given_up(monkeypatch):
    """One test's absent broker must not silence the next test's."""
    monkeypatch.setattr("orders.queue._away_until", 0.0)


@pytest.fixture
def merchant(db):
    from tests.factories import make_merchant

    return make_merchant()


@pytest.fixture
def other(db):
    from tests.factories import make_merchant

    return make_merchant("elsewhere")


@pytest.fixture
def alice(merchant):
    """Owns the shop."""
    from tests.factories import make_user

    return make_user("alice", merchant)


@pytest.fixture
def bob(merchant):
    """Packs in the shop's warehouse."""
    from orders.roles import Role
    from tests.factories import make_user

    return make_user("bob", merchant, Role.WAREHOUSE)


@pytest.fixture
def charlie(other):
    """Owns another shop."""
    from tests.factories import make_user

    return make_user("charlie", other)
