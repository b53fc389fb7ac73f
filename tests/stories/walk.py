"""A walk: a contract that changes at random, several parts at once, and sometimes returns to an earlier version."""

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product

from tests.stories.driver import Story

NOUNS = "Room Guest Booking Invoice Visit Doctor Slot Ward Bed Shift Claim Note Plan Drug Lab Scan".split()
VERBS = "Create List Update Cancel Find Move Close Open Split Merge Print Send Check Sign Pay Book".split()
FIELDS = "name code title count price state owner label level since until notes".split()
GROUPS = ("", "ward", "desk", "desk/night", "lab")
KINDS = ("string", "int64", "bool", "[]string", "map[string]string")


@dataclass
class Route:
    """One route, known to mallgen by `path` and `method`, to the test by `number`."""

    number: int
    method: str
    path: str
    handler: str
    group: str
    request: str
    response: str
    is_list: bool = False

    @property
    def identity(self) -> str:
        """Return the route's title, as in mallgen.lock."""
        return f"{self.method.upper()} /v1{self.path}"


@dataclass
class Contract:
    """A contract that is edited, below `folder`; the types in `apart` are in a file of their own."""

    name: str = "clinic"
    folder: str = ""
    types: dict[str, dict[str, str]] = field(default_factory=dict)
    routes: list[Route] = field(default_factory=list)
    jwt: set[str] = field(default_factory=set)
    middleware: dict[str, list[str]] = field(default_factory=dict)
    apart: set[str] = field(default_factory=set)

    def write(self, s: Story) -> None:
        """Write the contract, and the file of the types in `apart`."""
        lines = ['syntax = "v1"', ""]
        if self.apart:
            s.write(f"{self.folder}{self.name}_types.api", "\n".join(['syntax = "v1"', "", *self._types(True), ""]))
            lines += [f'import "{self.name}_types.api"', ""]
        lines += self._types(False)
        for group in dict.fromkeys(route.group for route in self.routes):
            lines += self._block(group)
        s.write(f"{self.folder}{self.name}.api", "\n".join([*lines, ""]))

    def _types(self, apart: bool) -> list[str]:
        lines = []
        for name, fields in self.types.items():
            if (name in self.apart) == apart:
                tag = (
                    "form" if any(route.request == name and route.method == "get" for route in self.routes) else "json"
                )
                inner = [f'\t{key.title()} {kind} `{tag}:"{key},optional"`' for key, kind in fields.items()]
                lines += [f"type {name} {{", *inner, "}", ""]
        return lines

    def _block(self, group: str) -> list[str]:
        settings = ["\tprefix: /v1"]
        settings += [f"\tgroup: {group}"] if group else []
        settings += ["\tjwt: Auth"] if group in self.jwt else []
        settings += [f"\tmiddleware: {','.join(self.middleware[group])}"] if self.middleware.get(group) else []
        lines = ["@server (", *settings, ")", f"service {self.name}-api {{"]
        for route in self.routes:
            if route.group == group:
                asked = f" ({route.request})" if route.request else ""
                kind = f"[]{route.response}" if route.is_list else route.response
                answered = f" returns ({kind})" if route.response else ""
                lines += [f"\t@handler {route.handler}", f"\t{route.method} {route.path}{asked}{answered}", ""]
        return [*lines, "}", ""]


