"""Makes the nodes of syntax trees: those of the library, without fifty attributes in each."""

from __future__ import annotations

from types import FunctionType, SimpleNamespace
from typing import Any, Final

from sfn_provider.asl.jsonata.library import JException, Parser, Symbol

_DEFAULTS: Final[dict[str, Any]] = dict(Symbol(None).__dict__)


class Node(Symbol):  # type: ignore[misc]
    """A node that holds what differs from the defaults alone: a tenth of the memory of the library's, and of its work.

    Args:
        parser: not used: no method of a finished tree's nodes parses.
        id: the token that it is for.
        bp: its binding power.
    """

    def __init__(self, parser: Any, id: str | None = None, bp: int = 0) -> None:
        if id is not None:
            self.id = self.value = id
        if bp:
            self.bp = bp


for _name, _value in _DEFAULTS.items():
    setattr(Node, _name, _value)


class NodeParser(Parser):  # type: ignore[misc]
    """The library's parser, with light nodes. It recovers from no error, and prints nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.node: Any = None
        self._nodes: dict[str, Any] = {id: _node_class(symbol) for id, symbol in self.symbol_table.items()}
        self._end = self.symbol_table["(end)"]

    def advance(self, id: str | None = None, infix: bool = False) -> Any:
        """Go on to the next token, and make its node.

        Args:
            id: the token that has to stand here; None for any.
            infix: whether an operator is expected behind it.
        """
        if id is not None and self.node.id != id:
            code = "S0203" if self.node.id == "(end)" else "S0202"
            raise JException(code, self.node.position, id, self.node.value)
        token = self.lexer.next(infix)
        if token is None:
            self._end.position = len(self.source)
            self.node = self._end
            return self._end
        make = self._nodes[token.value if token.type == "operator" else _NODE_IDS[token.type]]
        node = self.node = make.__new__(make)  # its __init__ would set the defaults
        node.value, node.type, node.position = token.value, token.type, token.position
        return node

    process_ast = FunctionType(
        Parser.process_ast.__code__,
        Parser.process_ast.__globals__ | {"Parser": SimpleNamespace(Symbol=Node, Infix=Node)},
    )
    """The library's, but that what it calls `Parser.Symbol` and `Parser.Infix` are light nodes."""


_NODE_IDS: Final = {
    **dict.fromkeys(("name", "variable"), "(name)"),
    **dict.fromkeys(("string", "number", "value"), "(literal)"),
    "regex": "(regex)",
}


def _node_class(symbol: Any) -> type:
    """Return a class of nodes that are as the symbol of a table is, by the attributes of the class."""
    fields = dict(symbol.__dict__)
    if isinstance(symbol, Parser.InfixAndPrefix):
        fields["nud"] = lambda self: Parser.Prefix(self._outer_instance, self.id).nud()  # one for each, as in `clone`
    return type(type(symbol).__name__, (type(symbol),), fields)
