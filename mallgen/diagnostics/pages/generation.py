"""Pages about what cannot be generated, written or started."""

from mallgen.diagnostics.pages import page


@page("bad-request")
def bad_request() -> None:
    """A request is not a struct.

    It is read field by field, so it needs fields: declare a type.
    """


@page("endless-type")
def endless_type() -> None:
    """A type holds itself, and no value of it could ever be complete.

    Write a pointer, a list or a map where it holds itself: `Parent *Node`.
    """


@page("name-collision")
def name_collision() -> None:
    """Two names of the contract would become one name in Python.

    `userID` and `user_id` are both `user_id`; the handlers `a` and `aHandler` share one module. Rename one of them.
    """


@page("taken-name")
def taken_name() -> None:
    """The package would hide a module of the standard library or of a dependency.

    Give the service or proto another name.
    """


@page("two-messages")
def two_messages() -> None:
    """Two messages of the protos in use have one name. Give the packages different names, or rename one."""


@page("two-packages")
def two_packages() -> None:
    """The proto files belong to different packages. Run the command once for each."""


@page("duplicate-service")
def duplicate_service() -> None:
    """Two protos declare a service of one name. Rename one, or generate them apart."""


@page("protoc")
def protoc() -> None:
    """protoc refused the proto file. The message is protoc's own."""


@page("outside-include")
def outside_include() -> None:
    """A proto, or one that it imports, is in none of the folders given with -I; links are followed to see that.

    Imports are relative to these folders: `import "common/money.proto";`, and `-I` names the folder above `common/`.
    """


@page("shadowed-file")
def shadowed_file() -> None:
    """Two -I folders have a file of one name, and the one that was named comes second.

    protoc would read the other one. Put the folder of the file that is meant first.
    """


@page("outside-workspace")
def outside_workspace() -> None:
    """A contract, mallgen.lock or mallgen.toml names a file from outside its repository, or what is no contract.

    A repository that was cloned must not read other files of the machine. Inside is: below the nearest folder with
    `.git`; without one the folder of mallgen.toml; without that the folder above that of mallgen.lock, and for imports
    there is no border, as in goctl. `--allow-outside` lifts it for the imports of one run; a contract that is named on
    the command line is read wherever it is.
    """


@page("bad-file-name")
def bad_file_name() -> None:
    """What a contract names would become a file that some file system or tool cannot have.

    A device of Windows (`con`, `aux`), a name of more than 255 bytes, one that begins with `-` or ends in a dot; for a
    proto file, a name that cannot become a Python module. Give it another name: a project has to check out everywhere.
    """


@page("not-a-folder")
def not_a_folder() -> None:
    """The output folder's name belongs to something else. Name another folder with `-dir`."""


@page("in-the-way")
def in_the_way() -> None:
    """Something stands where a generated file or folder is due.

    mallgen never deletes what it did not make. Move it away and run again.
    """


@page("leads-outside")
def leads_outside() -> None:
    """A symbolic link below the output folder leads out of it.

    mallgen writes nothing outside the folder that you name. Remove the link, or generate into that folder itself.
    """


@page("read-only")
def read_only() -> None:
    """A file or folder that must change is read-only. Nothing was written; allow writing and run again."""


@page("disk-full")
def disk_full() -> None:
    """The disk is full. The folder is as it was before; make room and run again."""


@page("cannot-write")
def cannot_write() -> None:
    """The system refused to write. The folder is as it was before; check its permissions."""


@page("bad-lock")
def bad_lock() -> None:
    """mallgen.lock cannot be read.

    It says what was generated from what. Restore it from version control, or delete it: generated files that differ
    are then moved to `.mallgen/backup/` before they are written anew.
    """


@page("bad-workspace")
def bad_workspace() -> None:
    """mallgen.toml cannot be understood.

    [service.mall-api] contract = "examples/mall.api" dir = "generated/mall"
    """


@page("no-workspace")
def no_workspace() -> None:
    """There is no mallgen.toml here or above, and no mallgen.lock here. `mallgen new NAME` makes a workspace."""


@page("no-kind")
def no_kind() -> None:
    """There is no such kind of contract, or the package that brings it does not work.

    mallgen has two: `api` for .api files, `rpc` for .proto files. Others come with packages, through the entry point
    group `mallgen.kinds`: install the one that mallgen.toml or mallgen.lock names, or write another `kind`.
    """


@page("no-runtime")
def no_runtime() -> None:
    """The environment has no mallgen-runtime, which generated services import.

    Install it: `pip install './runtime[rest,rpc]'` in a clone of mallgen, or from the wheels that your team has built:
    `pip install --find-links DIR 'mallgen-runtime[rest,rpc]'`.
    """


@page("no-windows")
def no_windows() -> None:
    """`mallgen dev` needs a system with Unix signals. Start the services one by one with `python -m`."""


@page("port-taken")
def port_taken() -> None:
    """A port that a service needs is in use. Stop the other program, or change `Port` in the service's yaml."""


@page("no-pygls")
def no_pygls() -> None:
    """`mallgen lsp` needs pygls, which is an extra, for the Python that runs mallgen.

    In a clone of mallgen: `pip install '.[lsp]'`. From the wheels that your team has built:
    `pip install --find-links DIR 'mallgen[lsp]'`.
    """


@page("same-name")
def same_name() -> None:
    """Two services of the workspace have one package, distribution or registry key.

    With one key calls go to the wrong service, without a word; of two packages or distributions of one name an
    environment has one. Names come from the contract, or from mallgen.toml:

        [service.order]
        contract = "order.proto"
        dir = "order"
        name = "order"         # the service's name: etc/order.yaml, order_rpc, order.rpc
        package = "order_rpc"  # where the Python package is to have another name
        key = "order.rpc"      # where the key is to be another one

    A proto whose package is `pb` or that of another service is called as [service.NAME] is, unless its folder was
    generated under another name before: then check says what to move.
    """


@page("same-port")
def same_port() -> None:
    """Two services of the workspace have one port in their settings.

    The second one could not start. Change `Port` or `ListenOn` of one of them; the yaml in etc/ is yours.
    """


@page("other-key")
def other_key() -> None:
    """A service registers under one key, and those that use it ask for another one.

    Its own `Name`, or `Key` in its Etcd block, has to be what mallgen.toml and the contract say, unless its callers'
    settings name another key or address. A caller's `Key` that is another service's leads calls there.
    """
