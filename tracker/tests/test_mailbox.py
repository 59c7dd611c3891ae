import json

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection


@pytest.fixture
def outbox(settings):
    settings.DEBUG = True
    settings.MAIL_DIR.mkdir(parents=True)
    return settings.MAIL_DIR


def send(
    subject,
    text="Hello",
    html="<p style='color:red'>Hello</p><script>alert(1)</script>",
    to="ada@example.com",
):
    connection = get_connection("notifications.channels.folder.FolderBackend")
    mail = EmailMultiAlternatives(subject, text, "shop@example.com", [to], connection=connection)
    mail.attach_alternative(html, "text/html")
    mail.send()


def name_of(folder):
    return max(path.name for path in folder.glob("*.eml"))


def test_it_is_not_there_in_production(client, settings, outbox):
    send("x")
    name = name_of(outbox)
    settings.DEBUG = False
    for path in ("", f"{name}/", f"{name}/html/"):
        assert client.get(f"/dev/outbox/{path}").status_code == 404


def test_an_empty_outbox_says_so(client, settings):
    settings.DEBUG = True
    assert b"Nothing has been sent yet" in client.get("/dev/outbox/").content


def test_mails_and_sms_newest_first(client, outbox):
    send("First <b>mail</b>")
    send("كتاب 海苔")
    lines = [
        "not json",
        json.dumps({"to": "+4930", "text": "Your order left", "at": "2099-01-01T00:00:00+00:00"}),
    ]
    (outbox / "sms.jsonl").write_text("\n".join(lines), "utf-8")
    body = client.get("/dev/outbox/").content.decode()
    places = [body.index(text) for text in ("SMS to +4930", "كتاب 海苔", "First &lt;b&gt;mail")]
    assert places == sorted(places)


def test_search_and_pages(client, outbox):
    for number in range(30):
        send(f"Mail number {number:02}")
    first, second = (
        client.get("/dev/outbox/").content.decode(),
        client.get("/dev/outbox/?page=2").content.decode(),
    )
    assert "number 29" in first and "number 04" not in first and "number 04" in second
    found = client.get("/dev/outbox/?q=NUMBER 07").content.decode()
    assert "number 07" in found and "number 08" not in found
    assert "Nothing fits “<b>”" in client.get("/dev/outbox/?q=<b>").content.decode().replace(
        "&lt;", "<"
    ).replace("&gt;", ">")
    for odd in ("0", "-1", "x", "²", "9" * 400):
        assert client.get(f"/dev/outbox/?page={odd}").status_code == 200


def test_one_mail_in_all_its_parts(client, outbox):
    send("Shipped", text="See https://shop.example/t/abc/ <script>")
    name = name_of(outbox)
    body = client.get(f"/dev/outbox/{name}/").content.decode()
    assert "ada@example.com" in body and 'href="https://shop.example/t/abc/"' in body
    assert "&lt;script&gt;" in body and f'src="/dev/outbox/{name}/html/"' in body and "sandbox=" in body


def test_the_html_part_may_do_nothing_but_look(client, outbox):
    send("Shipped")
    part = client.get(f"/dev/outbox/{name_of(outbox)}/html/")
    policy = part["Content-Security-Policy"]
    assert (
        "script-src 'none'" in policy
        and "default-src 'none'" in policy
        and "frame-ancestors 'self'" in policy
    )
    assert "style-src 'unsafe-inline'" in policy and part["X-Frame-Options"] == "SAMEORIGIN"
    assert "unsafe-inline" not in client.get("/dev/outbox/")["Content-Security-Policy"]


@pytest.mark.parametrize(
    "name",
    ["..", "sms.jsonl", "..%2fsecret.eml", "%2e%2e%2fsecret.eml", "a%00.eml", ".eml", "link.eml", "é.eml"],
)
def test_no_way_out_of_the_folder(client, outbox, name):
    (outbox.parent / "secret.eml").write_text("Subject: x\n\nhidden treasure")
    (outbox / "link.eml").symlink_to(outbox.parent / "secret.eml")
    for end in ("", "html/"):
        answer = client.get(f"/dev/outbox/{name}/{end}")
        assert answer.status_code in (404, 301) and b"treasure" not in answer.content


def test_a_broken_file_is_shown_as_it_is(client, outbox):
    (outbox / "1.eml").write_bytes(b"\xff\xfe not a mail")
    (outbox / "2.eml").write_bytes(b"Content-Type: text/plain; charset=nonsense\n\nHello \xff")
    assert client.get("/dev/outbox/").status_code == 200
    for name in ("1.eml", "2.eml"):
        assert client.get(f"/dev/outbox/{name}/").status_code == 200
