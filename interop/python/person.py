"""A person without scripts in front of the provider's pages, and what the walk was given."""

import html
import json
import re
import sys
from collections import namedtuple
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

GIVEN = json.load(sys.stdin)

# Where the browser was sent, by which response mode, and the parameters of the answer.
Answer = namedtuple("Answer", "address mode fields")


def attributes(tag):
    return {name: html.unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}


def through_the_pages(url):
    """Signs in and consents where it is asked to."""
    browser = requests.Session()
    answer = browser.get(url, allow_redirects=False, timeout=20)
    for _ in range(20):
        if "location" in answer.headers:
            to = urljoin(answer.url, answer.headers["location"])
            if to.startswith(GIVEN["callback"]):
                parts = urlsplit(to)
                mode = "fragment" if parts.fragment else "query"
                assert not (parts.fragment and parts.query), to
                return Answer(to, mode, dict(parse_qsl(parts.fragment or parts.query)))
            answer = browser.get(to, allow_redirects=False, timeout=20)
            continue
        form = re.search(r'<form[^>]*method="post"[^>]*>', answer.text)
        assert form, answer.text
        hidden = [attributes(tag) for tag in re.findall(r'<input[^>]*type="hidden"[^>]*>', answer.text)]
        fields = {field["name"]: field["value"] for field in hidden}
        if 'id="form-post"' in answer.text:
            assert attributes(form.group())["action"] == GIVEN["callback"]
            return Answer(GIVEN["callback"], "form_post", fields)
        if 'id="login-form"' in answer.text:
            fields |= {"username": GIVEN["person"]["username"], "password": GIVEN["person"]["password"], "login": "1"}
        else:
            assert 'id="consent-form"' in answer.text, answer.text
            fields |= {"allow": "1"}
        action = urljoin(answer.url, attributes(form.group())["action"])
        answer = browser.post(action, data=fields, allow_redirects=False, timeout=20)
    raise AssertionError("too many pages")
