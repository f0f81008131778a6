"""Walks of Authlib against a running provider: `with_authlib.py NAME`, what it needs as JSON on standard input."""

import secrets
import sys
import time

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc6750.errors import InsufficientScopeError, InvalidTokenError
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from authlib.oidc.core import CodeIDToken, get_claim_cls_by_response_type
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


def confidential(client_id):
    return session(OAuth2Session, client_id, client_secret=GIVEN["secret"], token_endpoint_auth_method="client_secret_basic")


def basic():
    return confidential("basic")


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


class Observatory(JWTBearerTokenValidator):
    """A resource server that asks nobody."""

    def get_jwks(self):
        return requests.get(META["jwks_uri"], timeout=10).json()


def resource_server():
    client = OAuth2Session("service", GIVEN["secret"], scope="stars.watch")
    token = client.fetch_token(META["token_endpoint"], grant_type="client_credentials", resource=GIVEN["resource"])
    assert token["scope"] == "stars.watch" and token["expires_in"] == 300, token
    server = Observatory(META["issuer"], GIVEN["resource"])
    found = server.authenticate_token(token["access_token"])
    server.validate_token(found, ["stars.watch"], None)
    assert found["sub"] == found["client_id"] == "service", found
    for refused, scopes, error in [
        (server, ["stars.move"], InsufficientScopeError),
        (Observatory(META["issuer"], "https://other.example"), None, InvalidTokenError),
        (Observatory("https://other.example", GIVEN["resource"]), None, InvalidTokenError),
    ]:
        try:
            refused.validate_token(refused.authenticate_token(token["access_token"]), scopes, None)
        except error:
            continue
        raise AssertionError(f"{refused.issuer} {refused.resource_server} {scopes}: it was taken")


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
    client = confidential("every")
    back, state, _, nonce = flow(client, response_type=response_type, response_mode=response_mode)
    assert back.mode == response_mode, back.mode
    words, answer = response_type.split(), back.fields
    for word, name in [("code", "code"), ("id_token", "id_token"), ("token", "access_token")]:
        assert (name in answer) == (word in words), answer
    front = None
    if "id_token" in words:
        # Its class knows what each response type must carry: c_hash, at_hash.
        front, _ = claims_of(answer, "every", nonce, get_claim_cls_by_response_type(response_type))
        if "token" not in words and "code" not in words:
            assert front["email"] == GIVEN["person"]["email"]
        assert ("c_hash" in front, "at_hash" in front) == ("code" in words, "token" in words)
    if "token" in words and response_mode == "fragment":
        client.fetch_token(authorization_response=back.address, state=state)
        person = client.get(META["userinfo_endpoint"]).json()
        assert person["email"] == GIVEN["person"]["email"]
        assert front is None or person["sub"] == front["sub"]
    if "code" in words:
        # It sends a code_challenge with the response type code only.
        token = client.fetch_token(META["token_endpoint"], code=answer["code"], grant_type="authorization_code")
        claims, _ = claims_of(token, "every", nonce)
        assert front is None or claims["sub"] == front["sub"]


def every_response_type():
    for response_type in ["id_token", "id_token token", "code id_token", "code token", "code id_token token", "token"]:
        for response_mode in ["fragment", "form_post"]:
            hybrid(response_type, response_mode)


def signed_request_and_encrypted_id_token():
    """The request is signed and what it says inside counts; the ID Token is encrypted to the client."""
    client = confidential("sealed")
    own = KeySet.import_key_set(GIVEN["keys"])
    header = {"alg": "RS256", "kid": "own", "typ": "oauth-authz-req+jwt"}
    inside = {"iss": "sealed", "aud": META["issuer"], "client_id": "sealed", "nonce": "inside"}
    back, state, verifier, _ = flow(client, request=jwt.encode(header, inside, own, algorithms=["RS256"]))
    token = client.fetch_token(META["token_endpoint"], authorization_response=back.address, state=state, code_verifier=verifier)
    opened = jwe.decrypt_compact(token["id_token"], own, algorithms=["RSA-OAEP-256", "A256GCM"])
    assert opened.headers()["cty"] == "JWT", opened.headers()
    claims_of(token | {"id_token": opened.plaintext.decode()}, "sealed", "inside")


WALKS = [
    requests_basic,
    httpx_public,
    refresh,
    secret_jwt,
    private_jwt,
    client_credentials,
    revocation,
    resource_server,
    wrong_verifier,
    every_response_type,
    signed_request_and_encrypted_id_token,
]

if __name__ == "__main__":
    next(walk for walk in WALKS if walk.__name__ == sys.argv[1])()
