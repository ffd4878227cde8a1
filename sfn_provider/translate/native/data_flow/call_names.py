"""Names the calls in symbolic values that are no functions of the language."""

from __future__ import annotations

TEMPLATE = "template"
"""The name of the call that stands for a Jinja expression of the user; its arguments are the text of it, and the field
of the input in whose place it stands."""

MEMBER_OF_EACH = "[*]"
"""The name of the call that stands for a member of each item of an array; its arguments are the array, and the names of
the steps in each."""

SLICE = "[:]"
"""The name of the call that stands for a part of an array; its arguments are the array, the start and the end, of which
one may be null."""

TEXT_OF = "text"
"""The name of the call that makes a text of a value: of one that is none its JSON text."""

ATTRIBUTE_OF = "attribute"
"""The name of the call that makes an attribute of DynamoDB of what may be a text, which Step Functions takes, too."""

ATTRIBUTE_MAP = "attributes"
"""The name of the call that makes these of the members of an object: an item, a key, an attribute of type M."""

ATTRIBUTE_LIST = "list of attributes"
"""The name of the call that makes these of an array: an attribute of type L."""
