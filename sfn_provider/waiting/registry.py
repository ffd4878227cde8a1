"""Shares one object per key on an event loop, and closes it after the last user."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from types import TracebackType
from typing import Generic, Protocol, TypeVar
from weakref import WeakKeyDictionary


class Closable(Protocol):
    """An object that can be shared."""

    async def aclose(self) -> None:
        """Release its resources. Called once, after the last user has left."""


K = TypeVar("K", bound=Hashable)
V = TypeVar("V", bound=Closable)


class _Entry(Generic[K, V]):
    __slots__ = ("key", "users", "value")

    def __init__(self, key: K, value: V) -> None:
        self.key = key
        self.value = value
        self.users = 0


class LoopRegistry(Generic[K, V]):
    """Shared objects, one for each key on an event loop.

    A triggerer runs all its triggers on one event loop; an object that one trigger makes, the others find here::

        async with CLIENTS.lease(key, make) as client: ...

    The object is made for the first user and closed when the last one leaves.
    """

    def __init__(self) -> None:
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[K, _Entry[K, V]]] = WeakKeyDictionary()

    def lease(self, key: K, make: Callable[[], V]) -> RegistryLease[K, V]:
        """Lease the object of a key; ``make`` makes it where there is none. Enter the result with ``async with``."""
        return RegistryLease(self._loops.setdefault(asyncio.get_running_loop(), {}), key, make)


class RegistryLease(Generic[K, V]):
    """One user's lease of a shared object."""

    __slots__ = ("_entries", "_entry", "_make")

    def __init__(self, entries: dict[K, _Entry[K, V]], key: K, make: Callable[[], V]) -> None:
        self._entries = entries
        self._make: Callable[[], _Entry[K, V]] | None = lambda: entries.get(key) or _Entry(key, make())
        self._entry: _Entry[K, V]

    async def __aenter__(self) -> V:
        assert self._make is not None, "entered twice"
        self._entry = self._make()
        self._make = None  # releases this user's key: there may be thousands of equal ones
        self._entries[self._entry.key] = self._entry
        self._entry.users += 1
        return self._entry.value

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._entry.users -= 1
        if not self._entry.users:
            del self._entries[self._entry.key]  # before the await: a user that comes meanwhile makes another one
            await self._entry.value.aclose()
