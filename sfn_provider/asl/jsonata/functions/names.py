"""Lists the names of the built-in functions, without importing jsonata-python."""

from __future__ import annotations

from typing import Final

_NAMES: Final = """
    abs append assert average base64decode base64encode boolean ceil clone contains count decodeUrl
    decodeUrlComponent distinct each encodeUrl encodeUrlComponent error exists filter floor formatBase
    formatInteger formatNumber fromMillis hash join keys length lookup lowercase map match max merge millis
    min not now number pad parse parseInteger partition power random range reduce replace reverse round
    shuffle sift single sort split spread sqrt string substring substringAfter substringBefore sum toMillis
    trim type uppercase uuid zip
"""

BUILT_IN_FUNCTIONS: Final = frozenset(_NAMES.split())
"""Names of the functions that every expression can call, without dollar sign."""
