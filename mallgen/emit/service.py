"""The files that a service has whatever its contract: project, settings classes, service context, entry point."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from mallgen.emit import first_test
from mallgen.output.files import File
from mallgen.output.records import CONFIG, MAIN, PYPROJECT, SERVICE_CONTEXT, SETTINGS, Owner, Role
from mallgen.output.signature import SettingsBlock
from mallgen.python.code import Code, Literal, PyIdent
from mallgen.python.layout import Imports, docstring, literal, toml_text
from mallgen.python.render import Renderer

DEV = ("mypy>=1.13", "pytest>=8")  # what a project is worked on with


class Skeleton(Struct, frozen=True):
    """A service as its skeleton needs to know it.

    `title` is what it is called in words, `distribution` the name of its wheel. `extras` are those of mallgen-runtime,
    `dev` what it is worked on with. `test` is the template of its first test.
    """

    title: str
    package: PyIdent
    distribution: str
    extras: tuple[str, ...]
    test: str
    dev: tuple[str, ...] = DEV

    @property
    def config_path(self) -> str:
        """Where the settings lie, from the folder that was given as `-dir`."""
        return f"etc/{self.title}.yaml"

    def once(self, settings: str, blocks: tuple[SettingsBlock, ...], renderer: Renderer) -> Iterator[File]:
        """The user's files; `settings` is the text of the yaml."""
        package = self.package
        yield File(self.config_path, settings, Owner.ONCE, SETTINGS, blocks=blocks)
        yield File("pyproject.toml", self._pyproject(renderer), Owner.ONCE, PYPROJECT)
        config = renderer.python(
            "service/config.py",
            module_docstring=docstring([f"The settings of {self.title}."], 0),
            docstring=docstring([f"Settings of {self.title}, read from {self.config_path}."], 4),
            package=package,
        )
        yield File(f"{package}/config.py", config, Owner.ONCE, CONFIG)
        words = docstring([f"python -m {package} [-f {self.config_path}]"], 0)
        main = renderer.python("service/main.py", docstring=words, extras=[literal(name) for name in self.extras])
        yield File(f"{package}/__main__.py", main, Owner.ONCE, MAIN)
        what = docstring([f"What the logic of {self.title} works with."], 0)
        svc = renderer.python("service/svc.py", module_docstring=what, package=package)
        yield File(f"{package}/svc.py", svc, Owner.ONCE, SERVICE_CONTEXT)
        what = docstring([f"{self.title} as a whole, without a socket; your tests go on from here."], 0)
        yield first_test(package, renderer.python(self.test, module_docstring=what, package=package))

    def app(self, template: str, what: str, renderer: Renderer) -> File:
        """app.py, by the template of the kind; `what` it is."""
        text = renderer.python(
            template,
            module_docstring=docstring([what], 0),
            package=self.package,
            package_literal=literal(self.package),
            config_path=literal(self.config_path),
        )
        return File(f"{self.package}/app.py", text, Owner.ALWAYS, Role("app"))

    def _pyproject(self, renderer: Renderer) -> str:
        return renderer.render(
            "service/pyproject.toml",
            name=toml_text(self.distribution),
            runtime=toml_text(f"mallgen-runtime[{','.join(self.extras)}]>=0.1,<0.2"),
            script=toml_text(f"{self.package}.app:run"),
            packages=packages(self.package),
            dev=[toml_text(name) for name in self.dev],
            etc=toml_text(f"{self.package}/etc"),
        )


class Wiring(Struct, frozen=True):
    """What wiring.py declares: the base of the settings, their fields, and what every service context is made of."""

    what: str
    asks: str
    base: PyIdent
    imports: Imports
    fields: Sequence[Code]
    made: Sequence[Code]


def wiring(skeleton: Skeleton, found: Wiring, renderer: Renderer) -> File:
    """wiring.py: what the contract asks of the settings and of the service context."""
    text = renderer.python(
        "service/wiring.py",
        module_docstring=docstring([found.what], 0),
        base=found.base,
        imports=found.imports.lines(),
        config_docstring=docstring([found.asks], 4),
        context_docstring=docstring([f"What every service context of {skeleton.title} has."], 4),
        fields=found.fields,
        made=found.made,
    )
    return File(f"{skeleton.package}/wiring.py", text, Owner.ALWAYS, Role("wiring"))


def init(path: str, name: str, what: str, renderer: Renderer) -> File:
    """The `__init__.py` of a package: its folder, its name for mallgen.lock, what it holds."""
    text = renderer.python("service/init.py", docstring=docstring([what], 0))
    return File(f"{path}/__init__.py", text, Owner.ALWAYS, Role("package", name))


def packages(package: str) -> list[Literal]:
    """What a wheel has: all packages that are generated into a folder, whatever comes there later."""
    patterns = ("/*_api", "/*_rpc")
    named = () if package.endswith(("_api", "_rpc")) else (f"/{package}",)
    return [toml_text(name) for name in (*named, *patterns)]
