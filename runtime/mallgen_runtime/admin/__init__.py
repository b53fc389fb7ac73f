"""Parts of the logic of admin services: accounts, places in lists, values of requests, CSV."""

from mallgen_runtime.admin.accounts import Accounts
from mallgen_runtime.admin.conf import AccountsConf, PicturesConf
from mallgen_runtime.admin.export import csv_lines
from mallgen_runtime.admin.page_files import AdminPage, described
from mallgen_runtime.admin.pictures import Pictures, PictureStorage
from mallgen_runtime.admin.places import PagePlace
from mallgen_runtime.admin.values import given, key_of, key_text, refusing, text_of, texts_of

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
