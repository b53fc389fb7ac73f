"""Pages about files that cannot be read."""

from mallgen.diagnostics.pages import page


@page("no-such-file")
def no_such_file() -> None:
    """There is no file of that name.

    Paths on the command line are relative to where you stand; the path of an import is relative to the file that
    imports.
    """


@page("not-a-file")
def not_a_file() -> None:
    """A folder, a pipe or a device stands where a file is expected.

    Name the `.api` or `.proto` file itself.
    """


@page("unreadable")
def unreadable() -> None:
    """The file is there, and the system does not let mallgen read it.

    Check its permissions and those of the folders above it (`ls -ld`). A circle of symbolic links ends here, too.
    """


@page("not-utf8")
def not_utf8() -> None:
    """The file is not UTF-8 text.

    Contracts are UTF-8, as goctl reads them. goctl puts U+FFFD for each wrong byte, which mangles names and
    comments, so mallgen refuses the file. Convert it:

        iconv -f GBK -t UTF-8 old.api > new.api
    """


@page("nul-character")
def nul_character() -> None:
    """The file has a NUL character.

    That is a sign of UTF-16 or of a binary file. goctl takes the first NUL for the end of the file and loses the
    rest without a word. Save the file as UTF-8.
    """


@page("byte-order-mark")
def byte_order_mark() -> None:
    """The file starts with a byte order mark.

    Some editors on Windows write one. goctl stumbles over it, and so would your colleagues: save the file as "UTF-8
    without BOM".
    """


@page("empty-file")
def empty_file() -> None:
    """The file has nothing but white space.

    goctl panics on such a file. A contract begins like this:

        syntax = "v1"
    """


@page("too-large")
def too_large() -> None:
    """The file is larger than a contract may be (1 MiB).

    Split it into files that import each other, or raise the limit: MALLGEN_MAX_BYTES=4194304.
    """


@page("too-many-tokens")
def too_many_tokens() -> None:
    """The file has more tokens than a contract may have (200 000).

    Split it into imported files, or raise the limit: MALLGEN_MAX_TOKENS=400000.
    """


@page("too-deep")
def too_deep() -> None:
    """Brackets, lists or pointers are nested deeper than 64 levels.

    Declare inner types on their own and use their names, or raise the limit: MALLGEN_MAX_NESTING=200 (at most 200).
    """


@page("too-long-name")
def too_long_name() -> None:
    """A name has more than 255 characters.

    It would become a file's name, which most systems limit to 255 bytes. Shorten it, or set MALLGEN_MAX_NAME.
    """


@page("too-many-files")
def too_many_files() -> None:
    """The contract imports too many files, or in too long a chain (256 files, 32 levels).

    Merge small files, import from one place instead of in a chain, or raise the limits: MALLGEN_MAX_FILES,
    MALLGEN_MAX_DEPTH.
    """


@page("too-many-fields")
def too_many_fields() -> None:
    """The types have more than 50 000 fields once embedded types are written out.

    Types that embed each other multiply. Use fields instead of embedding, or raise the limit: MALLGEN_MAX_FIELDS.
    """


@page("too-much-output")
def too_much_output() -> None:
    """What is generated from the contract would have more than 64 MiB.

    Nothing is written. A request with thousands of fields that thousands of routes read from path, query or header is
    written out for each of them. Split the contract into several services, read such a request from the JSON body, or
    raise the limit: MALLGEN_MAX_OUTPUT=134217728.
    """


@page("bad-limit")
def bad_limit() -> None:
    """An environment variable MALLGEN_MAX_… does not hold a whole number above zero.

    Set it to a number such as 400000, or unset it for the default; docs/limits.md lists them all.
    """


@page("bad-import")
def bad_import() -> None:
    """Only `.api` files can be imported by a `.api` file, only `.proto` files by a proto.

        import "user/types.api"

    The path of a `.api` file is relative to the importing file, in quotation marks; a list stands in parentheses.
    """


@page("duplicate-import")
def duplicate_import() -> None:
    """The same file is imported twice by one file.

    goctl refuses it in the root file. Remove one of the two lines; importing one file from several files is fine.
    """


@page("import-cycle")
def import_cycle() -> None:
    """Files import each other in a circle.

    All files of a contract share one namespace, so a file can use the types of the file that imports it. Remove one
    of the imports, or move what both need into a third file.
    """
