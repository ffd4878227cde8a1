"""Reads the files of a Terraform folder: blocks, values of variables, files in expressions.

Sources: https://developer.hashicorp.com/terraform/language/files
and https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.exceptions import UsageError
from sfn_provider.formatting import count
from sfn_provider.text_files import parse_json_text
from sfn_provider.translate.definitions.files import read_file
from sfn_provider.translate.definitions.terraform.parser import TooManyTokensError
from sfn_provider.translate.definitions.terraform.syntax import Block, Expression, parse_blocks, parse_file

Json = Any


_LABELS = {"resource": 2, "data": 2, "module": 1, "variable": 1, "output": 1, "locals": 0}
"""The number of labels by the kind of a block."""


@dataclass(frozen=True)
class TerraformFolder:
    """The files of a module.

    Args:
        path: the folder.
        root: nothing outside of this folder is read.
        main: the folder of the root module, in which Terraform works.
        blocks: the blocks of all files, parsed or not yet; those of override files are merged.
        values: values of variables from ``terraform.tfvars`` and ``*.auto.tfvars``, by name.
        notes: a warning for each file, and each block that was needed, that cannot be read.
        inner: the folders inside of it that were read, by path.
    """

    path: Path
    root: Path
    main: Path
    blocks: tuple[Block, ...] = ()
    values: dict[str, Expression | Json] = field(default_factory=dict)
    notes: list[Diagnostic] = field(default_factory=list)
    inner: dict[Path, TerraformFolder] = field(default_factory=dict, compare=False)

    def of_kind(self, kind: str, *types: str) -> Iterator[Block]:
        """Iterate over the blocks of a kind that can be read; for types, over those of resources of these types."""
        for block in self._by_kind.get(kind, ()):
            if (not types or block.labels[0] in types) and self.can_read(block):
                yield block

    def find(self, kind: str, *labels: str) -> Block | None:
        """Return the block of a kind with labels; None if there is none that can be read."""
        block = self._by_labels.get((kind, *labels))
        return block if block is not None and self.can_read(block) else None

    @cached_property
    def _by_kind(self) -> dict[str, list[Block]]:
        found: dict[str, list[Block]] = {}
        for block in self.blocks:
            found.setdefault(block.kind, []).append(block)
        return found

    @cached_property
    def _by_labels(self) -> dict[tuple[str, ...], Block]:
        return {(block.kind, *block.labels): block for block in self.blocks}

    @cached_property
    def _unreadable(self) -> set[int]:
        return set()

    def can_read(self, block: Block) -> bool:
        """Parse a block, and return whether it is Terraform; there is a warning if it is not.

        Raises:
            UsageError: what was parsed of the folder is too much.
        """
        if id(block) in self._unreadable:
            return False
        try:
            return block.body is not None
        except TooManyTokensError:
            raise
        except UsageError as error:
            self._unreadable.add(id(block))
            self.notes.append(_not_read(str(error), "block"))
            return False

    def read_folder(self, path: Path) -> TerraformFolder:
        """Read the folder of another module; once."""
        if path not in self.inner:
            self.inner[path] = read_folder(path, self.root, self.main)
        return self.inner[path]

    def common_folder(self, path: Path) -> str | None:
        """Return the reference to the root module with a folder above, in which another path is, too.

        As in the source of a module, ``//`` stands before the folder in it: ``infra//envs/prod``.
        """
        common = Path(os.path.commonpath([self.main.resolve(), path.resolve()]))
        if len(common.parts) < 2 or not path.exists():
            return None
        return f"{os.path.relpath(common)}//{os.path.relpath(self.main.resolve(), common)}"

    @property
    def relative_path(self) -> str:
        """The folder as ``path.module`` has it: relative to that of the root module."""
        return os.path.relpath(self.path, self.main)

    def read_file(self, path: str, place: str) -> tuple[str, str]:
        """Return the path of a file, for errors, and its text.

        Args:
            path: relative to the folder of the root module.
            place: file and line of the expression, for errors.

        Raises:
            UsageError: it is outside of the folder that may be read, or cannot be read.
        """
        found = inside(self.root, self.main / path)
        if found is None:
            hint = self.common_folder(self.main / path) if not Path(path).is_absolute() else None
            raise UsageError(
                f"{place}: {path} is outside of the folder {self.root}, and nothing outside of it is read: "
                + (f"name the folder that has both, {hint}, or " if hint else "")
                + "name the definition itself, with --substitutions for its names"
            )
        found = Path(os.path.normpath(found))
        for candidate in (found, self.path / path):  # a path without ${path.module} may be meant from its own folder
            if candidate.is_file() and inside(self.root, candidate) is not None:
                return str(candidate), read_file(str(candidate), "what an expression of the folder reads")
        raise UsageError(f"{place}: {found}: there is no such file")


def inside(root: Path, path: Path) -> Path | None:
    """Return a path if it lies in a folder, also when its links are followed; else None."""
    return path if path.resolve().is_relative_to(root.resolve()) else None


def read_folder(path: Path, root: Path, main: Path) -> TerraformFolder:
    """Read the files of a folder.

    Args:
        path: the folder.
        root: nothing outside of this folder is read.
        main: the folder of the root module.

    Raises:
        UsageError: the parser is not installed, or no file can be read.
    """
    blocks: dict[tuple[str, ...], Block] = {}
    others: list[Block] = []
    notes: list[Diagnostic] = []
    for file in _configuration_files(path, root):
        try:
            found = parse_blocks(read_file(str(file), "a Terraform configuration"), str(file))
        except UsageError as error:
            if "python-hcl2" in str(error):
                raise
            notes.append(_not_read(str(error)))
            continue
        for block in found:
            key = (block.kind, *block.labels)
            if len(block.labels) != _LABELS.get(block.kind, len(block.labels)):
                notes.append(_not_read(f"{file}: a block {' '.join(key)} has {count(len(block.labels), 'label')}"))
                continue
            if block.kind in ("locals", "terraform", "moved", "import", "check", "removed"):
                others.append(block)
            elif key in blocks and _is_override(file):
                blocks[key] = blocks[key].merged(block)
            else:
                blocks[key] = block
    notes += [_not_read(f"{file}: Terraform's JSON form is not read") for file in sorted(path.glob("*.tf.json"))]
    return TerraformFolder(path, root, main, (*blocks.values(), *others), _variable_values(path, root), notes)


def _not_read(problem: str, what: str = "file") -> Diagnostic:
    message = f"{problem}; what the {what} has, such as variables and schedules, is left out"
    return Diagnostic("warning", "FILE_NOT_READ", message)


def _is_override(file: Path) -> bool:
    return file.name == "override.tf" or file.name.endswith("_override.tf")


def _configuration_files(path: Path, root: Path) -> list[Path]:
    files = sorted(file for file in path.glob("*.tf") if file.is_file() and inside(root, file) is not None)
    return sorted(files, key=_is_override)


def _variable_values(path: Path, root: Path) -> dict[str, Expression | Json]:
    """Return the values of variables; later files override earlier ones."""
    names = ("terraform.tfvars", "terraform.tfvars.json")
    automatic = sorted(file for suffix in ("", ".json") for file in path.glob(f"*.auto.tfvars{suffix}"))
    values: dict[str, Expression | Json] = {}
    for file in (*(path / name for name in names), *automatic):
        if file.is_file() and inside(root, file) is not None:
            values |= read_variable_file(file)
    return values


def read_variable_file(file: Path) -> dict[str, Expression | Json]:
    """Read values of variables.

    Args:
        file: a file ``*.tfvars`` or ``*.tfvars.json``.

    Returns:
        Values, or expressions for them, by the names of variables.

    Raises:
        UsageError: it cannot be read.
    """
    text = read_file(str(file), "values of Terraform variables")
    if not file.name.endswith(".json"):
        return dict(parse_file(text, str(file)).attributes)
    values = parse_json_text(text, str(file))
    if not isinstance(values, dict):
        raise UsageError(f"{file}: values of variables must be a JSON object")
    return values
