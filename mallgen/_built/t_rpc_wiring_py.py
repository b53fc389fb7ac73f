"""Built by scripts/build_tables.py from templates/rpc/wiring.py.j2. Do not edit."""

from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'rpc/wiring.py.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_header = resolve('header')
    l_0_module_docstring = resolve('module_docstring')
    l_0_config_docstring = resolve('config_docstring')
    l_0_context_docstring = resolve('context_docstring')
    pass
    yield str((undefined(name='header') if l_0_header is missing else l_0_header))
    yield '\n'
    yield str((undefined(name='module_docstring') if l_0_module_docstring is missing else l_0_module_docstring))
    yield '\n\nfrom typing import TypeVar\n\nfrom mallgen_runtime import ServiceBase\nfrom mallgen_runtime.rpc import RpcServerConf\n\n\nclass BaseConfig(RpcServerConf, kw_only=True):\n    '
    yield str((undefined(name='config_docstring') if l_0_config_docstring is missing else l_0_config_docstring))
    yield '\n\n\nConfigT = TypeVar("ConfigT", bound=BaseConfig)\n\n\nclass BaseContext(ServiceBase[ConfigT]):\n    '
    yield str((undefined(name='context_docstring') if l_0_context_docstring is missing else l_0_context_docstring))
    yield '\n'

blocks = {}
debug_info = '1=15&2=17&11=19&18=21'
