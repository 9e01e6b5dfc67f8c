"""Logs in, renews, asks and logs out with two libraries of OAuth 2, with nothing set but what they need, and prints what
they say: python libraries.py BASE EMAIL PASSWORD TENANT"""

import json
import os
import sys

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session as Authlib
from oauthlib.oauth2 import LegacyApplicationClient
from oauthlib.oauth2.rfc6749.errors import OAuth2Error
from requests_oauthlib import OAuth2Session as Oauthlib

base, email, password, tenant = sys.argv[1:]
token_url = base + "/login"
said = {}


def refused(error, call):
    """The name that the library read in the answer."""
    try:
        call()
    except error as e:
        return [e.error, e.description]
    return None


# The tests have no TLS.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
session = Oauthlib(client=LegacyApplicationClient(client_id=tenant))
login = {"username": email, "password": password}
first = session.fetch_token(token_url, **login)
said["oauthlib"] = {
    "me": session.get(base + "/login/me").json()["user"]["email"],
    "renewed": session.refresh_token(token_url)["access_token"] != first["access_token"],
    "renewed_by": session.refresh_token(base + "/login/refresh", client_id=tenant)["token_type"],
    "in_the_form": bool(good := session.fetch_token(token_url, include_client_id=True, audience="x", **login)),
    "wrong": refused(OAuth2Error, lambda: session.fetch_token(token_url, username=email, password="wrong")),
    "used": refused(OAuth2Error, lambda: session.refresh_token(token_url, refresh_token="nonsense")),
}
# It renews by itself once the token has ended, and says so.
kept = []
again = Oauthlib(
    tenant,
    token={**good, "expires_at": 1},
    auto_refresh_url=token_url,
    auto_refresh_kwargs={"client_id": tenant},
    token_updater=kept.append,
)
said["oauthlib"]["by_itself"] = [again.get(base + "/login/me").status_code, len(kept)]

for method in ["client_secret_basic", "client_secret_post", "none"]:
    session = Authlib(tenant, "", token_endpoint=token_url, token_endpoint_auth_method=method)
    session.fetch_token(token_url, **login)
    me = session.get(base + "/login/me").json()["user"]["email"]
    # As if it had ended.
    session.token = {**session.token, "expires_at": 1}
    old = session.token["access_token"]
    session.get(base + "/login/me").raise_for_status()
    said[method] = {
        "me": me,
        "by_itself": session.token["access_token"] != old,
        "wrong": refused(OAuthError, lambda: session.fetch_token(token_url, username=email, password="wrong")),
        "grant": refused(OAuthError, lambda: session.fetch_token(token_url, grant_type="client_credentials")),
        "revoked": session.revoke_token(base + "/login/logout", session.token["refresh_token"], "refresh_token").status_code,
        "after": refused(OAuthError, session.refresh_token),
    }

print(json.dumps(said))
