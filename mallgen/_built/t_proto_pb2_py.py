"""Built by scripts/build_tables.py from templates/proto/pb2.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, libraries: Any, needed: Any, data: Any, renamed: Any, google: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{header}\n{module_docstring}\n\n')
    for module_1 in libraries:
        add(f'import {module_1}\n')
    add(f'from google.protobuf import descriptor_pool as _pool\nfrom google.protobuf.internal import builder as _builder\n')
    if needed:
        add(f'\n')
    for module_1 in needed:
        add(f'import {module_1}\n')
    add(f'\n\ndef _build(names):\n    file = _pool.Default().AddSerializedFile(\n        {data}\n    )\n    names["DESCRIPTOR"] = file\n    _builder.BuildMessageAndEnumDescriptors(file, names)\n    _builder.BuildTopDescriptorsAndMessages(file, __name__, names)\n')
    for statement_1 in renamed:
        add(f'    {statement_1}\n')
    add(f'\n\n')
    for module_1 in google:
        add(f'try:  # another library of this process may bring these too, and they can be there only once\n    from {module_1} import *\nexcept ImportError:\n    _build(globals())\n')
    if not google:
        add(f'_build(globals())\n')
    return "".join(parts)
