"""Witnesses as files of pytest, which show what old clients meet in the service as it is. Pure."""

from collections.abc import Iterator, Sequence

from mallgen.breaking.api import ApiChange
from mallgen.contract.base_types import BASE_TYPES
from mallgen.emit.http.files import HttpOptions, emit
from mallgen.model import AnyType, Array, Map, Named, Pointer, Primitive, Slice, TypeRef
from mallgen.python import names
from mallgen.python.layout import literal
from mallgen.witness.http import Witness
from mallgen.witness.prove import Proven

HEADER = "# Written by mallgen breaking --emit-tests, which writes it again.\n"
_KINDS = {"bool": "bool", "string": "str", "integer": "int", "float": "float", "complex": "object"}
_REQUESTS = '''

def status_of(
    method: str, path: str, headers: dict[str, str], body: str, token_of: str = "", *roles: str
) -> int:
    """Send a request and return the status of its answer; `token_of` is the route whose token, with roles, it has."""

    async def talk() -> int:
        with made_up_secrets():
            app = create_app()
        route = next((route for route in app.routes if route.title == token_of), None)
        claims = {"roles": roles} if roles else {}
        sent = {**headers, **bearer(getattr(app.config, route.jwt), **claims)} if route and route.jwt else headers
        async with Client(app) as client:
            answer = await client.request(method, path, headers=sent, data=body.encode())
        return answer.status

    return asyncio.run(talk())
'''
_ANSWERS = '''

def is_read(body: str, kind: object, old: object) -> bool:
    """Return whether old clients read an answer, if the service can send it."""
    try:
        value = decode(body.encode(), kind)
    except Wrong:
        return True
    try:
        decode(encode_as(value, kind), old)
    except Wrong:
        return False
    return True
'''


def test_files(proven: Sequence[Proven]) -> dict[str, str]:
    """Return the texts of the tests by the name of their file; only `.api` contracts have some."""
    services: dict[int, tuple[ApiChange, list[Proven]]] = {}
    for one in proven:
        api = one.judged.change.api
        if isinstance(one.witness, Witness) and api is not None:
            services.setdefault(id(api), (api, []))[1].append(one)
    files: dict[str, str] = {}
    for api, found in services.values():
        files |= _service(api, found)
    return files


def _service(api: ApiChange, found: Sequence[Proven]) -> dict[str, str]:
    package = str(names.http_package(api.new.service))
    old = f"{package}_old_schemas"
    requests, answers = list(_requests(found)), list(_answers(found, old))
    if not requests and not answers:
        return {}
    lines = [
        HEADER,
        f'"""Old clients of {package}: their requests are accepted, and its answers are read by them."""\n\n',
    ]
    lines += ["import asyncio\n\n"] if requests else []
    lines += ["from mallgen_runtime.testing import Client, bearer, made_up_secrets\n"] if requests else []
    lines += ["from mallgen_runtime.schema.decoding import Wrong, decode\n"] if answers else []
    lines += ["from mallgen_runtime.schema.encoding import encode_as\n"] if answers else []
    lines += [f"\nfrom {package} import schemas\n" if answers else "\n"]
    lines += [f"from {package}.app import create_app\n"] if requests else []
    lines += [f"\nimport {old}\n"] if answers else []
    text = "".join((*lines, _REQUESTS if requests else "", _ANSWERS if answers else "", *requests, *answers))
    files = {f"test_{package}_old_clients.py": text}
    return {**files, f"{old}.py": HEADER + _old_schemas(api)} if answers else files


def _old_schemas(api: ApiChange) -> str:
    emitted = emit(api.old, HttpOptions(prove=False))
    return next(file.text for file in emitted.files if file.path.endswith("/schemas.py"))


def _requests(found: Sequence[Proven]) -> Iterator[str]:
    for number, one in enumerate(found, 1):
        witness = one.witness
        if isinstance(witness, Witness) and witness.status:
            sample = witness.sample
            given = [literal(sample.method), literal(sample.path), literal(dict(sample.headers)), literal(sample.body)]
            given += [*map(literal, (sample.title, *sample.roles))] if sample.token else []
            yield (
                f"\n\ndef test_{number}_{_word(one)}() -> None:\n"
                f"    assert status_of({', '.join(given)}) != {witness.status}\n"
            )


def _answers(found: Sequence[Proven], old: str) -> Iterator[str]:
    for number, one in enumerate(found, 1):
        witness = one.witness
        if isinstance(witness, Witness) and witness.types is not None and witness.body:
            kind, was = _annotation(witness.types[1], "schemas"), _annotation(witness.types[0], old)
            yield (
                f"\n\ndef test_{number}_{_word(one)}() -> None:\n"
                f"    assert is_read({literal(witness.body)}, {kind}, {was})\n"
            )


def _word(one: Proven) -> str:
    return one.judged.found.diagnostic.code.replace("-", "_")


def _annotation(ref: TypeRef, module: str) -> str:
    match ref:
        case Pointer(elem=elem):
            return _annotation(elem, module)
        case Slice(elem=elem) | Array(elem=elem):
            return f"list[{_annotation(elem, module)}]"
        case Map(key=key, elem=elem):
            return f"dict[{_annotation(key, module)}, {_annotation(elem, module)}]"
        case Named(name=name):
            return f"{module}.{names.class_name(name)}"
        case Primitive(name=name):
            return _KINDS[BASE_TYPES[name].kind]
        case AnyType():
            return "object"
    return "object"
