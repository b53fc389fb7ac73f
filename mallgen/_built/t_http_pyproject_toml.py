"""Built by scripts/build_tables.py from templates/http/pyproject.toml.j2. Do not edit."""

from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'http/pyproject.toml.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_name = resolve('name')
    l_0_script = resolve('script')
    l_0_package = resolve('package')
    l_0_etc = resolve('etc')
    pass
    yield '[build-system]\nrequires = ["hatchling>=1.27"]\nbuild-backend = "hatchling.build"\n\n[project]\nname = '
    yield str((undefined(name='name') if l_0_name is missing else l_0_name))
    yield '\nversion = "0.1.0"\nrequires-python = ">=3.11"\ndependencies = ["mallgen-runtime[rest,rpc]>=0.1,<0.2"]\n\n[project.scripts]\n'
    yield str((undefined(name='name') if l_0_name is missing else l_0_name))
    yield ' = '
    yield str((undefined(name='script') if l_0_script is missing else l_0_script))
    yield '\n\n[tool.hatch.build.targets.wheel]\npackages = ['
    yield str((undefined(name='package') if l_0_package is missing else l_0_package))
    yield ']\n\n[tool.hatch.build.targets.wheel.force-include]\n"etc" = '
    yield str((undefined(name='etc') if l_0_etc is missing else l_0_etc))
    yield '\n\n[tool.mypy]\nstrict = true\n\n[tool.ruff.lint.isort]\nknown-third-party = ["mallgen_runtime"]\n'

blocks = {}
debug_info = '6=16&12=18&15=22&18=24'
