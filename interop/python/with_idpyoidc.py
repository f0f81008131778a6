"""Walks of idpyoidc, by the people who wrote the first certification suite: `with_idpyoidc.py NAME`.

The version is 4.1.0, since 5.0.0 writes `"aud": ["request"]` into every request object, which is no audience of ours.
"""

import json
import os
import sys
from urllib.parse import parse_qs, urlsplit

import requests
from cryptojwt import KeyJar
from idpyoidc.client.defaults import DEFAULT_OIDC_SERVICES
from idpyoidc.client.oauth2.stand_alone_client import StandAloneClient
from idpyoidc.client.oidc.webfinger import WebFinger
from idpyoidc.message.oidc import JRD

from person import GIVEN, through_the_pages

PKCE = {
    "function": "idpyoidc.client.oauth2.add_on.pkce.add_support",
    "kwargs": {"code_challenge_length": 64, "code_challenge_method": "S256"},
}
TYPES = ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"]
def client(client_id, **preference):
    """A client whose keys are ours, which learns everything else from discovery."""
    keys = KeyJar()
    for owner in ["", client_id]:
        keys.import_jwks(GIVEN["keys"], owner)
    config = {
        "issuer": GIVEN["issuer"],
        "base_url": GIVEN["callback"].rsplit("/", 1)[0],
        "client_id": client_id,
        "client_secret": GIVEN["secret"],
        "redirect_uris": [GIVEN["callback"]],
        "preference": {
            "response_types_supported": TYPES,
            "scopes_supported": ["openid", "profile", "email"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            **preference,
        },
        "add_ons": {"pkce": PKCE},
        "allow": {"http_links": True},
    }
    party = StandAloneClient(client_type="oidc", keyjar=keys, config=config, services=DEFAULT_OIDC_SERVICES)
    party.do_provider_info()
    party.do_client_registration()
    return party


def sign_in(party, response_type, response_mode=None, **behaviour):
    asked = {"response_type": response_type, "redirect_uri": GIVEN["callback"], "scope": ["openid", "profile", "email"]}
    if response_mode:
        asked["response_mode"] = response_mode
    url = party.init_authorization(req_args=asked, behaviour_args=behaviour)
    back = through_the_pages(url)
    assert back.mode == (response_mode or ("query" if response_type == "code" else "fragment")), back
    done = party.finalize(back.fields)
    assert "error" not in done, done
    assert done["userinfo"]["email"] == GIVEN["person"]["email"], done
    assert (done["token"] is None) == (response_type == "id_token"), done
    return done, back, url


def every_response_type():
    for response_type in TYPES:
        for response_mode in [None, "form_post"]:
            done, _, _ = sign_in(client("every"), response_type, response_mode)
            if "id_token" in response_type:
                assert done["id_token"]["sub"] == done["userinfo"]["sub"]


def sealed_userinfo():
    """Signed and encrypted. Encrypted ID Tokens it does not read: it looks for a signature before it decrypts."""
    party = client("userinfo")
    party.get_context().registration_response = {
        "userinfo_signed_response_alg": "RS256",
        "userinfo_encrypted_response_alg": "RSA-OAEP-256",
        "userinfo_encrypted_response_enc": "A256GCM",
    }
    done, _, _ = sign_in(party, "code id_token", "form_post")
    assert done["userinfo"]["aud"] == "userinfo", done["userinfo"]


def request_object():
    for alg in ["RS256", "HS256", "none"]:
        party = client(f"request_{alg}")
        done, _, url = sign_in(party, "code", request_param="request", request_object_signing_alg=alg)
        asked = parse_qs(urlsplit(url).query)
        assert "request" in asked and "state" not in asked, asked
        assert done["id_token"]["nonce"], done


def encrypted_request_object():
    """Not by GCM: it would take an initialization vector of 128 bits, where RFC 7518 §5.3 has 96."""
    party = client("request_RS256")
    with_key = {"request_object_encryption_alg": "RSA-OAEP", "request_object_encryption_enc": "A128CBC-HS256"}
    _, _, url = sign_in(party, "code id_token", request_param="request", request_object_signing_alg="RS256", **with_key)
    assert parse_qs(urlsplit(url).query)["request"][0].count(".") == 4, url


def request_uri():
    """The library writes the object to a file, which the walk serves at the registered address."""
    os.chdir(GIVEN["requests"])
    party = client("request_RS256", request_uris=[GIVEN["request_uri"]])
    _, _, url = sign_in(party, "code", request_param="request_uri", request_object_signing_alg="RS256")
    assert parse_qs(urlsplit(url).query)["request_uri"] == [GIVEN["request_uri"]], url


def webfinger():
    """From an address to the provider. The library asks over https alone; the walk's provider speaks without."""
    own = urlsplit(GIVEN["issuer"]).netloc
    finger = WebFinger(upstream_get=lambda *_: None)
    for identifier in ["ada@localhost", "acct:ada@localhost", f"https://{own}/ada", f"{own}/ada"]:
        asked = urlsplit(finger.query(identifier))
        assert asked.netloc in ["localhost", own] and asked.path == "/.well-known/webfinger", asked
        answer = requests.get(f"{GIVEN['issuer']}{asked.path}?{asked.query}", timeout=10)
        assert answer.headers["content-type"] == "application/jrd+json", answer.headers
        found = JRD().from_json(answer.text)
        found.verify()
        assert [link["href"] for link in found["links"] if link["rel"] == finger.rel] == [GIVEN["issuer"]], found


def claims_of_others():
    """Aggregated claims in the answer of UserInfo, distributed ones behind the token in it; a name in a language."""
    party = client("others")
    party.keyjar.import_jwks(GIVEN["office"], "https://office.example")
    claims = {"userinfo": {"degree": {"essential": True}, "credit_score": None, "nickname#ja": None}}
    asked = {
        "response_type": "code",
        "redirect_uri": GIVEN["callback"],
        "scope": ["openid", "profile"],
        "claims": json.dumps(claims),
        "claims_locales": ["se", "de"],
    }
    done = party.finalize(through_the_pages(party.init_authorization(req_args=asked)).fields)
    assert "error" not in done, done
    told = done["userinfo"]
    assert told["degree"] == "PhD", told
    assert told["name"] == "Äda" and told["nickname#ja"] == "エイダ", told
    bank = told["_claim_sources"][told["_claim_names"]["credit_score"]]
    answer = requests.get(bank["endpoint"], headers={"authorization": f"Bearer {bank['access_token']}"}, timeout=20)
    assert answer.text == "score", answer.text


def registration():
    """Without a client_id it registers itself. What it was told goes to whoever runs the walk. The code alone: this is a web
    client on loopback. No algorithm for assertions: it would name one beside client_secret_basic, which is refused."""
    party = client("", response_types_supported=["code"], token_endpoint_auth_signing_alg_values_supported=[])
    done, _, _ = sign_in(party, "code")
    registered = party.get_context().registration_response
    assert done["id_token"]["aud"] == [registered["client_id"]], done
    print(json.dumps(registered.to_dict()))


WALKS = [registration, claims_of_others, every_response_type, sealed_userinfo, request_object, encrypted_request_object, request_uri, webfinger]

if __name__ == "__main__":
    next(walk for walk in WALKS if walk.__name__ == sys.argv[1])()
