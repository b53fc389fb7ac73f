"""Built by scripts/build_tables.py from templates/http/etc.yaml.j2. Do not edit."""

from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'http/etc.yaml.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_name = resolve('name')
    l_0_port = resolve('port')
    l_0_jwt = resolve('jwt')
    l_0_transitions = resolve('transitions')
    l_0_uses = resolve('uses')
    pass
    yield 'Name: '
    yield str((undefined(name='name') if l_0_name is missing else l_0_name))
    yield '\nHost: 0.0.0.0\nPort: '
    yield str((undefined(name='port') if l_0_port is missing else l_0_port))
    yield '\n'
    for (l_1_key, l_1_env) in (undefined(name='jwt') if l_0_jwt is missing else l_0_jwt):
        _loop_vars = {}
        pass
        yield '\n'
        yield str(l_1_key)
        yield ':\n  AccessSecret: ${'
        yield str(l_1_env)
        yield '_ACCESS_SECRET}\n  AccessExpire: 86400\n'
    l_1_key = l_1_env = missing
    for (l_1_key, l_1_env) in (undefined(name='transitions') if l_0_transitions is missing else l_0_transitions):
        _loop_vars = {}
        pass
        yield '\n'
        yield str(l_1_key)
        yield ':\n  Secret: ${'
        yield str(l_1_env)
        yield '_SECRET}\n  PrevSecret: ${'
        yield str(l_1_env)
        yield '_PREV_SECRET}\n'
    l_1_key = l_1_env = missing
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
debug_info = '1=17&3=19&4=21&6=25&7=27&10=30&12=34&13=36&14=38&16=41&18=45&20=47&21=50'
