"""Built by scripts/build_tables.py from templates/rpc/server.py.j2. Do not edit."""

from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'rpc/server.py.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_header = resolve('header')
    l_0_module_docstring = resolve('module_docstring')
    l_0_imports = resolve('imports')
    l_0_functions = resolve('functions')
    l_0_services = resolve('services')
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
    for l_1_function in (undefined(name='functions') if l_0_functions is missing else l_0_functions):
        _loop_vars = {}
        pass
        yield '\n\n'
        yield str(environment.getattr(l_1_function, 'signature'))
        yield '\n    '
        yield str(environment.getattr(l_1_function, 'docstring'))
        yield '\n    '
        yield str(environment.getattr(l_1_function, 'line'))
        yield '\n'
    l_1_function = missing
    yield '\n\nSERVICES: tuple[Service[ServiceContext], ...] = (\n'
    for l_1_service in (undefined(name='services') if l_0_services is missing else l_0_services):
        _loop_vars = {}
        pass
        yield '    '
        yield str(l_1_service)
        yield ',\n'
    l_1_service = missing
    yield ')\n'

blocks = {}
debug_info = '1=16&2=18&4=20&5=23&7=26&10=30&11=32&12=34&17=38&18=42'
