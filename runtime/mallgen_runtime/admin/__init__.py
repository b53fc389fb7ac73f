"""Parts of the logic of admin services: accounts, places in lists, values of requests, CSV."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mallgen_runtime.admin.accounts import Accounts
    from mallgen_runtime.admin.conf import AccountsConf, PicturesConf
    from mallgen_runtime.admin.export import csv_lines
    from mallgen_runtime.admin.page_files import AdminPage, described
    from mallgen_runtime.admin.pictures import Pictures, PictureStorage
    from mallgen_runtime.admin.places import PagePlace
    from mallgen_runtime.admin.values import given, key_of, key_text, refusing, text_of, texts_of
else:
    from mallgen_runtime.process.lazy import names_from

    __getattr__ = names_from(
        __name__,
        {
            "Accounts": "accounts",
            "AccountsConf": "conf",
            "AdminPage": "page_files",
            "PagePlace": "places",
            "PictureStorage": "pictures",
            "Pictures": "pictures",
            "PicturesConf": "conf",
            "csv_lines": "export",
            "described": "page_files",
            "given": "values",
            "key_of": "values",
            "key_text": "values",
            "refusing": "values",
            "text_of": "values",
            "texts_of": "values",
        },
    )

__all__ = [
    "Accounts",
    "AccountsConf",
    "AdminPage",
    "PagePlace",
    "PictureStorage",
    "Pictures",
    "PicturesConf",
    "csv_lines",
    "described",
    "given",
    "key_of",
    "key_text",
    "refusing",
    "text_of",
    "texts_of",
]
