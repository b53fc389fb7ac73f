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
    l_0_google = resolve('google')
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
    yield '\n\ndef _build(names):\n    file = _pool.Default().AddSerializedFile(\n        '
    yield str((undefined(name='data') if l_0_data is missing else l_0_data))
    yield '\n    )\n    names["DESCRIPTOR"] = file\n    _builder.BuildMessageAndEnumDescriptors(file, names)\n    _builder.BuildTopDescriptorsAndMessages(file, __name__, names)\n'
    for l_1_statement in (undefined(name='renamed') if l_0_renamed is missing else l_0_renamed):
        _loop_vars = {}
        pass
        yield '    '
        yield str(l_1_statement)
        yield '\n'
    l_1_statement = missing
    yield '\n\n'
    t_1 = 1
    for l_1_module in (undefined(name='google') if l_0_google is missing else l_0_google):
        _loop_vars = {}
        pass
        yield 'try:  # another library of this process may bring these too, and they can be there only once\n    from '
        yield str(l_1_module)
        yield ' import *\nexcept ImportError:\n    _build(globals())\n'
        t_1 = 0
    l_1_module = missing
    if t_1:
        pass
        yield '_build(globals())\n'

blocks = {}
debug_info = '1=17&2=19&6=21&7=25&13=29&18=31&19=35&23=40&25=44'
