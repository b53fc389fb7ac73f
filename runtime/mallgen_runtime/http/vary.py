"""The header Vary of an answer, to which several parts of a service add names."""

from mallgen_runtime.http.messages import Response


def vary(response: Response, name: str) -> None:
    """Add a request header to Vary, unless it is there already or Vary is `*`."""
    present = response.headers.get("vary", "")
    names = [one.strip().lower() for one in present.split(",")]
    if "*" not in names and name.lower() not in names:
        response.headers["vary"] = f"{present}, {name}" if present else name
