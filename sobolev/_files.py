"""Atomic file writing: a reader sees the old file or the new one, never a half of either."""

import os
import tempfile
from pathlib import Path


def write_atomically(path: str | os.PathLike[str], data: bytes | str) -> Path:
    """Writes `data` to `path` so that an interruption at any moment leaves no partial file there.

    Args:
        path: The file to create or replace; its folder is created when missing.
        data: The whole content; text is encoded as UTF-8.

    Returns:
        `path` as a `Path`.

    Raises:
        OSError: If the folder cannot be created or written to.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = data.encode() if isinstance(data, str) else data
    # The temporary file lies beside its target: a rename is atomic within one file system only.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return path
