"""Built by scripts/build_tables.py from templates/service/pyproject.toml.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, name: Any, runtime: Any, script: Any, dev: Any, packages: Any, etc: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{yours}\n[build-system]\nrequires = ["hatchling>=1.27"]\nbuild-backend = "hatchling.build"\n\n[project]\nname = {name}\nversion = "0.1.0"\nrequires-python = ">=3.11"\ndependencies = [{runtime}]\n\n[project.scripts]\n{name} = {script}\n\n[dependency-groups]\ndev = [\n')
    for name_1 in dev:
        add(f'    {name_1},\n')
    add(f']\n\n[tool.hatch.build.targets.wheel]\ninclude = [\n')
    for name_1 in packages:
        add(f'    {name_1},\n')
    add(f']\n\n[tool.hatch.build.targets.wheel.force-include]\n"etc" = {etc}\n\n[tool.pytest.ini_options]\npythonpath = ["."]\ntestpaths = ["tests"]\n\n[tool.mypy]\nstrict = true\n\n[tool.ruff.lint.isort]\nknown-third-party = ["mallgen_runtime"]\n\n[tool.isort]\nprofile = "black"\n')
    return "".join(parts)
