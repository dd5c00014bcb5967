import gzip
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from minigrad.errors import DataError
from minigrad.files import gunzip, read_bytes, replace_atomically

CONTENTS = bytes(range(256)) * 9
ARCHIVE = gzip.compress(CONTENTS, mtime=0)


def test_gunzip_unpacks_archives_and_passes_other_bytes() -> None:
    assert gunzip(ARCHIVE, "a") == CONTENTS
    assert gunzip(CONTENTS, "a") == CONTENTS
    assert gunzip(b"", "a") == b""
    assert gunzip(ARCHIVE + ARCHIVE, "two members") == CONTENTS * 2
    assert gunzip(ARCHIVE + b"\0" * 512, "padded as tapes are") == CONTENTS


def test_gunzip_refuses_an_archive_cut_anywhere() -> None:
    for end in range(2, len(ARCHIVE)):
        with pytest.raises(DataError, match=r"f\.gz is a truncated gzip archive"):
            gunzip(ARCHIVE[:end], "f.gz")


@pytest.mark.parametrize("position", range(len(ARCHIVE)))
def test_gunzip_never_returns_other_contents_for_a_changed_byte(position: int) -> None:
    changed = bytearray(ARCHIVE)
    changed[position] ^= 0x55
    try:
        contents = gunzip(bytes(changed), "f.gz")
    except DataError:
        return
    assert contents in (CONTENTS, changed)  # a byte of the header that does not matter, or no archive any more


def test_gunzip_refuses_rubbish_after_the_archive() -> None:
    with pytest.raises(DataError, match="7 bytes after the end"):
        gunzip(ARCHIVE + b"rubbish", "f.gz")


def test_gunzip_stops_at_the_limit() -> None:
    assert gunzip(ARCHIVE, "a", limit=len(CONTENTS)) == CONTENTS
    with pytest.raises(DataError, match=f"more than the {len(CONTENTS) - 1} bytes"):
        gunzip(ARCHIVE, "a", limit=len(CONTENTS) - 1)
    bomb = gzip.compress(bytes(50_000_000))
    with pytest.raises(DataError, match="more than the 1000 bytes"):
        gunzip(bomb, "bomb.gz", limit=1000)


def test_read_bytes_names_what_it_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert read_bytes(tmp_path / "file") == b"12345"
    assert read_bytes(tmp_path / "file", 3) == b"123"
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(DataError, match="cannot be read"):
            read_bytes(path)


def test_replace_makes_folders_and_respects_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    with replace_atomically(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    (tmp_path / "usual").write_bytes(b"")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "usual").stat().st_mode)
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_replace_leaves_the_old_file_when_the_block_raises(
    tmp_path: Path, snapshot: Callable[[], dict[str, bytes]], error: type[BaseException]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    before = snapshot()

    def write_half() -> None:
        with replace_atomically(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        write_half()
    assert snapshot() == before


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_replace_leaves_the_old_file_when_the_disk_fails(
    tmp_path: Path, snapshot: Callable[[], dict[str, bytes]], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    before = snapshot()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), fail)
    with pytest.raises(OSError, match="No space left"), replace_atomically(path) as file:
        file.write(b"new")
    monkeypatch.undo()
    assert snapshot() == before


@pytest.mark.skipif(os.name == "nt", reason="folders cannot be opened")
def test_contents_are_on_the_disk_before_the_name_and_the_name_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, order = tmp_path / "file", []
    sync, rename = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        order.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    def renamed(self: Path, target: Path) -> Path:
        order.append("name")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    with replace_atomically(path) as file:
        file.write(b"new")
    assert order == ["file", "name", "folder"]
    assert path.read_bytes() == b"new"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_process_killed_in_the_middle_leaves_the_old_file(tmp_path: Path, environment: dict[str, str]) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    program = (
        "import sys, time; from pathlib import Path; from minigrad.files import replace_atomically\n"
        "with replace_atomically(Path(sys.argv[1])) as file:\n"
        "    file.write(b'half'); file.flush(); print('ready', flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.kill()
        process.wait(30)
    assert path.read_bytes() == b"old"
    with replace_atomically(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
