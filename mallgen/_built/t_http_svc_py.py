"""Built by scripts/build_tables.py from templates/http/svc.py.j2. Do not edit."""

from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'http/svc.py.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_module_docstring = resolve('module_docstring')
    l_0_package = resolve('package')
    pass
    yield str((undefined(name='module_docstring') if l_0_module_docstring is missing else l_0_module_docstring))
    yield '\n\nfrom '
    yield str((undefined(name='package') if l_0_package is missing else l_0_package))
    yield '.config import Config\nfrom '
    yield str((undefined(name='package') if l_0_package is missing else l_0_package))
    yield '.wiring import BaseContext\n\n\nclass ServiceContext(BaseContext[Config]):\n    """Made once per process; `self.config` holds the settings."""\n\n    async def start(self) -> None:\n        """Open what the service needs; runs before the first request."""\n\n    async def close(self) -> None:\n        """Release it; runs after the last request."""\n'

blocks = {}
debug_info = '1=13&3=15&4=17'
