"""Makes the environment of a package's HTML templates, which can show drawings, too."""

from __future__ import annotations

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined


def make_environment(package: str) -> Environment:
    """Return an environment that escapes every value, and in which names without a value are errors.

    Args:
        package: the package with the folder ``templates``; ``drawing.html.j2``, ``drawing.css`` and ``colors.css`` are
            found beside its own.
    """
    loader = ChoiceLoader([PackageLoader(package, "templates"), PackageLoader("sfn_provider.drawing", "templates")])
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
