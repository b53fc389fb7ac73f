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
    l_0_etcd = resolve('etcd')
    l_0_uses = resolve('uses')
    pass
    yield 'Name: '
    yield str((undefined(name='name') if l_0_name is missing else l_0_name))
    yield '\nListenOn: '
    yield str((undefined(name='listen_on') if l_0_listen_on is missing else l_0_listen_on))
    yield '\n# Without an Etcd block the services of one machine find each other through a folder.\n'
    for l_1_line in (undefined(name='etcd') if l_0_etcd is missing else l_0_etcd):
        _loop_vars = {}
        pass
        yield str(l_1_line)
        yield '\n'
    l_1_line = missing
    for (l_1_key, l_1_lines) in (undefined(name='uses') if l_0_uses is missing else l_0_uses):
        _loop_vars = {}
        pass
        yield '\n'
        yield str(l_1_key)
        yield ':\n  Timeout: 2000\n'
        for l_2_line in l_1_lines:
            _loop_vars = {}
            pass
            yield str(l_2_line)
            yield '\n'
        l_2_line = missing
    l_1_key = l_1_lines = missing

blocks = {}
debug_info = '1=16&2=18&4=20&5=23&7=26&9=30&11=32&12=35'
