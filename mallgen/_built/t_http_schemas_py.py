"""Built by scripts/build_tables.py from templates/http/schemas.py.j2. Do not edit."""

from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'http/schemas.py.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_header = resolve('header')
    l_0_docstring = resolve('docstring')
    l_0_imports = resolve('imports')
    l_0_classes = resolve('classes')
    pass
    yield str((undefined(name='header') if l_0_header is missing else l_0_header))
    yield '\n'
    yield str((undefined(name='docstring') if l_0_docstring is missing else l_0_docstring))
    yield '\n\n'
    for l_1_line in (undefined(name='imports') if l_0_imports is missing else l_0_imports):
        _loop_vars = {}
        pass
        yield str(l_1_line)
        yield '\n'
    l_1_line = missing
    for l_1_class in (undefined(name='classes') if l_0_classes is missing else l_0_classes):
        _loop_vars = {}
        pass
        yield '\n\n'
        yield str(environment.getattr(l_1_class, 'head'))
        yield '\n'
        if environment.getattr(l_1_class, 'docstring'):
            pass
            yield '    '
            yield str(environment.getattr(l_1_class, 'docstring'))
            yield '\n'
            if environment.getattr(l_1_class, 'lines'):
                pass
                yield '\n'
        for l_2_line in environment.getattr(l_1_class, 'lines'):
            _loop_vars = {}
            pass
            yield '    '
            yield str(l_2_line)
            yield '\n'
        l_2_line = missing
    l_1_class = missing

blocks = {}
debug_info = '1=15&2=17&4=19&5=22&7=25&10=29&11=31&12=34&13=36&17=39&18=43'
