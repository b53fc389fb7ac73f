"""Images that users send: files of a folder under names of our own, whatever a client calls them."""

import uuid
from collections.abc import Iterable
from pathlib import Path

from mallgen_runtime import ApiError, UploadedFile

PATH = "/images"  # where Static of the settings answers with them
KINDS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg", b"GIF8": "gif"}


class Images:
    """The folder of the images; the place to change where they are to lie elsewhere."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)

    async def keep(self, file: UploadedFile) -> str:
        """Keep an image and return its address. Raises a 400 for what does not begin as an image does."""
        head = await file.read(8)
        kind = next((KINDS[start] for start in KINDS if head.startswith(start)), None)
        if kind is None:
            raise ApiError(400, "no_image", f"{file.filename} is no PNG, JPEG or GIF")
        name = f"{uuid.uuid4().hex}.{kind}"
        await file.save(self._folder / name)
        return f"{PATH}/{name}"

    def drop(self, addresses: Iterable[str]) -> None:
        """Remove images that nobody refers to."""
        for address in addresses:
            (self._folder / Path(address).name).unlink(missing_ok=True)
