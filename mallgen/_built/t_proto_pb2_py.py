"""Built by scripts/build_tables.py from templates/proto/pb2.py.j2. Do not edit."""

from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'proto/pb2.py.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_header = resolve('header')
    l_0_module_docstring = resolve('module_docstring')
    l_0_needed = resolve('needed')
    l_0_data = resolve('data')
    l_0_renamed = resolve('renamed')
    pass
    yield str((undefined(name='header') if l_0_header is missing else l_0_header))
    yield '\n'
    yield str((undefined(name='module_docstring') if l_0_module_docstring is missing else l_0_module_docstring))
    yield '\n\nfrom google.protobuf import descriptor_pool as _pool\nfrom google.protobuf.internal import builder as _builder\n'
    for l_1_module in (undefined(name='needed') if l_0_needed is missing else l_0_needed):
        _loop_vars = {}
        pass
        yield 'import '
        yield str(l_1_module)
        yield '\n'
    l_1_module = missing
    yield '\nDESCRIPTOR = _pool.Default().AddSerializedFile(\n    '
    yield str((undefined(name='data') if l_0_data is missing else l_0_data))
    yield '\n)\n_builder.BuildMessageAndEnumDescriptors(DESCRIPTOR, globals())\n_builder.BuildTopDescriptorsAndMessages(DESCRIPTOR, __name__, globals())\n'
    for (l_1_name, l_1_original) in (undefined(name='renamed') if l_0_renamed is missing else l_0_renamed):
        _loop_vars = {}
        pass
        yield str(l_1_name)
        yield ' = globals()['
        yield str(l_1_original)
        yield ']\n'
    l_1_name = l_1_original = missing

blocks = {}
debug_info = '1=16&2=18&6=20&7=24&11=28&15=30&16=33'