class Walk:
    """Random changes of a contract; each returns its description, or "" where it could not change anything."""

    words = ("api", "py", "-api", "clinic.api", "-dir", ".", "-q")
    route_type: type[Route] = Route
    nothing: tuple[str, ...] = ("",)

    def __init__(self, seed: int, now: Contract) -> None:
        self.random = random.Random(seed)
        self.now = now
        self.serial = 0
        self.old: set[int] = set()
        self.known: dict[int, set[str]] = {}
        self.changes = self.possible()
        for _ in range(4):
            self.add_type()
        for _ in range(self.random.randint(5, 8)):
            self.add()

    def possible(self) -> tuple[Callable[[], str], ...]:
        """Return the possible changes; a likely one is listed more than once."""
        return (
            *(self.rename_type, self.rename_type, self.add_field, self.drop_field, self.rename_field, self.split_type),
            *(self.rename_handler, self.rename_handler, self.swap_handlers, self.move, self.move, self.swap_groups),
            *(self.rename_group, self.other_request, self.other_response, self.listed, self.without_request),
            *(self.drop, self.add, self.reorder, self.shuffle_types, self.apart, self.jwt, self.middleware),
            self.other_path,
        )

    def step(self, past: list[Contract]) -> str:
        """Make one to four changes, or return to an earlier contract."""
        self.old = {route.number for route in self.now.routes}
        if past and self.random.random() < 0.2:
            self.now = copy.deepcopy(self.random.choice(past))
            return "back to an earlier one"
        return "; ".join(filter(None, (self.random.choice(self.changes)() for _ in range(self.random.randint(1, 4)))))

    def fresh(self, words: list[str]) -> str:
        """Return a name that was never used before."""
        self.serial += 1
        return f"{self.random.choice(words)}{self.random.choice(NOUNS)}{self.serial}"

    def route(self) -> Route:
        return self.random.choice(self.now.routes)

    def type(self) -> str:
        return self.random.choice([*self.now.types])

    def add_type(self) -> str:
        name = self.fresh(NOUNS)
        keys = self.random.sample(FIELDS, self.random.randint(1, 4))
        self.now.types[name] = {key: self.random.choice(KINDS[:3]) for key in keys}
        return f"type {name} is new"

    def add(self) -> str:
        handler, method = self.fresh(VERBS), self.random.choice(("get", "post", "put", "delete"))
        request, response = (self.random.choice([*self.nothing, *self.now.types]) for _ in range(2))
        group = self.random.choice(GROUPS)
        is_list = bool(response) and self.random.random() < 0.2
        number = self.serial
        self.now.routes.append(
            self.route_type(number, method, f"/r{number}", handler, group, request, response, is_list)
        )
        return f"route {number} is new in `{group}`"

    def drop(self) -> str:
        if len(self.now.routes) < 4:
            return ""
        route = self.route()
        self.now.routes.remove(route)
        return f"{route.identity} is gone"

    def rename_type(self) -> str:
        old, new = self.type(), self.fresh(NOUNS)
        self.now.types = {new if name == old else name: fields for name, fields in self.now.types.items()}
        self.now.apart = {new if name == old else name for name in self.now.apart}
        for route in self.now.routes:
            route.request = new if route.request == old else route.request
            route.response = new if route.response == old else route.response
        return f"{old} is {new}"

    def split_type(self) -> str:
        old, new = self.type(), self.fresh(NOUNS)
        self.now.types[new] = dict(self.now.types[old])
        for route in self.now.routes[::2]:
            route.request = new if route.request == old else route.request
        return f"{old} is {new} too"

    def add_field(self) -> str:
        name = self.type()
        key = self.random.choice(FIELDS)
        if key in self.now.types[name]:
            return ""
        self.now.types[name][key] = self.random.choice(KINDS[:3])
        return f"{name}.{key} is new"

    def drop_field(self) -> str:
        name = self.type()
        if len(self.now.types[name]) < 2:
            return ""
        key = self.random.choice([*self.now.types[name]])
        del self.now.types[name][key]
        return f"{name}.{key} is gone"

    def rename_field(self) -> str:
        name = self.type()
        old, new = self.random.choice([*self.now.types[name]]), self.random.choice(FIELDS)
        if new in self.now.types[name]:
            return ""
        self.now.types[name] = {new if key == old else key: kind for key, kind in self.now.types[name].items()}
        return f"{name}.{old} is {name}.{new}"

    def rename_handler(self) -> str:
        route = self.route()
        old, route.handler = route.handler, f"{self.fresh(VERBS)}Of{route.number}"
        return f"{old} is {route.handler}"

    def swap_handlers(self) -> str:
        """Swap the handlers of two routes that are not new; with a new one mallgen could not tell them apart."""
        one, other = self.random.sample([route for route in self.now.routes if route.number in self.old], 2)
        one.handler, other.handler = other.handler, one.handler
        return f"{one.handler} and {other.handler} change places"

    def other_path(self) -> str:
        """Give a route another path: its body moves along, or mallgen asks, or the file is left behind as an orphan."""
        route = self.route()
        old, self.serial = route.identity, self.serial + 1
        route.path = f"/p{self.serial}of{route.number}"
        return f"{old} is {route.identity}"

    def moved_roles(self) -> dict[str, set[str]]:
        """Return the roles that each role may have become, those of earlier paths too."""
        for route in self.now.routes:
            self.known.setdefault(route.number, set()).add(route.identity)
        found: dict[str, set[str]] = {}
        for route in self.now.routes:
            for kind, old in product(("logic", "handler"), self.known[route.number]):
                found.setdefault(f"{kind} {old}", set()).add(f"{kind} {route.identity}")
        return found

    def move(self) -> str:
        route = self.route()
        route.group = self.random.choice(GROUPS)
        return f"{route.handler} is in `{route.group}`"

    def swap_groups(self) -> str:
        one, other = self.random.sample(self.now.routes, 2)
        one.group, other.group = other.group, one.group
        return f"{one.handler} and {other.handler} change groups"

    def rename_group(self) -> str:
        old, new = self.route().group, self.random.choice(GROUPS)
        for route in self.now.routes:
            route.group = new if route.group == old else route.group
        return f"`{old}` is `{new}`"

    def other_request(self) -> str:
        route = self.route()
        route.request = self.type()
        return f"{route.handler} takes {route.request}"

    def without_request(self) -> str:
        route = self.route()
        route.request = ""
        return f"{route.handler} takes nothing"

    def other_response(self) -> str:
        route = self.route()
        route.response = self.random.choice([*self.nothing, *self.now.types])
        route.is_list = route.is_list and bool(route.response)
        return f"{route.handler} gives {route.response or 'nothing'}"

    def listed(self) -> str:
        route = self.route()
        route.is_list = bool(route.response) and not route.is_list
        return f"{route.handler} gives {'a list' if route.is_list else 'no list'}"

    def reorder(self) -> str:
        self.random.shuffle(self.now.routes)
        return "the routes in another order"

    def shuffle_types(self) -> str:
        names = [*self.now.types]
        self.random.shuffle(names)
        self.now.types = {name: self.now.types[name] for name in names}
        return "the types in another order"

    def apart(self) -> str:
        name = self.type()
        self.now.apart ^= {name}
        return f"{name} in another file"

    def jwt(self) -> str:
        self.now.jwt ^= {self.route().group}
        return f"jwt in {sorted(self.now.jwt)}"

    def middleware(self) -> str:
        group = self.route().group
        self.now.middleware[group] = self.random.choice([[], ["Trace"], ["Guard", "Trace"], ["Guard"]])
        return f"`{group}` has {self.now.middleware[group]}"


