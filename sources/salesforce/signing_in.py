"""How we sign in to an org: JWT bearer as one user, or the application's client credentials."""

from __future__ import annotations

from sources.kit.auth.oauth import OAuth, client_credentials, jwt_bearer
from sources.landscape import Instance
from sources.salesforce.settings import Settings, credential

_TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - an address


def sign_in(instance: Instance, settings: Settings) -> OAuth:
    """The org's tokens, kept until they are refused: its answers say nothing of when they end.

    ValueError in words where the landscape lacks what the chosen way needs.
    """
    url = (settings.login_url or instance.base_url).rstrip("/") + _TOKEN_PATH
    client_id = settings.client_id or credential(instance, "client_id").reveal()
    if _way(instance, settings) == "client_credentials":
        return client_credentials(instance.name, url, client_id, credential(instance, "client_secret"))
    return jwt_bearer(
        instance.name,
        url,
        issuer=client_id,
        subject=settings.username or credential(instance, "username").reveal(),
        audience=settings.audience,
        private_key=credential(instance, "private_key"),
    )


def _way(instance: Instance, settings: Settings) -> str:
    if settings.auth is not None:
        return settings.auth
    return "jwt" if "private_key" in instance.credentials else "client_credentials"
