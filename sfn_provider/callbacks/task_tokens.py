"""Signs and verifies task tokens, each of which identifies one wait of one task instance.

A token contains the id of the wait, which cannot be guessed without Airflow's secret key, and a digest of the task
instance; no names and no data. Everything else is in the wait's record (`sfn_provider.callbacks.wait_records`).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from sfn_provider._compat import conf, secret_key
from sfn_provider.exceptions import UsageError

if TYPE_CHECKING:
    from itsdangerous import URLSafeSerializer

MAX_TOKEN_LENGTH: Final = 2048
"""Maximum number of characters, as in AWS."""


class InvalidToken(Exception):
    """The text is not a token that this Airflow has signed."""


@dataclass(frozen=True, slots=True)
class TaskInstanceKey:
    """The task instance that waits.

    Args:
        dag_id: its DAG.
        run_id: its DAG run.
        task_id: its task.
        map_index: its map index, -1 where the task is not mapped.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int

    @property
    def digest(self) -> str:
        """A short hash of the task instance."""
        return _hash(self)[:32]


@dataclass(frozen=True, slots=True)
class TokenClaim:
    """The contents of a verified token.

    Args:
        id: the id of the wait.
        digest: the digest of the task instance that waits.
    """

    id: str
    digest: str


class TokenSigner:
    """Signs and verifies tokens.

    Args:
        secret: the key that the components of this Airflow share.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    @classmethod
    def from_configuration(cls) -> TokenSigner:
        """Use ``[sfn_provider] task_token_secret``, or Airflow's own secret key where that is not set.

        Raises:
            UsageError: there is neither.
        """
        secret = conf.get("sfn_provider", "task_token_secret", fallback="") or secret_key()
        if not secret:
            raise UsageError("Task tokens need a key: set [sfn_provider] task_token_secret for all components")
        return cls(secret)

    def sign(self, waiter: TaskInstanceKey, entry: str) -> str:
        """Make the token of a wait; the same wait always gets the same token.

        Args:
            waiter: the task instance.
            entry: identifies the wait among all of the task instance, those of its earlier tries included.
        """
        key = hmac.new(self._secret, f"{_hash(waiter)}/{entry}".encode(), sha256)
        return str(self._serializer().dumps([key.hexdigest()[:40], waiter.digest]))

    def verify(self, token: str) -> TokenClaim:
        """Read a token. Signatures are compared in constant time.

        Raises:
            InvalidToken: its signature is wrong, or the token is not spelled as `sign` spells it: base64 has several
                spellings of the same bytes.
        """
        from itsdangerous import BadData

        if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
            raise InvalidToken
        serializer = self._serializer()
        try:
            data: Any = serializer.loads(token)
        except BadData as error:
            raise InvalidToken from error
        if not hmac.compare_digest(str(serializer.dumps(data)), token):
            raise InvalidToken
        identity, digest = data
        return TokenClaim(identity, digest)

    def _serializer(self) -> URLSafeSerializer:
        from itsdangerous import URLSafeSerializer

        return URLSafeSerializer(
            self._secret,
            salt="sfn_provider.task_token",
            signer_kwargs={"key_derivation": "hmac", "digest_method": sha256},
        )


def _hash(waiter: TaskInstanceKey) -> str:
    # repr keeps apart what a separator in a name would mix up.
    return sha256(repr((waiter.dag_id, waiter.run_id, waiter.task_id, waiter.map_index)).encode()).hexdigest()
