"""The API server and the service account as a pod sees them: variables of the environment and three files."""

import os
import ssl

from mallgen_runtime.process.errors import ConfigError

FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
VARIABLE = "MALLGEN_SERVICE_ACCOUNT"
_MOST = 64 << 10
_MOUNTED = "see that the pod's automountServiceAccountToken is not false"


class Account:
    """The address of the API server, its authority and our token. Raises ConfigError outside of a cluster."""

    def __init__(self) -> None:
        host = os.environ.get("KUBERNETES_SERVICE_HOST", "")
        port = os.environ.get("KUBERNETES_SERVICE_PORT", "443")
        if not host or not port.isdecimal() or len(port) > 5 or not 0 < int(port) < 65536:
            raise ConfigError(
                "a Target k8s:// needs a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set as in"
                " a pod; elsewhere write Endpoints, or Target: dns:///host:port"
            )
        self.host = host
        self.port = int(port)
        self._folder = os.environ.get(VARIABLE) or FOLDER
        self.context()
        self.token()

    def token(self) -> str:
        """Return the token as its file has it now: a kubelet writes a new one before the old one ends."""
        path = os.path.join(self._folder, "token")
        try:
            with open(path, "rb") as file:
                found = file.read(_MOST).strip()
        except OSError as problem:
            raise ConfigError(f"cannot read {path}: {problem.strerror}; {_MOUNTED}") from None
        if not found or not all(0x21 <= byte <= 0x7E for byte in found):
            raise ConfigError(f"{path} holds no token; {_MOUNTED}")
        return found.decode("ascii")

    def context(self) -> ssl.SSLContext:
        """Return TLS that trusts the cluster's authority alone, as its file has it now."""
        path = os.path.join(self._folder, "ca.crt")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        try:
            context.load_verify_locations(path)
        except ssl.SSLError:
            raise ConfigError(f"{path} holds no certificate in PEM") from None
        except OSError as problem:
            raise ConfigError(f"cannot read {path}: {problem.strerror}; {_MOUNTED}") from None
        return context
