"""Pages about an output folder that cannot be written to as planned."""

from mallgen.diagnostics.pages import page


@page("busy")
def busy() -> None:
    """Another mallgen is writing into the folder, and it did not finish in time.

    Two runs take turns. The message names the process that holds the folder; wait for it, or end it: what it had begun
    is completed by the next command.
    """


@page("bad-journal")
def bad_journal() -> None:
    """`.mallgen/journal`, which says how to complete an interrupted run, is not one that you have left.

    mallgen writes it whole and seals it with a key in `~/.local/state/mallgen`, so another user, another machine or a
    clone has brought it. Look at the files in `.mallgen/`, move the folder away, and generate again: files of yours are
    never part of it.
    """


@page("interrupted-run")
def interrupted_run() -> None:
    """A run that writes was ended before it was complete, and this command only reads.

    Whatever writes into that folder completes it first: `mallgen gen`, `api py`, `rpc protoc`, `sync`. If nobody has
    run mallgen there, the journal came with the repository: delete `.mallgen/journal`.
    """


@page("cannot-read")
def cannot_read() -> None:
    """A file in the output folder cannot be read, so mallgen cannot tell whether it was edited.

    Check its permissions; nothing is written over what has not been read.
    """


@page("changed-meanwhile")
def changed_meanwhile() -> None:
    """A file was saved by somebody else between mallgen's look and its writing.

    That version stays; everything else was written. Run the command again: the file is then compared anew.
    """


@page("needs-sync")
def needs_sync() -> None:
    """The code of a route is in a file that is not the route's any more: generating would make a stub that answers 501.

    The route got a group or another handler name, a second service came into the proto, or a middleware got another
    name (its stub would let every request pass). `mallgen sync --apply` moves the file, with its imports, and then
    generates. `--force` generates without it: the old file stays, and `mallgen check` tells where it belongs.
    """
