"""Built by scripts/build_tables.py from templates/http/main.py.j2. Do not edit."""

from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'http/main.py.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_docstring = resolve('docstring')
    l_0_package = resolve('package')
    pass
    yield str((undefined(name='docstring') if l_0_docstring is missing else l_0_docstring))
    yield '\n\nfrom '
    yield str((undefined(name='package') if l_0_package is missing else l_0_package))
    yield '.app import run\n\nif __name__ == "__main__":\n    run()\n'

blocks = {}
debug_info = '1=13&3=15'
