"""Built by scripts/build_tables.py from templates/http/config.py.j2. Do not edit."""

from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'http/config.py.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_module_docstring = resolve('module_docstring')
    l_0_package = resolve('package')
    l_0_docstring = resolve('docstring')
    pass
    yield str((undefined(name='module_docstring') if l_0_module_docstring is missing else l_0_module_docstring))
    yield '\n\nfrom '
    yield str((undefined(name='package') if l_0_package is missing else l_0_package))
    yield '.wiring import BaseConfig\n\n\nclass Config(BaseConfig, kw_only=True):\n    '
    yield str((undefined(name='docstring') if l_0_docstring is missing else l_0_docstring))
    yield '\n'

blocks = {}
debug_info = '1=14&3=16&7=18'
