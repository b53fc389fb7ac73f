"""Built by scripts/build_tables.py from templates/http/logic.py.j2. Do not edit."""

from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'http/logic.py.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_module_docstring = resolve('module_docstring')
    l_0_imports = resolve('imports')
    l_0_name = resolve('name')
    l_0_docstring = resolve('docstring')
    l_0_init = resolve('init')
    l_0_signature = resolve('signature')
    l_0_body = resolve('body')
    pass
    yield str((undefined(name='module_docstring') if l_0_module_docstring is missing else l_0_module_docstring))
    yield '\n\n'
    for l_1_line in (undefined(name='imports') if l_0_imports is missing else l_0_imports):
        _loop_vars = {}
        pass
        yield str(l_1_line)
        yield '\n'
    l_1_line = missing
    yield '\n\nclass '
    yield str((undefined(name='name') if l_0_name is missing else l_0_name))
    yield ':\n    '
    yield str((undefined(name='docstring') if l_0_docstring is missing else l_0_docstring))
    yield '\n\n    '
    yield str((undefined(name='init') if l_0_init is missing else l_0_init))
    yield '\n        self.ctx = ctx\n        self.svc = svc\n\n    '
    yield str((undefined(name='signature') if l_0_signature is missing else l_0_signature))
    yield '\n'
    for l_1_line in (undefined(name='body') if l_0_body is missing else l_0_body):
        _loop_vars = {}
        pass
        yield '        '
        yield str(l_1_line)
        yield '\n'
    l_1_line = missing

blocks = {}
debug_info = '1=18&3=20&4=23&8=27&9=29&11=31&15=33&16=35&17=39'
