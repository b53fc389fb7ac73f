"""Built by scripts/build_tables.py from templates/rpc/app.py.j2. Do not edit."""

from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'rpc/app.py.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_header = resolve('header')
    l_0_module_docstring = resolve('module_docstring')
    l_0_package = resolve('package')
    l_0_config_path = resolve('config_path')
    l_0_package_literal = resolve('package_literal')
    pass
    yield str((undefined(name='header') if l_0_header is missing else l_0_header))
    yield '\n'
    yield str((undefined(name='module_docstring') if l_0_module_docstring is missing else l_0_module_docstring))
    yield '\n\nfrom mallgen_runtime import load_config\nfrom mallgen_runtime.rpc import RpcApp, serve_rpc\n\nfrom '
    yield str((undefined(name='package') if l_0_package is missing else l_0_package))
    yield '.config import Config\nfrom '
    yield str((undefined(name='package') if l_0_package is missing else l_0_package))
    yield '.server import SERVICES\nfrom '
    yield str((undefined(name='package') if l_0_package is missing else l_0_package))
    yield '.svc import ServiceContext\n\n\ndef create_app(config: Config | None = None) -> RpcApp:\n    """The service; without a configuration the default file is read."""\n    if config is None:\n        config = load_config(Config, '
    yield str((undefined(name='config_path') if l_0_config_path is missing else l_0_config_path))
    yield ', package='
    yield str((undefined(name='package_literal') if l_0_package_literal is missing else l_0_package_literal))
    yield ')\n    return RpcApp(config, ServiceContext(config), SERVICES)\n\n\ndef run() -> None:\n    """Serve until SIGTERM or SIGINT; `-f FILE` names the configuration."""\n    serve_rpc(create_app, Config, '
    yield str((undefined(name='config_path') if l_0_config_path is missing else l_0_config_path))
    yield ', package='
    yield str((undefined(name='package_literal') if l_0_package_literal is missing else l_0_package_literal))
    yield ')\n'

blocks = {}
debug_info = '1=16&2=18&7=20&8=22&9=24&15=26&21=30'
