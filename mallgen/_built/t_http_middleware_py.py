"""Built by scripts/build_tables.py from templates/http/middleware.py.j2. Do not edit."""

from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'http/middleware.py.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_module_docstring = resolve('module_docstring')
    l_0_package = resolve('package')
    l_0_name = resolve('name')
    pass
    yield str((undefined(name='module_docstring') if l_0_module_docstring is missing else l_0_module_docstring))
    yield '\n\nfrom mallgen_runtime import Context, Next, Response\n\nfrom '
    yield str((undefined(name='package') if l_0_package is missing else l_0_package))
    yield '.svc import ServiceContext\n\n\nclass '
    yield str((undefined(name='name') if l_0_name is missing else l_0_name))
    yield ':\n    """Made once per process; `handle` runs around every request of its routes."""\n\n    def __init__(self, svc: ServiceContext) -> None:\n        self.svc = svc\n\n    async def handle(self, ctx: Context, next_: Next) -> Response:\n        return await next_(ctx)\n'

blocks = {}
debug_info = '1=14&5=16&8=18'
