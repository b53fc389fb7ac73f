"""Tokens for a service's own logins and for tests; libraries are imported at the start where settings have a block."""

import time
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from mallgen_runtime.http.conf import JwtConf, JwtTransitionConf, RestConf
from mallgen_runtime.http.messages import Next
from mallgen_runtime.http.routing import Route
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.yaml_values import spelled

if TYPE_CHECKING:
    from mallgen_runtime.http.token_keys import TokenKeys


def issue_token(conf: JwtConf | JwtTransitionConf, **claims: Any) -> str:
    """Return a token for routes with this `jwt` block: `issue_token(svc.config.auth, uid=7)` for a login's answer.

    It is issued now and ends after `AccessExpire` seconds, an hour where the block has none; `iss` and `aud` are those
    that the block asks for. It is signed with `PrivateKeyFile`, else with the secret. Raises ConfigError without both.
    """
    from mallgen_runtime.http.jwt import sign

    now = int(time.time())
    if not isinstance(conf, JwtConf):
        return sign({"iat": now, "exp": now + 3600, **claims}, conf.secrets[0])
    parties = {name: value for name, value in (("iss", conf.issuer), ("aud", conf.audience)) if value}
    claims = {"iat": now, "exp": now + conf.access_expire, **parties, **claims}
    if conf.private_key_file:
        key = _private_key(conf.private_key_file)
        algorithm = next((name for name in conf.algorithms if not name.startswith("HS")), "")
        if not algorithm:
            raise ConfigError("PrivateKeyFile is set, and Algorithms has none for it")
        return sign(claims, key, algorithm, key.kid or "")
    shared = next((name for name in conf.algorithms if name.startswith("HS")), "")
    if not shared or not conf.secrets:
        raise ConfigError("tokens cannot be signed without PrivateKeyFile, or AccessSecret and an HS algorithm")
    return sign(claims, conf.secrets[0], shared)


def prepare_tokens(config: RestConf) -> None:
    """Import what tokens need when the settings have a block for them: later it would hold the event loop.

    Raises ConfigError for a private key that cannot sign.
    """
    found = (getattr(config, name) for name in config.__struct_fields__)
    blocks = [block for block in found if isinstance(block, JwtConf | JwtTransitionConf)]
    if not blocks:
        return
    import mallgen_runtime.http.jwt  # noqa: F401

    for block in blocks:
        if isinstance(block, JwtConf) and block.private_key_file:
            _private_key(block.private_key_file)


class KeysOfBlocks:
    """The public keys of the `jwt` blocks of a configuration, made once for each."""

    def __init__(self, config: RestConf) -> None:
        self._config = config
        self._made: dict[str, TokenKeys | None] = {}

    def of(self, attribute: str) -> "TokenKeys | None":
        """Return those of a block by its attribute, None for one that has secrets only. Raises ConfigError."""
        if attribute not in self._made:
            self._made[attribute] = self._keys(attribute) if attribute else None
        return self._made[attribute]

    def _keys(self, attribute: str) -> "TokenKeys | None":
        conf: JwtConf | JwtTransitionConf = getattr(self._config, attribute)
        if isinstance(conf, JwtTransitionConf) or not (conf.public_key_file or conf.jwks_file or conf.jwks_url):
            return None
        from mallgen_runtime.http.token_keys import TokenKeys

        return TokenKeys(conf, spelled(attribute))


def around_signed(config: RestConf, routes: Iterable[Route[Any]]) -> Callable[[Next], Next]:
    """Return what puts the check of signatures around a handler, nothing without a route that asks for it.

    Raises ConfigError.
    """
    if not any(route.signature for route in routes):
        return lambda run: run
    from mallgen_runtime.http.signature import Signatures

    return Signatures(config.signature).around


@cache
def _private_key(path: str) -> Any:
    from mallgen_runtime.http.token_keys import private_key

    return private_key(path, "the jwt block")
