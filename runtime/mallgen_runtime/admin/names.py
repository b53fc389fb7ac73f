"""Names of accounts."""

import unicodedata

from mallgen_runtime.admin.tables import NAME_LENGTH


def account_name(text: str) -> str:
    """Return the one spelling of an account's name, empty for a text that is none.

    Letters that look alike only by their width or case are the same; spaces and what no screen shows are refused.
    """
    if len(text) > NAME_LENGTH:
        return ""
    found = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text.strip()).casefold())
    is_fine = 0 < len(found) <= NAME_LENGTH and found.isprintable() and " " not in found
    return found if is_fine else ""
