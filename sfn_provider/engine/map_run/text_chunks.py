"""Reads text streams in chunks, and remembers open streams from one chunk to the next."""

from __future__ import annotations

import codecs
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import IO, Any

CHUNK_SIZE = 262_144
"""Bytes of a chunk, or characters where a stream has characters: as much as the input of one state may have."""

_MAX_OPEN_STREAMS = 8
"""Streams that stay open: as many objects are read side by side without opening one again."""


class ChunkedStream:
    """A stream that is read in chunks from some place on.

    Args:
        stream: a binary stream, whose content is UTF-8 with or without a byte order mark, or a text stream.
        offset: how much was read before; the stream is at its beginning.
        is_there: True where the stream stands at the offset already.

    Attributes:
        offset: bytes, or characters of a text stream, that were read.
    """

    def __init__(self, stream: IO[Any], offset: int = 0, *, is_there: bool = False) -> None:
        self._stream = stream
        self.offset = offset
        self._left = b""
        if offset and not is_there:
            self._skip(offset)

    def _skip(self, offset: int) -> None:
        try:
            if isinstance(self._stream.read(0), bytes):
                self._stream.seek(offset)
                return
        except (OSError, AttributeError):  # it cannot seek
            pass
        while offset > 0:
            skipped = self._stream.read(min(offset, CHUNK_SIZE))
            if not skipped:
                return
            offset -= len(skipped)

    def read_chunk(self) -> tuple[str, bool]:
        """Return the next chunk, and True if it is the last one.

        Raises:
            UnicodeDecodeError: if the content is no UTF-8.
        """
        pieces, size = [], len(self._left)
        while size < CHUNK_SIZE and (piece := self._stream.read(CHUNK_SIZE - size)):
            pieces.append(piece)
            size += len(piece)
        is_first, is_last = self.offset == 0, size < CHUNK_SIZE
        if pieces and isinstance(pieces[0], str):
            text = "".join(pieces)
            self.offset += len(text)
            return text.removeprefix("\ufeff") if is_first else text, is_last
        data = self._left + b"".join(pieces)
        decoder = codecs.getincrementaldecoder("utf-8")()
        text = decoder.decode(data, final=is_last)
        self._left = decoder.getstate()[0]
        # What is left over begins the next chunk, also of a stream that is opened again.
        self.offset += len(data) - len(self._left)
        return text.removeprefix("\ufeff") if is_first else text, is_last

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()


class OpenStreams:
    """Streams that were read in part, by what they are and where they stand. They are closed with this object."""

    def __init__(self) -> None:
        self._streams: OrderedDict[Hashable, ChunkedStream] = OrderedDict()
        self._lock = Lock()
        weakref.finalize(self, _close_all, self._streams)

    def take(self, identity: Hashable, offset: int) -> ChunkedStream | None:
        """Return the stream of an object that stands at an offset, which is not remembered any more; None for none."""
        with self._lock:
            return self._streams.pop((identity, offset), None)

    def remember(self, identity: Hashable, stream: ChunkedStream) -> None:
        """Remember a stream; closes the one that has not been read for longest where there are too many."""
        with self._lock:
            oldest = self._streams.popitem(last=False)[1] if len(self._streams) >= _MAX_OPEN_STREAMS else None
            replaced = self._streams.pop((identity, stream.offset), None)
            self._streams[identity, stream.offset] = stream
        for unused in (oldest, replaced):
            if unused is not None:
                unused.close()

    def close(self) -> None:
        """Close all streams."""
        with self._lock:
            _close_all(self._streams)


def _close_all(streams: OrderedDict[Hashable, ChunkedStream]) -> None:
    while streams:
        streams.popitem()[1].close()


def read_stream_chunk(
    streams: OpenStreams, identity: Hashable, offset: int, open_at: Callable[[int], ChunkedStream]
) -> tuple[str, int | None]:
    """Read a chunk of an object; return its text and the offset of the next one, None after the last one.

    Args:
        streams: remembers the object's stream.
        identity: what the object is.
        offset: where the chunk begins.
        open_at: opens the object at an offset.
    """
    stream = streams.take(identity, offset) or open_at(offset)
    try:
        text, is_last = stream.read_chunk()
    except BaseException:
        stream.close()
        raise
    if is_last:
        stream.close()
        return text, None
    streams.remember(identity, stream)
    return text, stream.offset
