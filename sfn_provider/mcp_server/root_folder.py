"""Confines the paths that an assistant names to one folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

from sfn_provider.exceptions import UsageError

_ABOVE = "//"
_ARN = "arn:"


class RootFolder:
    """The folder that tools read and write in.

    Args:
        path: the folder; links in it are followed.
        allow_aws: True where ARNs may be named as well, which are read from AWS.

    Raises:
        UsageError: where it is no folder.
    """

    def __init__(self, path: str | Path, *, allow_aws: bool = False) -> None:
        self.path = Path(path).resolve()
        if not self.path.is_dir():
            raise UsageError(f"--root {path}: there is no such folder; name the one that has the definitions and DAGs")
        self._allow_aws = allow_aws

    def check_reference(self, reference: str) -> str:
        """Return a reference to a definition, a mock file or a DAG file as a command takes it.

        Args:
            reference: ``FILE``, ``FILE#NAME``, ``ABOVE//FILE`` as the commands take them, relative to the folder; or
                an ARN.

        Raises:
            UsageError: it leads out of the folder, or is an ARN and AWS may not be read.
        """
        if reference.startswith(_ARN):
            return self._check_arn(reference)
        file, hash_sign, name = reference.partition("#")
        above, slashes, below = file.partition(_ABOVE)
        if above and slashes:
            folder = self._confine(above)
            path = self._confine(os.path.join(above, below))
            checked = f"{self._relative(folder)}{_ABOVE}{os.path.relpath(path, folder)}"
        else:
            checked = self._relative(self._confine(file))
        # A command takes more of the reference as the file where there is one of that name.
        for found in re.finditer("#|$", name):
            self._confine(f"{checked}{hash_sign}{name[: found.start()]}")
        return f"{checked}{hash_sign}{name}"

    def check_output(self, path: str) -> str:
        """Return the path of a file to write, relative to the folder.

        Args:
            path: the path as it was named.

        Raises:
            UsageError: it leads out of the folder.
        """
        return self._relative(self._confine(path))

    def _check_arn(self, arn: str) -> str:
        if not self._allow_aws:
            raise UsageError(
                f"{arn}: this server reads files alone; start it with --allow-aws to read from AWS, or name a file"
            )
        return arn

    def _confine(self, path: str) -> Path:
        try:
            resolved = (self.path / path).resolve()
        except (OSError, ValueError, RuntimeError) as error:  # a null byte, a circle of links
            raise UsageError(f"{path!r}: cannot be used as a path: {error}") from error
        if not resolved.is_relative_to(self.path):
            raise UsageError(f"{path}: is outside of {self.path}, and nothing outside of it is read or written")
        return resolved

    def _relative(self, path: Path) -> str:
        relative = os.path.relpath(path, self.path)
        # A command would read from AWS what begins as an ARN does.
        return os.path.join(os.curdir, relative) if relative.startswith(_ARN) else relative
