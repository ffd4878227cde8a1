from __future__ import annotations

import pytest

from sfn_provider.lazy_names import lazy_names


def test_a_name_is_imported_from_its_home() -> None:
    from sfn_provider.formatting import count

    assert lazy_names("here", {"count": "sfn_provider.formatting"})("count") is count


def test_other_names_are_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match=r"^module 'here' has no attribute 'cuont'$"):
        lazy_names("here", {"count": "sfn_provider.formatting"})("cuont")
