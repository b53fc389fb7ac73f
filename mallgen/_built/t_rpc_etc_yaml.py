"""Built by scripts/build_tables.py from templates/rpc/etc.yaml.j2. Do not edit."""

from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'rpc/etc.yaml.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_name = resolve('name')
    l_0_listen_on = resolve('listen_on')
    pass
    yield 'Name: '
    yield str((undefined(name='name') if l_0_name is missing else l_0_name))
    yield '\nListenOn: '
    yield str((undefined(name='listen_on') if l_0_listen_on is missing else l_0_listen_on))
    yield '\n'

blocks = {}
debug_info = '1=14&2=16'
