"""Built by scripts/build_tables.py from templates/http/routes.py.j2. Do not edit."""

from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'http/routes.py.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_header = resolve('header')
    l_0_docstring = resolve('docstring')
    l_0_imports = resolve('imports')
    l_0_functions = resolve('functions')
    l_0_table_type = resolve('table_type')
    l_0_table = resolve('table')
    pass
    yield str((undefined(name='header') if l_0_header is missing else l_0_header))
    yield '\n'
    yield str((undefined(name='docstring') if l_0_docstring is missing else l_0_docstring))
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
        if environment.getattr(l_1_function, 'body_class'):
            pass
            yield '\n\n'
            for l_2_line in environment.getattr(l_1_function, 'body_class'):
                _loop_vars = {}
                pass
                yield str(l_2_line)
                yield '\n'
            l_2_line = missing
        yield '\n\n'
        yield str(environment.getattr(l_1_function, 'signature'))
        yield '\n    '
        yield str(environment.getattr(l_1_function, 'docstring'))
        yield '\n'
        for l_2_line in environment.getattr(l_1_function, 'lines'):
            _loop_vars = {}
            pass
            yield '    '
            yield str(l_2_line)
            yield '\n'
        l_2_line = missing
    l_1_function = missing
    yield '\n\nROUTES: '
    yield str((undefined(name='table_type') if l_0_table_type is missing else l_0_table_type))
    yield ' = (\n'
    for l_1_entry in (undefined(name='table') if l_0_table is missing else l_0_table):
        _loop_vars = {}
        pass
        yield '    '
        yield str(l_1_entry)
        yield ',\n'
    l_1_entry = missing
    yield ')\n'

blocks = {}
debug_info = '1=17&2=19&4=21&5=24&7=27&8=30&11=33&12=36&17=40&18=42&19=44&20=48&25=53&26=55&27=59'