class Proto(Contract):
    """A contract as a proto: routes are RPCs, groups are services."""

    def write(self, s: Story) -> None:
        """Write the proto, and the file of the messages in `apart`."""
        head = ['syntax = "proto3";', "", f"package {self.name};", ""]
        if self.apart:
            s.write(f"{self.folder}{self.name}_types.proto", "\n".join([*head, *self._messages(True)]))
            head += [f'import "{self.name}_types.proto";', ""]
        lines = [*head, *self._messages(False)]
        for group in dict.fromkeys(route.group for route in self.routes):
            lines += [f"service {SERVICES[group]} {{"]
            for route in self.routes:
                if route.group == group:
                    stream = "stream " if route.is_list else ""
                    lines += [f"  rpc {route.handler}({route.request}) returns ({stream}{route.response});"]
            lines += ["}", ""]
        s.write(f"{self.folder}{self.name}.proto", "\n".join(lines))

    def _messages(self, apart: bool) -> list[str]:
        lines = []
        for name, fields in self.types.items():
            if (name in self.apart) == apart:
                inner = [f"  {kind} {key} = {number};" for number, (key, kind) in enumerate(fields.items(), 1)]
                lines += [f"message {name} {{", *inner, "}", ""]
        return lines


SERVICES = {group: f"S{group.title().replace('/', '')}" for group in GROUPS}


class Rpc(Route):
    """An RPC, known by its service and its name."""

    package = "clinic"

    @property
    def identity(self) -> str:
        """Return the RPC's title, as in mallgen.lock."""
        return f"/{self.package}.{SERVICES[self.group]}/{self.handler}"


class RpcWalk(Walk):
    """Random changes of a proto."""

    words = ("rpc", "protoc", "clinic.proto", "-dir", ".", "-m", "-q")
    route_type: type[Route] = Rpc
    nothing: tuple[str, ...] = ()

    def possible(self) -> tuple[Callable[[], str], ...]:
        """Return the changes that a proto can have; swapping the names of RPCs equals swapping their services."""
        excluded = (self.without_request, self.other_path, self.jwt, self.middleware, self.swap_handlers)
        return tuple(change for change in super().possible() if change not in excluded)


def walk(s: Story, seed: int, steps: int, *, rpc: bool = False) -> None:
    """Make `steps` times one to four changes, or return to an earlier contract every fifth time on average."""
    w = RpcWalk(seed, Proto()) if rpc else Walk(seed, Contract())
    w.now.write(s)
    ran = s.run(*w.words)
    assert not ran.code, ran.err
    s.implement()
    s.step("nothing", maybe=w.moved_roles())
    past = [copy.deepcopy(w.now)]
    for number in range(steps):
        said = w.step(past)
        w.now.write(s)
        s.step(f"{seed}.{number}: {said}", human=w.random.random() < 0.5, maybe=w.moved_roles())
        past.append(copy.deepcopy(w.now))
