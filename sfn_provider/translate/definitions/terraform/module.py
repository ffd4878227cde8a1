"""Resolves the names of a Terraform module: variables, locals, resources, data sources, modules.

Source: https://developer.hashicorp.com/terraform/language/expressions/references
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sfn_provider.asl.placeholders import make_placeholder
from sfn_provider.exceptions import UsageError
from sfn_provider.text_files import parse_json_text
from sfn_provider.translate.definitions.terraform.folder import TerraformFolder, inside, read_variable_file
from sfn_provider.translate.definitions.terraform.operators import take_steps
from sfn_provider.translate.definitions.terraform.syntax import Block, Expression, parse_expression
from sfn_provider.translate.definitions.terraform.unknown_values import Unknown, as_text, is_unknown, pairs_of
from sfn_provider.translate.definitions.terraform.uses import Uses
from sfn_provider.translate.definitions.terraform.values import Evaluation

Json = Any
Steps = tuple[Json, ...]

MAX_INSTANCES = 1000
"""Upper limit of the instances of a block that ``count`` or ``for_each`` makes."""


@dataclass(frozen=True)
class Instance:
    """A block, or one of those that ``count`` or ``for_each`` make of it.

    Args:
        block: the block.
        address: its address: ``aws_sfn_state_machine.pipeline['nightly']``.
        key: its key or number; None for a block without.
        context: evaluates its expressions.
        is_certain: False if it is not known whether it exists, or how many there are.
    """

    block: Block
    address: str
    key: Json
    context: Evaluation
    is_certain: bool = True

    def value(self, *path: str) -> Json:
        """Return the value of an argument, also in a block inside; None if there is none."""
        block, context = self.block, self.context
        for name in path[:-1]:
            found = block.block(name)
            dynamic = next((part for part in block.blocks if (part.kind, part.labels) == ("dynamic", (name,))), None)
            if found is None and dynamic is not None:
                found, context = dynamic.block("content"), _of_dynamic(dynamic, name, context)
            if found is None:
                return None
            block = found
        expression = block.attributes.get(path[-1])
        return None if expression is None else context.value(expression)


def _of_dynamic(dynamic: Block, name: str, context: Evaluation) -> Evaluation:
    """Return the evaluation of the first block that a ``dynamic`` block makes."""
    values = context.value(dynamic.attributes["for_each"]) if "for_each" in dynamic.attributes else None
    pairs = pairs_of(values) if isinstance(values, (dict, list)) else []
    key, value = pairs[0] if pairs else (Unknown.of(f"{name}.key"), Unknown.of(f"{name}.value"))
    return context.with_variables({name: {"key": key, "value": value}})


@dataclass
class Module:
    """A module and its names.

    Args:
        folder: its files.
        uses: records what was used.
        prefix: its address with a dot, ``module.pipeline.``; empty for the folder that was named.
        inputs: values of its variables from the block that calls it; None for the folder that was named.
        callers: the folders of the modules that lead to it.
    """

    folder: TerraformFolder
    uses: Uses
    prefix: str = ""
    inputs: Mapping[str, Json] | None = None
    callers: tuple[Path, ...] = ()
    _values: dict[str, Json] = field(default_factory=dict)
    _children: dict[str, Module | None] = field(default_factory=dict)

    @property
    def context(self) -> Evaluation:
        """Evaluates expressions of the module."""
        return Evaluation(self)

    # What expressions ask for ------------------------------------------------------------------------------------

    def spend(self, work: int) -> None:
        """Count work."""
        self.uses.spend(work)

    @property
    def has_overrides(self) -> bool:
        """Whether the user has given values for expressions."""
        return bool(self.uses.user)

    def override(self, expression: str) -> Json | None:
        """Return the user's value for an expression; None if there is none."""
        name = make_placeholder(self.prefix + expression)[2:-1] if self.uses.user else ""
        if name not in self.uses.user:
            return None
        self.uses.used.add(name)
        text = self.uses.user[name]
        match = re.fullmatch(r"var\.([\w-]+)", name)
        block = self.folder.find("variable", match[1]) if match else None
        return text if block is None else self._of_text(text, block, f"--substitutions {name}")

    def read_file(self, path: str, place: str) -> tuple[str, str]:
        """Return the path of a file of the folder, for errors, and its text."""
        return self.folder.read_file(path, place)

    def resolve(self, root: str, steps: Steps) -> tuple[Json, Steps]:
        """Return the value of the first steps of a name, and the steps that remain."""
        first = steps[0] if steps and isinstance(steps[0], str) else None
        if first is None:
            return Unknown.of(self.prefix + root), steps
        if root == "var":
            return self._variable(first), steps[1:]
        if root == "local":
            return self._once(f"local.{first}", first, self._local), steps[1:]
        if root == "path":
            return self.folder.relative_path if first == "module" else ".", steps[1:]
        if root == "module":
            return self._output(first, steps[1:])
        if root == "data":
            return self._data(steps)
        if root in ("each", "count", "self", "terraform"):
            return Unknown.of(root), steps
        return self._resource(root, steps)

    def _once(self, name: str, label: str, read: Any) -> Json:
        """Evaluate a name once; one that depends on itself is not known."""
        if name not in self._values:
            self._values[name] = Unknown.of(self.prefix + name)
            value = read(label)
            self.uses.check_size(value)
            self._values[name] = value
        return self._values[name]

    def find_local(self, name: str) -> Expression | None:
        """Return the expression of a local value; that of an override file where it has one."""
        found = [block.attributes[name] for block in self.folder.of_kind("locals") if name in block.attributes]
        return found[-1] if found else None

    def _local(self, name: str) -> Json:
        found = self.find_local(name)
        return self.context.value(found) if found is not None else Unknown.of(f"{self.prefix}local.{name}")

    def _variable(self, name: str) -> Json:
        full = f"{self.prefix}var.{name}"
        override = self.override(f"var.{name}")
        if override is not None:
            return override
        block = self.folder.find("variable", name)
        if self.inputs is not None and name in self.inputs:
            return self.inputs[name] if block is None else self._typed(self.inputs[name], block)
        if block is not None and "sensitive" in block.attributes and self.context.value(block.attributes["sensitive"]):
            self.uses.add_missing(full, "is sensitive, so that its value is not read")
            return Unknown.of(full)
        if self.inputs is None and name in self.folder.values:
            value = self.folder.values[name]
            value = self.context.value(value) if isinstance(value, Expression) else value
            return value if block is None else self._typed(value, block)
        if block is None or "default" not in block.attributes:
            self.uses.add_missing(full, "has no value in the folder: no default, no terraform.tfvars, no *.auto.tfvars")
            return Unknown.of(full)
        if self.inputs is None:
            self.uses.add_default(full)
        return self._typed(self.context.value(block.attributes["default"]), block)

    def _typed(self, value: Json, block: Block) -> Json:
        """Convert a value to the type of its variable, as far as texts and numbers go."""
        kind = block.attributes["type"].source if "type" in block.attributes else "any"
        if kind == "string" and isinstance(value, (bool, int, float)):
            return as_text(value)
        if kind in ("number", "bool") and isinstance(value, str) and not is_unknown(value):
            return self._of_text(value, block, f"var.{block.labels[0]}")
        return value

    def _of_text(self, text: str, block: Block, what: str) -> Json:
        """Convert a text to the type of a variable; Terraform reads one of a collection as an expression."""
        kind = block.attributes["type"].source if "type" in block.attributes else "any"
        if kind in ("string", "any"):
            default = self.context.value(block.attributes["default"]) if "default" in block.attributes else ""
            if kind == "string" or isinstance(default, str):
                return text
        try:
            return parse_json_text(text, what)
        except UsageError:
            pass
        try:
            value = self.context.value(parse_expression(text, what))
        except UsageError:
            value = None
        if kind in ("number", "bool") or is_unknown(value) or value is None:
            raise UsageError(f"{what}: {text!r} is no {kind}")
        return value

    def _resource(self, kind: str, steps: Steps) -> tuple[Json, Steps]:
        """Return the argument of a resource, which is its attribute of the same name; else a placeholder."""
        unknown = Unknown.of(f"{self.prefix}{kind}"), steps
        block = self.folder.find("resource", kind, as_text(steps[0]))
        if block is None or len(steps) < 2:
            return unknown
        for instance in self.instances(block):
            rest = steps[1:] if instance.key is None else steps[2:] if steps[1] == instance.key else ()
            if rest and instance.is_certain and isinstance(rest[0], str) and rest[0] in block.attributes:
                value = self._once(f"{instance.address}.{rest[0]}", rest[0], instance.value)
                return (value, rest[1:]) if isinstance(value, (str, int, float)) else unknown
        return unknown

    def _data(self, steps: Steps) -> tuple[Json, Steps]:
        unknown = Unknown.of(f"{self.prefix}data"), steps
        block = self.folder.find("data", *map(as_text, steps[:2]))
        if block is None or len(steps) < 3:
            return unknown
        if (steps[0], steps[2]) == ("template_file", "rendered") and "template" in block.attributes:
            values = self.context.value(block.attributes["vars"]) if "vars" in block.attributes else {}
            template = self.context.value(block.attributes["template"])
            if isinstance(values, dict) and isinstance(template, str) and not isinstance(template, Unknown):
                context = Evaluation(self, values, only_variables=True)
                return context.render(template, block.origin.file), steps[3:]
        if steps[0] == "local_file" and steps[2] == "content" and "filename" in block.attributes:
            path = self.context.text(block.attributes["filename"])
            return self.read_file(path, block.attributes["filename"].place)[1], steps[3:]
        return unknown

    # Modules that it calls ---------------------------------------------------------------------------------------

    def child(self, name: str) -> Module | None:
        """Return a module that it calls, if that is a folder inside of the one that was named."""
        if name not in self._children:
            self._children[name] = None  # a module that calls itself has no end
            self._children[name] = self._read_child(name)
        return self._children[name]

    def _read_child(self, name: str) -> Module | None:
        block = self.folder.find("module", name)
        source = self.context.text(block.attributes["source"]) if block and "source" in block.attributes else ""
        path = inside(self.folder.root, self.folder.path / source)
        straight = Path(os.path.normpath(path)) if path is not None else None
        if straight is not None and path is not None and straight.resolve() == path.resolve():
            path = straight  # without "..", unless that is behind a link
        if block is None or not source.startswith(".") or path is None or not path.is_dir():
            return None
        callers = (*self.callers, self.folder.path.resolve())
        if path.resolve() in callers or "for_each" in block.attributes or "count" in block.attributes:
            return None
        inputs = {key: self.context.value(entry) for key, entry in block.attributes.items() if key != "source"}
        return Module(self.folder.read_folder(path), self.uses, f"{self.prefix}module.{name}.", inputs, callers)

    def children(self) -> Iterator[Module]:
        """Iterate over the modules that it calls, and that these call."""
        for block in self.folder.of_kind("module"):
            child = self.child(block.labels[0])
            if child is not None:
                yield child
                yield from child.children()

    def _output(self, name: str, steps: Steps) -> tuple[Json, Steps]:
        unknown = Unknown.of(f"{self.prefix}module.{name}"), steps
        child = self.child(name)
        if child is None or not steps:
            return unknown
        output = child.folder.find("output", as_text(steps[0]))
        return unknown if output is None else (child.context.value(output.attributes["value"]), steps[1:])

    # Instances ---------------------------------------------------------------------------------------------------

    def instances(self, block: Block) -> list[Instance]:
        """Return the instances of a block: one, unless ``count`` or ``for_each`` make others."""
        address = self.prefix + ".".join(block.labels)
        for name in ("count", "for_each"):
            if name in block.attributes:
                value = self.context.value(block.attributes[name])
                return self._of_count(block, address, value) if name == "count" else self._each(block, address, value)
        return [Instance(block, address, None, self.context)]

    def _of_count(self, block: Block, address: str, count: Json) -> list[Instance]:
        if not isinstance(count, int) or not 0 <= count <= MAX_INSTANCES:
            return [Instance(block, address, None, self.context, is_certain=False)]
        contexts = [self.context.with_variables({"count": {"index": number}}) for number in range(count)]
        return [Instance(block, f"{address}[{number}]", number, context) for number, context in enumerate(contexts)]

    def _each(self, block: Block, address: str, values: Json) -> list[Instance]:
        if isinstance(values, list) and not any(isinstance(value, Unknown) for value in values):
            values = {as_text(value): value for value in values}
        if not isinstance(values, dict) or len(values) > MAX_INSTANCES:
            return [Instance(block, address, None, self.context, is_certain=False)]
        return [
            Instance(
                block, f"{address}['{key}']", key, self.context.with_variables({"each": {"key": key, "value": value}})
            )
            for key, value in pairs_of(values)
        ]


def reference(address: str, attribute: str) -> str:
    """Return the placeholder of an attribute of an instance, as expressions have it."""
    return str(take_steps(Unknown.of(address), (attribute,)))


def read_variable_texts(file: Path) -> dict[str, str]:
    """Return the texts of the values in a file of variables, as ``-var`` would have them: collections as JSON.

    Args:
        file: a file ``*.tfvars`` or ``*.tfvars.json``.

    Raises:
        UsageError: it cannot be read.
    """
    context = Module(TerraformFolder(file.parent, file.parent, file.parent), Uses({})).context
    values = {
        name: context.value(value) if isinstance(value, Expression) else value
        for name, value in read_variable_file(file).items()
    }
    return {name: as_text(value) for name, value in values.items()}
