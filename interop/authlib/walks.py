"""Walks of Authlib against a running provider: `walks.py NAME`, what it needs as JSON on standard input."""

import html
import json
import re
import secrets
import sys
import time
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

GIVEN = json.load(sys.stdin)
META = requests.get(f"{GIVEN['issuer']}/.well-known/openid-configuration", timeout=10).json()
SCOPE = "openid profile email"


def attributes(tag):
    return {name: html.unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}


def through_the_pages(url):
    """A person without scripts: signs in and consents; returns the address the browser was sent back to."""
    browser = requests.Session()
    answer = browser.get(url, allow_redirects=False, timeout=20)
    for _ in range(20):
        if "location" in answer.headers:
            to = urljoin(answer.url, answer.headers["location"])
            if to.startswith(GIVEN["callback"]):
                return to
            answer = browser.get(to, allow_redirects=False, timeout=20)
            continue
        form = re.search(r'<form[^>]*method="post"[^>]*>', answer.text)
        assert form, answer.text
        hidden = [attributes(tag) for tag in re.findall(r'<input[^>]*type="hidden"[^>]*>', answer.text)]
        fields = {field["name"]: field["value"] for field in hidden}
        if 'id="login-form"' in answer.text:
            fields |= {"username": GIVEN["person"]["username"], "password": GIVEN["person"]["password"], "login": "1"}
        else:
            assert 'id="consent-form"' in answer.text, answer.text
            fields |= {"allow": "1"}
        action = urljoin(answer.url, attributes(form.group())["action"])
        answer = browser.post(action, data=fields, allow_redirects=False, timeout=20)
    raise AssertionError("too many pages")


def claims_of(token, client_id, nonce):
    """The ID Token, verified as OpenID Connect Core §3.1.3.7 says."""
    keys = KeySet.import_key_set(requests.get(META["jwks_uri"], timeout=10).json())
    decoded = jwt.decode(token["id_token"], keys, algorithms=["RS256", "ES256"])
    options = {"iss": {"essential": True, "value": META["issuer"]}, "aud": {"essential": True, "value": client_id}}
    params = {"nonce": nonce, "client_id": client_id, "access_token": token["access_token"]}
    claims = CodeIDToken(decoded.claims, decoded.header, options, params)
    claims.validate(now=int(time.time()), leeway=5)
    return claims, decoded.header


def flow(client, verifier=None):
    verifier, nonce = verifier or secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    url, state = client.create_authorization_url(META["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
    back = through_the_pages(url)
    assert parse_qs(urlsplit(back).query)["state"] == [state]
    assert parse_qs(urlsplit(back).query)["iss"] == [META["issuer"]]
    return back, state, verifier, nonce


def session(kind, client_id, **more):
    return kind(client_id, redirect_uri=GIVEN["callback"], scope=SCOPE, code_challenge_method="S256", **more)


def sign_in(client):
    back, state, verifier, nonce = flow(client)
    token = client.fetch_token(META["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier)
    claims, header = claims_of(token, client.client_id, nonce)
    person = client.get(META["userinfo_endpoint"]).json()
    assert person["sub"] == claims["sub"]
    assert person["email"] == GIVEN["person"]["email"]
    return token, claims, header


def basic():
    return session(OAuth2Session, "basic", client_secret=GIVEN["secret"], token_endpoint_auth_method="client_secret_basic")


def requests_basic():
    _, claims, header = sign_in(basic())
    assert header["alg"] == "ES256", header
    assert claims["sid"]


def httpx_public():
    with session(OAuth2Client, "public", token_endpoint_auth_method="none") as client:
        _, _, header = sign_in(client)
        assert header["alg"] == "RS256", header


def refresh():
    with session(OAuth2Client, "public", token_endpoint_auth_method="none") as client:
        first, claims, _ = sign_in(client)
        second = client.refresh_token(META["token_endpoint"], refresh_token=first["refresh_token"])
        assert second["refresh_token"] != first["refresh_token"]
        assert second["access_token"] != first["access_token"]
        assert client.get(META["userinfo_endpoint"]).json()["sub"] == claims["sub"]


def secret_jwt():
    client = session(OAuth2Session, "secret_jwt", client_secret=GIVEN["secret"])
    client.register_client_auth_method(ClientSecretJWT(META["token_endpoint"]))
    client.token_endpoint_auth_method = "client_secret_jwt"
    sign_in(client)


def private_jwt():
    client = session(OAuth2Session, "private_jwt", client_secret=GIVEN["key"])
    client.register_client_auth_method(PrivateKeyJWT(META["token_endpoint"], headers={"kid": "own"}))
    client.token_endpoint_auth_method = "private_key_jwt"
    sign_in(client)


def client_credentials():
    client = OAuth2Session("service", GIVEN["secret"], scope="stars.read")
    token = client.fetch_token(META["token_endpoint"], grant_type="client_credentials")
    assert "id_token" not in token
    told = client.introspect_token(META["introspection_endpoint"], token=token["access_token"]).json()
    assert told["active"] is True and told["scope"] == "stars.read", told


def revocation():
    client = basic()
    token, _, _ = sign_in(client)
    assert client.introspect_token(META["introspection_endpoint"], token=token["access_token"]).json()["active"] is True
    assert client.revoke_token(META["revocation_endpoint"], token=token["refresh_token"]).status_code == 200
    assert client.introspect_token(META["introspection_endpoint"], token=token["access_token"]).json() == {"active": False}
    assert client.get(META["userinfo_endpoint"]).status_code == 401


def wrong_verifier():
    client = basic()
    back, state, _, _ = flow(client)
    try:
        client.fetch_token(META["token_endpoint"], authorization_response=back, state=state, code_verifier="v" * 48)
    except OAuthError as error:
        assert error.error == "invalid_grant", error
    else:
        raise AssertionError("a code was redeemed with another verifier")


WALKS = [requests_basic, httpx_public, refresh, secret_jwt, private_jwt, client_credentials, revocation, wrong_verifier]

if __name__ == "__main__":
    next(walk for walk in WALKS if walk.__name__ == sys.argv[1])()
