"""The files of every service, whatever its kind: project, settings classes, service context, entry point."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct

from mallgen.emit import first_test
from mallgen.output.files import File
from mallgen.output.records import CONFIG, HOOKS, MAIN, PYPROJECT, SERVICE_CONTEXT, SETTINGS, Owner, Role
from mallgen.output.signature import SettingsBlock
from mallgen.python.code import Code, Literal, PyIdent
from mallgen.python.layout import Imports, docstring, literal, toml_text
from mallgen.python.render import Renderer

DEV = ("mypy>=1.13", "pytest>=8")  # the development requirements of a new project


class Skeleton(Struct, frozen=True):
    """The facts about a service that its common files are made from.

    `title` is its name in prose, `distribution` the name of its wheel. `extras` are those of mallgen-runtime that it
    needs to start, `drivers` those that its settings may ask for, `dev` its development requirements, `test` and
    `hooks` the templates of its first test and of its hooks, which `in_hooks` fills beside what all have. A service
    that `is_admin` has accounts.
    """

    title: str
    package: PyIdent
    distribution: str
    extras: tuple[str, ...]
    test: str
    hooks: str
    dev: tuple[str, ...] = DEV
    drivers: tuple[str, ...] = ()
    is_admin: bool = False
    in_hooks: Mapping[str, Code | Sequence[Code]] = MappingProxyType({})

    @property
    def config_path(self) -> str:
        """The path of the settings file, relative to the output folder."""
        return f"etc/{self.title}.yaml"

    @property
    def _folder(self) -> str:
        """The folder of the templates that differ with accounts."""
        return "admin" if self.is_admin else "service"

    def once(self, settings: str, blocks: tuple[SettingsBlock, ...], renderer: Renderer) -> Iterator[File]:
        """Yield the user files; `settings` is the text of the YAML file."""
        package = self.package
        yield File(self.config_path, settings, Owner.ONCE, SETTINGS, blocks=blocks)
        yield File("pyproject.toml", self._pyproject(renderer), Owner.ONCE, PYPROJECT)
        config = renderer.python(
            f"{self._folder}/config.py",
            module_docstring=docstring([f"The settings of {self.title}."], 0),
            docstring=docstring([f"Settings of {self.title}, read from {self.config_path}."], 4),
            package=package,
        )
        yield File(f"{package}/config.py", config, Owner.ONCE, CONFIG)
        words = docstring([f"python -m {package} [-f {self.config_path}]"], 0)
        extras = [literal(name) for name in self.extras]
        path = {"config_path": literal(self.config_path)} if self.is_admin else {}
        main = renderer.python(f"{self._folder}/main.py", docstring=words, extras=extras, **path)
        yield File(f"{package}/__main__.py", main, Owner.ONCE, MAIN)
        what = docstring([f"What the logic of {self.title} works with."], 0)
        svc = renderer.python(f"{self._folder}/svc.py", module_docstring=what, package=package)
        yield File(f"{package}/svc.py", svc, Owner.ONCE, SERVICE_CONTEXT)
        what = docstring([f"Code around all that {self.title} does."], 0)
        hooks = renderer.python(self.hooks, module_docstring=what, package=package, **self.in_hooks)
        yield File(f"{package}/hooks.py", hooks, Owner.ONCE, HOOKS)
        what = docstring([f"{self.title} as a whole, without a socket; your tests go on from here."], 0)
        yield first_test(package, renderer.python(self.test, module_docstring=what, package=package))

    def app(self, template: str, what: str, renderer: Renderer) -> File:
        """Return app.py, made by the kind's template; `what` is its module docstring."""
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
            runtime=toml_text(f"mallgen-runtime[{','.join((*self.extras, *self.drivers))}]>=0.1,<0.2"),
            script=toml_text(f"{self.package}.app:run"),
            packages=packages(self.package),
            dev=[toml_text(name) for name in self.dev],
            etc=toml_text(f"{self.package}/etc"),
        )


class Wiring(Struct, frozen=True):
    """The content of wiring.py: the settings class and the statements that every service context runs.

    `what` is the docstring of the module, `asks` that of the settings class; `base` is the base class of the settings.
    """

    what: str
    asks: str
    base: PyIdent
    imports: Imports
    fields: Sequence[Code]
    statements: Sequence[Code]


def wiring(skeleton: Skeleton, content: Wiring, renderer: Renderer) -> File:
    """Return wiring.py, with the settings and the clients that the contract asks for."""
    text = renderer.python(
        "service/wiring.py",
        module_docstring=docstring([content.what], 0),
        base=content.base,
        imports=content.imports.lines(),
        config_docstring=docstring([content.asks], 4),
        context_docstring=docstring([f"What every service context of {skeleton.title} has."], 4),
        fields=content.fields,
        made=content.statements,
    )
    return File(f"{skeleton.package}/wiring.py", text, Owner.ALWAYS, Role("wiring"))


def init(path: str, name: str, what: str, renderer: Renderer) -> File:
    """Return the `__init__.py` of the folder `path`; `name` goes into its role, `what` is its docstring."""
    text = renderer.python("service/init.py", docstring=docstring([what], 0))
    return File(f"{path}/__init__.py", text, Owner.ALWAYS, Role("package", name))


def packages(package: str) -> list[Literal]:
    """Return the patterns of packages that a wheel has: also of those generated into the same folder later."""
    patterns = ("/*_api", "/*_rpc")
    named = () if package.endswith(("_api", "_rpc")) else (f"/{package}",)
    return [toml_text(name) for name in (*named, *patterns)]
