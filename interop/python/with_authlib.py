"""Walks of Authlib against a running provider: `with_authlib.py NAME`, what it needs as JSON on standard input."""

import secrets
import sys
import time

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from authlib.oidc.core import CodeIDToken, HybridIDToken, ImplicitIDToken
from joserfc import jwe, jwt
from joserfc.jwk import KeySet

from person import GIVEN, through_the_pages

META = requests.get(f"{GIVEN['issuer']}/.well-known/openid-configuration", timeout=10).json()
SCOPE = "openid profile email"


def claims_of(token, client_id, nonce, kind=CodeIDToken):
    """The ID Token, verified as OpenID Connect Core §3.1.3.7, §3.2.2.11 or §3.3.2.12 says."""
    keys = KeySet.import_key_set(requests.get(META["jwks_uri"], timeout=10).json())
    decoded = jwt.decode(token["id_token"], keys, algorithms=["RS256", "ES256"])
    options = {"iss": {"essential": True, "value": META["issuer"]}, "aud": {"essential": True, "value": client_id}}
    params = {"nonce": nonce, "client_id": client_id, "access_token": token.get("access_token"), "code": token.get("code")}
    claims = kind(decoded.claims, decoded.header, options, params)
    claims.validate(now=int(time.time()), leeway=5)
    return claims, decoded.header


def flow(client, **more):
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    url, state = client.create_authorization_url(META["authorization_endpoint"], code_verifier=verifier, nonce=nonce, **more)
    back = through_the_pages(url)
    assert back.fields["state"] == state
    assert back.fields["iss"] == META["issuer"]
    return back, state, verifier, nonce


def session(kind, client_id, **more):
    return kind(client_id, redirect_uri=GIVEN["callback"], scope=SCOPE, code_challenge_method="S256", **more)


def sign_in(client):
    back, state, verifier, nonce = flow(client)
    token = client.fetch_token(META["token_endpoint"], authorization_response=back.address, state=state, code_verifier=verifier)
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
        client.fetch_token(META["token_endpoint"], authorization_response=back.address, state=state, code_verifier="v" * 48)
    except OAuthError as error:
        assert error.error == "invalid_grant", error
    else:
        raise AssertionError("a code was redeemed with another verifier")


def hybrid(response_type, response_mode):
    """The library reads tokens from a fragment and codes from a query; the rest is its ID Token classes."""
    client = session(OAuth2Session, "every", client_secret=GIVEN["secret"], token_endpoint_auth_method="client_secret_basic")
    back, state, verifier, nonce = flow(client, response_type=response_type, response_mode=response_mode)
    assert back.mode == response_mode, back.mode
    words, answer = response_type.split(), back.fields
    assert ("code" in answer, "id_token" in answer, "access_token" in answer) == ("code" in words, "id_token" in words, "token" in words)
    front = None
    if "id_token" in words:
        kind = HybridIDToken if "code" in words else ImplicitIDToken
        # The class knows what each response type must carry: c_hash, at_hash.
        kind.RESPONSE_TYPES = (response_type,)
        front, _ = claims_of(answer, "every", nonce, kind)
        if "token" not in words and "code" not in words:
            assert front["email"] == GIVEN["person"]["email"]
        assert ("c_hash" in front, "at_hash" in front) == ("code" in words, "token" in words)
    if "token" in words and response_mode == "fragment":
        client.fetch_token(authorization_response=back.address, state=state)
        person = client.get(META["userinfo_endpoint"]).json()
        assert person["email"] == GIVEN["person"]["email"]
        assert front is None or person["sub"] == front["sub"]
    if "code" in words:
        token = client.fetch_token(META["token_endpoint"], code=answer["code"], state=state, code_verifier=verifier, grant_type="authorization_code")
        claims, _ = claims_of(token, "every", nonce)
        assert front is None or claims["sub"] == front["sub"]


def every_response_type():
    for response_type in ["id_token", "id_token token", "code id_token", "code token", "code id_token token", "token"]:
        for response_mode in ["fragment", "form_post"]:
            hybrid(response_type, response_mode)


def encrypted_id_token():
    client = session(OAuth2Session, "encrypted", client_secret=GIVEN["secret"], token_endpoint_auth_method="client_secret_basic")
    back, state, verifier, nonce = flow(client)
    token = client.fetch_token(META["token_endpoint"], authorization_response=back.address, state=state, code_verifier=verifier)
    own = KeySet.import_key_set(GIVEN["keys"])
    opened = jwe.decrypt_compact(token["id_token"], own, algorithms=["RSA-OAEP-256", "A256GCM"])
    assert opened.headers()["cty"] == "JWT", opened.headers()
    claims, _ = claims_of(token | {"id_token": opened.plaintext.decode()}, "encrypted", nonce)
    assert client.get(META["userinfo_endpoint"]).json()["sub"] == claims["sub"]


def signed_request():
    client = session(OAuth2Session, "encrypted", client_secret=GIVEN["secret"], token_endpoint_auth_method="client_secret_basic")
    own = next(key for key in KeySet.import_key_set(GIVEN["keys"]).keys if key.kid == "own")
    inside = {"iss": "encrypted", "aud": META["issuer"], "client_id": "encrypted", "acr_values": "x", "nonce": "inside"}
    signed = jwt.encode({"alg": "RS256", "kid": "own", "typ": "oauth-authz-req+jwt"}, inside, own, algorithms=["RS256"])
    back, state, verifier, _ = flow(client, request=signed)
    token = client.fetch_token(META["token_endpoint"], authorization_response=back.address, state=state, code_verifier=verifier)
    own = KeySet.import_key_set(GIVEN["keys"])
    opened = jwe.decrypt_compact(token["id_token"], own, algorithms=["RSA-OAEP-256", "A256GCM"])
    claims_of(token | {"id_token": opened.plaintext.decode()}, "encrypted", "inside")


WALKS = [
    requests_basic,
    httpx_public,
    refresh,
    secret_jwt,
    private_jwt,
    client_credentials,
    revocation,
    wrong_verifier,
    every_response_type,
    encrypted_id_token,
    signed_request,
]

if __name__ == "__main__":
    next(walk for walk in WALKS if walk.__name__ == sys.argv[1])()
