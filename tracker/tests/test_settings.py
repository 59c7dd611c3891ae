"""The settings tell what they need, and `.env.example` tells all of them."""

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def manage(tmp_path, *words, **env):
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")
    }
    return subprocess.run(
        [sys.executable, "manage.py", *words], check=False, cwd=ROOT, capture_output=True, text=True,
        env=kept | {"VAR_DIR": str(tmp_path)} | env,
    )  # fmt: skip


def test_every_setting_is_in_the_example():
    source = (ROOT / "tracker" / "settings.py").read_text()
    names = set(re.findall(r'env\.\w+\(\s*"(\w+)"', source)) | set(re.findall(r'_secret\("(\w+)"\)', source))
    told = set(re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert names == told


KEPT = [
    "DEBUG", "PORT", "BIND", "BASE_URL", "ALLOWED_HOSTS", "TRUST_PROXY", "WEB_WORKERS", "WORKER_PROCESSES",
    "DEFAULT_FROM_EMAIL", "SMS_CHANNEL", "IMPORT_MAX_BYTES", "WEBHOOK_MAX_BYTES", "SIMULATOR", "LOGGING",
    "CELERY_TASK_ALWAYS_EAGER", "EMAIL_SERVICE", "ANYMAIL", "TWILIO_URL", "SMS_HTTP_METHOD", "SMS_HTTP_BODY",
    "SMS_HTTP_CONTENT_TYPE", "SMS_HTTP_HEADERS",
]  # fmt: skip
UNCOMMENTED = """
import sys, environ
environ.Env.read_env(sys.argv[1])
from tracker import settings
print([getattr(settings, name) for name in sys.argv[2:]])
"""


def test_the_example_uncommented_gives_the_defaults(tmp_path):
    """A remark after a value would become part of it."""
    told = re.findall(r"^# ([A-Z_]+=.+)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    lines = [line for line in told if not line.startswith("VAR_DIR=")]
    assert len(lines) > 15
    answers = []
    for text in ("\n".join(lines), ""):
        (tmp_path / "env").write_text(text)
        done = subprocess.run(
            [sys.executable, "-c", UNCOMMENTED, tmp_path / "env", *KEPT],
            check=False, cwd=ROOT, capture_output=True, text=True,
            env={"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-500:]
        answers.append(done.stdout)
    assert answers[0] == answers[1]


def test_without_debug_the_secrets_have_no_default(tmp_path):
    done = manage(tmp_path, "check", DEBUG="0")
    assert done.returncode != 0 and "SECRET_KEY is not set. With DEBUG=0 it has no default" in done.stderr
    done = manage(tmp_path, "check", DEBUG="0", SECRET_KEY=secrets.token_urlsafe(48))
    assert done.returncode != 0 and "FIELD_KEY is not set" in done.stderr


def test_production_passes_the_deploy_checks(tmp_path):
    done = manage(
        tmp_path, "check", "--deploy", "--fail-level", "WARNING", DEBUG="0", SECRET_KEY=secrets.token_urlsafe(48),
        FIELD_KEY=secrets.token_urlsafe(48), ALLOWED_HOSTS="tracker.example",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


LOOK = """
from django.conf import settings
from django.test import Client
settings.ALLOWED_HOSTS = ["testserver"]
client = Client()
plain = client.get("/")
assert plain.status_code == 301 and plain["Location"].startswith("https://"), plain
for path, status in [("/", 200), ("/admin/login/", 200), ("/nothing/", 404), ("/dev/outbox/", 404), ("/healthz", 200)]:
    answer = client.get(path, secure=True)
    assert answer.status_code == status, (path, answer.status_code)
    assert "script-src 'self'" in answer["Content-Security-Policy"], path
    assert b"Traceback" not in answer.content and b"DEBUG" not in answer.content, path
print("looked", plain["Strict-Transport-Security"] if "Strict-Transport-Security" in plain else "")
"""


def test_production_serves_its_pages_with_hashed_files_and_no_development_page(tmp_path):
    env = {
        "DEBUG": "0",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FIELD_KEY": secrets.token_urlsafe(48),
        "ALLOWED_HOSTS": "x",
    }
    env["BROKER_URL"] = "memory://"
    for words in (["migrate", "-v0"], ["collectstatic", "--noinput", "-v0"], ["shell", "-v0", "-c", LOOK]):
        done = manage(tmp_path, *words, **env)
        assert done.returncode == 0, done.stderr[-2000:]
    assert "looked" in done.stdout


def test_a_mail_service_is_chosen_by_name_with_its_own_settings(tmp_path):
    look = "from django.conf import settings as s; print(s.EMAIL_BACKEND, s.ANYMAIL['POSTMARK_SERVER_TOKEN'])"
    chosen = {"DEBUG": "1", "EMAIL_SERVICE": "Postmark", "ANYMAIL_POSTMARK_SERVER_TOKEN": "t-1"}
    done = manage(tmp_path, "shell", "-v0", "-c", look, **chosen)
    assert "anymail.backends.postmark.EmailBackend t-1" in done.stdout, done.stderr
    refused = manage(tmp_path, "check", **chosen | {"EMAIL_SERVICE": "postmarkk"})
    assert refused.returncode != 0 and "does not know postmarkk" in refused.stderr
