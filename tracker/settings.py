"""All settings come from the environment (or a `.env` file); every one has a working default in
development. With DEBUG=0 the secrets have none: the process refuses to start without them.
`.env.example` names each one."""

import os
from importlib.util import find_spec
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from tracker import broker

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", default=True)
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()
for folder in ("media", "mail", "log"):
    (VAR_DIR / folder).mkdir(parents=True, exist_ok=True)

_DEV_KEY = "development-only-" + "k" * 40


def _secret(name: str) -> str:
    value = env.str(name, default=_DEV_KEY if DEBUG else "")
    if not value or (not DEBUG and value == _DEV_KEY):
        raise ImproperlyConfigured(
            f"{name} is not set. With DEBUG=0 it has no default; make one with: "
            'python -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    return value


SECRET_KEY = _secret("SECRET_KEY")
FIELD_KEY = _secret("FIELD_KEY")  # encrypts carrier secrets at rest; changing it makes them unreadable
PORT = env.int("PORT", default=8000)
BIND = env.str("BIND", default="127.0.0.1")
WEB_WORKERS = env.int("WEB_WORKERS", default=2)
WORKER_PROCESSES = env.int("WORKER_PROCESSES", default=2)
BASE_URL = env.str("BASE_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
TRUST_PROXY = env.bool("TRUST_PROXY", default=False)

INSTALLED_APPS = [
    "tracker.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "phonenumber_field",
    "orders",
    "shipping",
    "notifications",
    "tracker.apps.TrackerConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "tracker.languages.PublicLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tracker.odd_bytes.NoNul",
]
ROOT_URLCONF = "tracker.urls"
WSGI_APPLICATION = "tracker.wsgi.application"
AUTH_USER_MODEL = "orders.User"
LOGIN_URL = "admin:login"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- database -----------------------------------------------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'tracker.sqlite3'}")}
_db = DATABASES["default"]
_db["ATOMIC_REQUESTS"] = False
if _db["ENGINE"].endswith("sqlite3"):
    _db["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA cache_size=-64000;",
    }
else:
    if env.bool("DB_POOL", default=True):
        _db.setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": env.int("DB_POOL_MAX", default=8)}
    _db["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- broker, cache, tasks -----------------------------------------------------------------------
# `manage.py up` chooses the broker and hands it to its children as BROKER_URL; see tracker/broker.py.
REDIS_URL = env.str("REDIS_URL", default="")
BROKER_URL = env.str("BROKER_URL", default="") or REDIS_URL or broker.default_url(VAR_DIR)
CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_ALWAYS_EAGER = env.bool("CELERY_EAGER", default=False)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SOFT_TIME_LIMIT = 600
CELERY_TASK_TIME_LIMIT = 660
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000  # KiB
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"polling_interval": 0.05}
    if BROKER_URL.startswith("memory")
    else {
        "visibility_timeout": 3600,
        # kombu looks for unacknowledged messages every 10th pass by default: 101 s after a crash, 11 s so.
        "unacked_restore_throttle": 1,
        "socket_timeout": 10,
        "max_retries": 1,  # a publisher must not hang a request while the broker is away; the sweep re-sends
    }
)
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
SIMULATOR = env.bool("SIMULATOR", default=DEBUG)
CELERY_BEAT_SCHEDULE = {
    "sweep-notices": {"task": "notifications.tasks.sweep", "schedule": 10.0},
    "sweep-webhooks": {"task": "shipping.tasks.sweep_webhooks", "schedule": 10.0},
    "sweep-prints": {"task": "shipping.tasks.sweep_prints", "schedule": 30.0},
    "clear-prints": {"task": "shipping.tasks.clear_prints", "schedule": 3600.0},
    "sweep-manifests": {"task": "shipping.tasks.sweep_manifests", "schedule": 60.0},
    "sweep-imports": {"task": "orders.tasks.sweep_imports", "schedule": 60.0},
    "refit-transit": {"task": "shipping.tasks.refit_transit", "schedule": 6 * 3600.0},
    "revise-promises": {"task": "shipping.tasks.revise_promises", "schedule": 300.0},
    "dispatch-polls": {"task": "shipping.tasks.dispatch_polls", "schedule": 15.0},
    "sweep-quarantine": {"task": "shipping.tasks.sweep_quarantine", "schedule": 900.0},
    "sweep-codes": {"task": "shipping.tasks.sweep_codes", "schedule": 60.0},
    "review-late": {"task": "shipping.tasks.review_late", "schedule": 300.0},
    "make-claims": {"task": "shipping.tasks.make_claims", "schedule": 60.0},
    "answer-what-ifs": {"task": "shipping.tasks.answer_what_ifs", "schedule": 120.0},
    "send-digests": {"task": "tracker.tasks.send_digests", "schedule": 300.0},
    "refresh-figures": {"task": "shipping.tasks.refresh_figures", "schedule": 120.0},
    "assess-risk": {"task": "shipping.tasks.assess_risk", "schedule": 900.0},
    "backlog": {"task": "tracker.tasks.heartbeat", "schedule": 15.0},
}
if SIMULATOR:
    CELERY_BEAT_SCHEDULE["simulate"] = {"task": "shipping.tasks.simulate", "schedule": 10.0}

