"""Reads text streams in chunks, and remembers open streams from one chunk to the next."""

from __future__ import annotations

import codecs
import gzip
import weakref
import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import IO, Any

CHUNK_SIZE = 262_144
"""Bytes of a chunk, or characters where a stream has characters: as much as the input of one state may have."""

UNREADABLE = (OSError, EOFError, zlib.error)
"""What a stream raises that cannot be read, or unpacked."""

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
        self._fault: Exception | None = None
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

        What can be read before a fault is a chunk by itself: who needs no more never meets the fault, whatever the
        size of the object.

        Raises:
            UnicodeDecodeError: if the content is no UTF-8.
            OSError: or another of `UNREADABLE`, if the stream cannot be read.
        """
        is_first = self.offset == 0
        pieces, is_last = self._read_pieces()
        if pieces and isinstance(pieces[0], str):
            text = "".join(pieces)
            self.offset += len(text)
        else:
            text, is_last = self._decode(self._left + b"".join(pieces), is_last=is_last)
        return text.removeprefix("\ufeff") if is_first else text, is_last

    def _read_pieces(self) -> tuple[list[Any], bool]:
        if self._fault is not None:
            raise self._fault
        pieces, size = [], len(self._left)
        try:
            while size < CHUNK_SIZE and (piece := self._stream.read(CHUNK_SIZE - size)):
                pieces.append(piece)
                size += len(piece)
        except UNREADABLE as error:
            if not pieces:
                raise
            self._fault = error  # asked once more, some streams pretend to be at their end
            return pieces, False
        return pieces, size < CHUNK_SIZE

    def _decode(self, data: bytes, *, is_last: bool) -> tuple[str, bool]:
        """Return the text of bytes; what is left over begins the next chunk, also of a stream that is opened again."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            text = decoder.decode(data, final=is_last)
            self._left = decoder.getstate()[0]
        except UnicodeDecodeError as error:
            if not error.start:
                raise
            text, self._left, is_last = data[: error.start].decode(), data[error.start :], False
        self.offset += len(data) - len(self._left)
        return text, is_last

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()


class GzipStream(gzip.GzipFile):
    """Unpacks a stream, which is closed with it.

    Args:
        packed: a buffered binary stream.
    """

    def __init__(self, packed: Any) -> None:
        super().__init__(fileobj=packed)
        self._packed = packed

    def read(self, size: int | None = -1) -> bytes:
        """Return what is there, so that a fault behind it does not take it along."""
        return super().read(size) if size is None or size < 0 else self.read1(size)

    def close(self) -> None:
        """Close the packed stream, too."""
        super().close()
        self._packed.close()


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
