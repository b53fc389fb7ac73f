"""A walk over a workspace of a BFF and two services: their contracts and mallgen.toml change at random."""

import copy
import random
from collections.abc import Callable

from tests.stories.driver import Story
from tests.stories.walk import Contract, Proto, Rpc, RpcWalk, Walk

OURS = '''"""ours: what the services are asked."""

{imports}

def several(found: "list[{first}]") -> int:
    return len(found)


def one() -> "{second}":  # the module's
    return {second}()
'''
FROM_MODULE = "from {package}.rpc.{used} import {first}\nfrom {package}.rpc import {used} as s\n"
FROM_BESIDE = "from {package}.rpc.{used} import {first}, {second}\n"


class RoomsRpc(Rpc):
    """An RPC of the service `rooms`."""

    package = "rooms"


class LabsRpc(Rpc):
    """An RPC of the service `labs`."""

    package = "labs"


class Rooms(RpcWalk):
    """Random changes of the service `rooms`."""

    route_type = RoomsRpc


class Labs(RpcWalk):
    """Random changes of the service `labs`."""

    route_type = LabsRpc


class Workspace:
    """A workspace of three members; `names` are those in mallgen.toml, `dirs` the folders, `uses` the callees."""

    def __init__(self, s: Story, seed: int) -> None:
        self.s = s
        self.random = random.Random(seed)
        self.walks: dict[str, Walk] = {
            "front": Walk(seed, Contract(name="front", folder="contracts/front/")),
            "rooms": Rooms(seed + 1000, Proto(name="rooms", folder="contracts/rooms/")),
            "labs": Labs(seed + 2000, Proto(name="labs", folder="contracts/labs/")),
        }
        self.past: dict[str, list[Contract]] = {key: [] for key in self.walks}
        self.names = {"front": "front", "rooms": "rooms", "labs": "labs"}
        self.dirs = {key: key for key in self.walks}
        self.uses: dict[str, list[str]] = {"front": ["rooms", "labs"], "rooms": []}
        self.order = [*self.walks]
        self.serial = 0
        self.remember()

    def remember(self) -> None:
        """Keep the contracts, so that later steps can go back to them."""
        for key, walk in self.walks.items():
            self.past[key].append(copy.deepcopy(walk.now))

    def write(self) -> None:
        """Write all contracts and mallgen.toml."""
        for walk in self.walks.values():
            walk.now.write(self.s)
        lines = ["# ours: the workspace"]
        for key in self.order:
            now = self.walks[key].now
            kind = "proto" if isinstance(now, Proto) else "api"
            lines += [f"[service.{self.names[key]}]", f'contract = "{now.folder}{now.name}.{kind}"']
            lines += [f'dir = "{self.dirs[key]}"']
            if used := self.uses.get(key):
                lines += ["uses = [" + ", ".join(f'"{self.names[name]}"' for name in used) + "]"]
            lines += [""]
        self.s.write("mallgen.toml", "\n".join(lines))

    def step(self) -> str:
        """Change one or two members, and sometimes mallgen.toml."""
        keys = self.random.sample([*self.walks], self.random.randint(1, 2))
        said = [f"{key}: {self.walks[key].step(self.past[key])}" for key in keys]
        if self.random.random() < 0.4:
            said.append(self.random.choice(self.possible())())
        self.remember()
        return "; ".join(said)

    def possible(self) -> tuple[Callable[[], str], ...]:
        """Return the possible changes of mallgen.toml."""
        return (self.use, self.use, self.rename, self.reorder, self.move, self.move_contract)

    def use(self) -> str:
        """Let a member call another service, or call it no longer."""
        user, used = self.random.choice([("front", "rooms"), ("front", "labs"), ("rooms", "labs")])
        mine = self.uses[user]
        mine.remove(used) if used in mine else mine.insert(self.random.randint(0, len(mine)), used)
        return f"{user} uses {mine}"

    def rename(self) -> str:
        """Rename a member in mallgen.toml."""
        key = self.random.choice([*self.walks])
        self.serial += 1
        self.names[key] = f"{key}{self.serial}"
        return f"{key} is {self.names[key]}"

    def reorder(self) -> str:
        """Shuffle the sections of mallgen.toml."""
        self.random.shuffle(self.order)
        return f"{self.order}"

    def move(self) -> str:
        """Move a generated folder, as a human does."""
        key = self.random.choice([*self.walks])
        self.serial += 1
        old, self.dirs[key] = self.dirs[key], self.random.choice(
            (f"{key}{self.serial}", f"services/{key}{self.serial}")
        )
        (self.s.root / self.dirs[key]).parent.mkdir(exist_ok=True)
        (self.s.root / old).rename(self.s.root / self.dirs[key])
        self.s.marks = {n: (self.dirs[key] if at == old else at, who) for n, (at, who) in self.s.marks.items()}
        return f"{old} is {self.dirs[key]}"

    def move_contract(self) -> str:
        """Move the contracts of a member to another folder."""
        key = self.random.choice([*self.walks])
        self.serial += 1
        now = self.walks[key].now
        old, new = now.folder, f"contracts/{key}{self.serial}/"
        (self.s.root / old).rename(self.s.root / new)
        for contract in (now, *self.past[key]):
            contract.folder = new
        return f"{old} is {new}"

    def moved_roles(self) -> dict[str, set[str]]:
        """Return the roles that each role may have become, where paths have changed."""
        found: dict[str, set[str]] = {}
        for walk in self.walks.values():
            for old, new in walk.moved_roles().items():
                found.setdefault(old, set()).update(new)
        return found

    def human(self) -> None:
        """Write user modules that import from the generated code of the used services."""
        for user, package in (("front", "front_api"), ("rooms", "rooms_rpc")):
            for used in self.uses[user]:
                types = [*self.walks[used].now.types]
                first, second = self.random.choice(types), self.random.choice(types)
                is_module = self.random.random() < 0.5
                text = FROM_MODULE if is_module else FROM_BESIDE
                name = f"s.{second}" if is_module else second
                imports = text.format(package=package, used=self.names[used], first=first, second=second)
                path = f"{self.dirs[user]}/{package}/asks_{used}.py"
                self.s.write(path, OURS.format(imports=imports, first=first, second=name))


def walk_workspace(s: Story, seed: int, steps: int) -> None:
    """Make `steps` changes of a workspace; sometimes a human writes missing bodies and mends the user modules."""
    w = Workspace(s, seed)
    w.write()
    ran = s.run("gen", "-q")
    assert not ran.code, ran.err
    for folder in s.folders():
        s.implement(folder)
    w.human()
    s.step("nothing", (), maybe=w.moved_roles())
    for number in range(steps):
        said = w.step()
        w.write()
        s.step(f"{seed}.{number}: {said}", (), maybe=w.moved_roles())
        if w.random.random() < 0.5:
            for folder in s.folders():
                s.implement(folder)
            w.human()
