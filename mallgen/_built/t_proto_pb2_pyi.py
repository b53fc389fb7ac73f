"""Built by scripts/build_tables.py from templates/proto/pb2.pyi.j2. Do not edit."""

from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'proto/pb2.pyi.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_header = resolve('header')
    l_0_module_docstring = resolve('module_docstring')
    l_0_imports = resolve('imports')
    l_0_body = resolve('body')
    pass
    yield str((undefined(name='header') if l_0_header is missing else l_0_header))
    yield '\n# mypy: ignore-errors\n'
    yield str((undefined(name='module_docstring') if l_0_module_docstring is missing else l_0_module_docstring))
    yield '\n\n'
    for l_1_line in (undefined(name='imports') if l_0_imports is missing else l_0_imports):
        _loop_vars = {}
        pass
        yield str(l_1_line)
        yield '\n'
    l_1_line = missing
    yield '\n'
    for l_1_line in (undefined(name='body') if l_0_body is missing else l_0_body):
        _loop_vars = {}
        pass
        yield str(l_1_line)
        yield '\n'
    l_1_line = missing

blocks = {}
debug_info = '1=15&3=17&5=19&6=22&9=26&10=29'
