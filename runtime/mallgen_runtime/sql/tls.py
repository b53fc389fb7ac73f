"""TLS contexts for connections to database servers."""

import ssl

from mallgen_runtime.sql.errors import DatabaseUnreachable
from mallgen_runtime.sql.source import Source


def context(source: Source) -> ssl.SSLContext | None:
    """Return the TLS that a source asks for, None for none. Raises DatabaseUnreachable for certificates without use."""
    if not source.tls:
        return None
    try:
        made = ssl.create_default_context(cafile=source.ca_file or None)
    except (OSError, ssl.SSLError) as problem:
        raise DatabaseUnreachable(f"{source.label}: the certificates of {source.ca_file}: {problem}") from None
    if source.tls != "full":
        made.check_hostname = False
    if source.tls == "open":
        made.verify_mode = ssl.CERT_NONE
    return made