_cache_url = REDIS_URL or (BROKER_URL.replace("redis+socket", "unix") if "redis" in BROKER_URL else "")
CACHES = {
    "default": (
        {"BACKEND": "tracker.cache.ForgivingRedisCache", "LOCATION": _cache_url, "KEY_PREFIX": "tracker"}
        if _cache_url
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

# --- mail and SMS -------------------------------------------------------------------------------
EMAIL_URL = env.str("EMAIL_URL", default="")
EMAIL_SERVICE = env.str("EMAIL_SERVICE", default="").strip().lower()
MAIL_DIR = VAR_DIR / "mail"
EMAIL_TIMEOUT = 20
if EMAIL_SERVICE:
    if not find_spec(f"anymail.backends.{EMAIL_SERVICE}"):
        raise ImproperlyConfigured(f"EMAIL_SERVICE: django-anymail does not know {EMAIL_SERVICE}.")
    EMAIL_BACKEND = f"anymail.backends.{EMAIL_SERVICE}.EmailBackend"
elif EMAIL_URL:
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "notifications.channels.folder.FolderBackend"
# A service's own settings by their names in its documentation: ANYMAIL_POSTMARK_SERVER_TOKEN and the like.
ANYMAIL = {name[8:]: value for name, value in os.environ.items() if name.startswith("ANYMAIL_")}
ANYMAIL["WEBHOOK_SECRET"] = env.str("ANYMAIL_WEBHOOK_SECRET", default="")
NOTICE_LEASE_SECONDS = max(5, env.int("NOTICE_LEASE_SECONDS", default=120))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Tracker <no-reply@localhost>")
SMS_CHANNEL = env.str("SMS_CHANNEL", default="file")  # file, console, twilio, http, off
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
TWILIO_FROM = env.str("TWILIO_FROM", default="")
TWILIO_MESSAGING_SERVICE_SID = env.str("TWILIO_MESSAGING_SERVICE_SID", default="")
TWILIO_URL = env.str("TWILIO_URL", default="https://api.twilio.com").rstrip("/")
SMS_HTTP_URL = env.str("SMS_HTTP_URL", default="")
SMS_HTTP_METHOD = env.str("SMS_HTTP_METHOD", default="POST").upper()
SMS_HTTP_CONTENT_TYPE = env.str("SMS_HTTP_CONTENT_TYPE", default="application/json")
SMS_HTTP_BODY = env.str("SMS_HTTP_BODY", default='{"to": "{to}", "text": "{text}", "key": "{key}"}')
SMS_HTTP_HEADERS: dict[str, str] = env.json("SMS_HTTP_HEADERS", default={})
SMS_HTTP_INCOMING_SECRET = env.str("SMS_HTTP_INCOMING_SECRET", default="")
SMS_HTTP_INCOMING_FIELDS = env.tuple("SMS_HTTP_INCOMING_FIELDS", default=("from", "text"))

# --- languages and time ---------------------------------------------------------------------------
LANGUAGE_CODE = "en"
# Each by its own name, as the chooser shows it; `locale/` has a catalogue for each but English.
LANGUAGES = [
    ("en", "English"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
    ("pt", "Português"),
    ("it", "Italiano"),
    ("nl", "Nederlands"),
    ("pl", "Polski"),
    ("ar", "العربية"),
    ("ja", "日本語"),
]
FORMAT_MODULE_PATH = "tracker.formats"
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
PHONENUMBER_DEFAULT_FORMAT = "INTERNATIONAL"

# --- files ------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = "/media/"  # never served by the web server: private files go out through checked views
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "tracker.static_files.KeptAddresses"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_ROOT = BASE_DIR / "static" / "root"  # /favicon.ico: browsers ask for it where a page names no icon
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", default=200_000_000)
PRINT_CLAIM_SECONDS = max(20, env.int("PRINT_CLAIM_SECONDS", default=120))
PRINT_KEEP_DAYS = env.int("PRINT_KEEP_DAYS", default=30)
WEBHOOK_MAX_BYTES = env.int("WEBHOOK_MAX_BYTES", default=1_000_000)
# Another address for a carrier's API, such as its test system: CARRIER_URLS=ups=https://wwwcie.ups.com
CARRIER_URLS: dict[str, str] = env.dict("CARRIER_URLS", default={})
FILE_UPLOAD_PERMISSIONS = 0o600

# --- security ---------------------------------------------------------------------------------------
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-src": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_HTTPONLY = True
if not DEBUG:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
if TRUST_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- logging: one line per record, no request bodies, no secrets -------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname:7} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django.server": {"level": "WARNING"},
        "fontTools": {"level": "ERROR"},
        "weasyprint": {"level": "ERROR"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
os.environ.setdefault("PGCONNECT_TIMEOUT", "5")
