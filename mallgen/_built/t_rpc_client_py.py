"""Built by scripts/build_tables.py from templates/rpc/client.py.j2. Do not edit."""

from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'rpc/client.py.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_header = resolve('header')
    l_0_module_docstring = resolve('module_docstring')
    l_0_imports = resolve('imports')
    l_0_exported = resolve('exported')
    l_0_clients = resolve('clients')
    pass
    yield str((undefined(name='header') if l_0_header is missing else l_0_header))
    yield '\n'
    yield str((undefined(name='module_docstring') if l_0_module_docstring is missing else l_0_module_docstring))
    yield '\n\n'
    for l_1_line in (undefined(name='imports') if l_0_imports is missing else l_0_imports):
        _loop_vars = {}
        pass
        yield str(l_1_line)
        yield '\n'
    l_1_line = missing
    yield '\n__all__ = '
    yield str((undefined(name='exported') if l_0_exported is missing else l_0_exported))
    yield '\n'
    for l_1_client in (undefined(name='clients') if l_0_clients is missing else l_0_clients):
        _loop_vars = {}
        pass
        yield '\n\nclass '
        yield str(environment.getattr(l_1_client, 'name'))
        yield ':\n    '
        yield str(environment.getattr(l_1_client, 'docstring'))
        yield '\n\n    def __init__(self, channel: Channel) -> None:\n        self._channel = channel\n'
        for l_2_method in environment.getattr(l_1_client, 'methods'):
            _loop_vars = {}
            pass
            yield '\n    '
            yield str(environment.getattr(l_2_method, 'signature'))
            yield '\n        '
            yield str(environment.getattr(l_2_method, 'docstring'))
            yield '\n        '
            yield str(environment.getattr(l_2_method, 'line'))
            yield '\n'
        l_2_method = missing
    l_1_client = missing

blocks = {}
debug_info = '1=16&2=18&4=20&5=23&8=27&9=29&12=33&13=35&17=37&19=41&20=43&21=45'
