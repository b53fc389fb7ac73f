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
    l_0_imports = resolve('imports')
    l_0_config_docstring = resolve('config_docstring')
    l_0_fields = resolve('fields')
    l_0_context_docstring = resolve('context_docstring')
    l_0_made = resolve('made')
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
    yield '\n\nclass BaseConfig(RpcServerConf, kw_only=True):\n    '
    yield str((undefined(name='config_docstring') if l_0_config_docstring is missing else l_0_config_docstring))
    yield '\n'
    if (undefined(name='fields') if l_0_fields is missing else l_0_fields):
        pass
        yield '\n'
    for l_1_field in (undefined(name='fields') if l_0_fields is missing else l_0_fields):
        _loop_vars = {}
        pass
        yield '    '
        yield str(l_1_field)
        yield '\n'
    l_1_field = missing
    yield '\n\nConfigT = TypeVar("ConfigT", bound=BaseConfig)\n\n\nclass BaseContext(ServiceBase[ConfigT]):\n    '
    yield str((undefined(name='context_docstring') if l_0_context_docstring is missing else l_0_context_docstring))
    yield '\n'
    if (undefined(name='made') if l_0_made is missing else l_0_made):
        pass
        yield '\n    def __init__(self, config: ConfigT) -> None:\n        super().__init__(config)\n'
    for l_1_line in (undefined(name='made') if l_0_made is missing else l_0_made):
        _loop_vars = {}
        pass
        yield '        '
        yield str(l_1_line)
        yield '\n'
    l_1_line = missing

blocks = {}
debug_info = '1=18&2=20&4=22&5=25&10=29&11=31&14=34&15=38&23=42&24=44&29=47&30=51'
