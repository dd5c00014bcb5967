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
from minigrad.files import destination, gunzip, read_bytes, replace_atomically, sweep, twin

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


# --------------------------------------------------------------------------- what is at the path


def put(path: Path, contents: bytes = b"new") -> None:
    with replace_atomically(path) as file:
        file.write(contents)


def test_folders_are_refused(tmp_path: Path, snapshot: Callable[[], dict[str, bytes]]) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to(folder)
    before = snapshot()
    for path in (folder, folder / "..", tmp_path / "link", Path(".."), Path("."), Path(""), Path("/")):
        with pytest.raises(DataError, match=r"is a folder|the name of a folder"):
            put(path)
    assert snapshot() == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_what_is_no_file_is_refused_and_stays(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        with pytest.raises(DataError, match="a device or a pipe"):
            put(path)
    with pytest.raises(DataError, match="a device or a pipe"):
        destination(Path(os.devnull))
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link", "pipe"]


def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    target, link, second = tmp_path / "far" / "target", tmp_path / "near" / "link", tmp_path / "near" / "second"
    link.parent.mkdir()
    link.symlink_to(Path("..") / "far" / "target")
    second.symlink_to("link")
    for contents in (b"first", b"then"):  # where it leads to nothing as well
        put(second, contents)
        assert (second.is_symlink(), link.is_symlink(), target.is_symlink()) == (True, True, False)
        assert target.read_bytes() == contents
    assert [one.name for one in target.parent.iterdir()] == ["target"]
    assert sorted(one.name for one in link.parent.iterdir()) == ["link", "second"]
    assert destination(second).samefile(target)
    (tmp_path / "ring").symlink_to("ring")
    with pytest.raises(DataError, match="a link to itself"):
        put(tmp_path / "ring")


@pytest.mark.skipif(os.name == "nt", reason="no such permissions")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o400])
def test_permissions_stay_and_are_never_wider(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(mode)
    with replace_atomically(path) as file:
        (aside,) = tmp_path.glob(".*")
        assert stat.S_IMODE(aside.stat().st_mode) == mode
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_ready_comes_when_the_contents_are_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, order = tmp_path / "file", []
    sync = os.fsync

    def synced(descriptor: int) -> None:
        order.append("sync")
        sync(descriptor)

    def ready() -> None:
        order.append("ready")
        assert not path.exists()

    monkeypatch.setattr(os, "fsync", synced)
    with replace_atomically(path, ready) as file:
        file.write(b"new")
    assert order[:2] == ["sync", "ready"]
    with pytest.raises(ZeroDivisionError), replace_atomically(path, lambda: 1 // 0) as file:
        file.write(b"newer")
    assert path.read_bytes() == b"new"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_sweeping_takes_only_what_is_left_of_the_file(tmp_path: Path) -> None:
    others = [".run.npz.0123456789ab.tmp", ".run.old.tmp", ".run.0123456789ab.tmp.npz", "run.0123456789ab.tmp", "run"]
    for name in [*others, ".run.0123456789ab.tmp"]:
        (tmp_path / name).touch()
    sweep(tmp_path / "run")
    assert {one.name for one in tmp_path.iterdir()} == set(others)


@pytest.mark.parametrize("links", [True, False])
def test_a_twin_outlives_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o600)

    def fail(*_: object) -> None:
        raise OSError(28, "no")

    if not links:
        monkeypatch.setattr(os, "link", fail)
    made = twin(path)
    put(path)
    assert made.read_bytes() == b"old"
    assert stat.S_IMODE(made.stat().st_mode) == stat.S_IMODE(path.stat().st_mode)
    if not links:
        made.unlink()
        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="no"):
            twin(path)
        assert [one.name for one in tmp_path.iterdir()] == ["file"]
