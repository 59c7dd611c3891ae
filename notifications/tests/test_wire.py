"""What goes over the wire says the same as what Python's own generator would have written."""

from email import message_from_bytes, policy

import pytest
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import BadHeaderError, sanitize_address
from hypothesis import given
from hypothesis import strategies as st

from notifications.channels import wire

line = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200)
body = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"),
    max_size=3000,
)


def mail(subject="Hello", text="Body", html="", to="ada@example.com", **headers):
    made = EmailMultiAlternatives(
        subject,
        text,
        "Käse & Co <shop@example.com>",
        [to],
        headers={"Message-ID": "<1@x>", "Date": "x"} | headers,
    )
    if html:
        made.attach_alternative(html, "text/html")
    return made


def read(data: bytes):
    assert b"\n" not in data.replace(b"\r\n", b""), "every line ends as SMTP wants it"
    found = message_from_bytes(data, policy=policy.default)
    heads = {name: " ".join(str(value).split()) for name, value in found.items() if name != "Content-Type"}
    parts = [
        (part.get_content_type(), part.get_content().replace("\r\n", "\n").rstrip("\n"))
        for part in found.walk()
        if not part.is_multipart()
    ]
    return found.get_content_type(), heads, parts


@given(line, body, st.none() | body, st.sampled_from(["", "<https://shop.example/n/" + "a" * 300 + "/off/>"]))
def test_it_says_the_same(subject, text, html, unsubscribe):
    made = mail(subject, text, html or "", **({"List-Unsubscribe": unsubscribe} if unsubscribe else {}))
    assert read(wire.as_bytes(made)) == read(made.message().as_bytes(linesep="\r\n"))


def test_long_lines_and_scripts():
    made = mail("Pošiljka 田中 é", "ä" * 5000 + "\n.\nFrom here\n", "<p>" + "東" * 2000 + "</p>")
    data = wire.as_bytes(made)
    assert read(data) == read(made.message().as_bytes(linesep="\r\n"))
    assert max(map(len, data.split(b"\r\n"))) <= 998


def test_an_attachment_and_an_endless_header_go_the_librarys_way():
    made = mail(html="<p>Hi</p>")
    made.attach("claim.pdf", b"%PDF\x00\xff", "application/pdf")
    assert (
        message_from_bytes(wire.as_bytes(made)).get_payload()[1].get_payload(decode=True) == b"%PDF\x00\xff"
    )
    assert max(map(len, wire.as_bytes(mail(**{"X-Long": "word " * 300})).split(b"\r\n"))) < 998


def test_no_header_is_slipped_in():
    with pytest.raises(BadHeaderError):
        wire.as_bytes(mail("Hello\nBcc: all@example.com"))


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.com",
        "Ada <ada@example.com>",
        "ada@bücher.example",
        "ada+x@example.com",
        '"a b"@example.com',
    ],
)
def test_envelopes_are_djangos(address):
    assert wire.envelope(address) == sanitize_address(address, "utf-8")
