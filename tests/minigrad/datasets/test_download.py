import builtins
import gzip
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minigrad.datasets import FashionMNIST
from minigrad.datasets.download import Resource, download, find, read
from minigrad.errors import DataError

Snapshot = Callable[[], dict[str, bytes]]


class Mirror(ThreadingHTTPServer):
    """A server on this machine: the path's first part says how it behaves, its last part which file is meant."""

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.files = files
        self.asked: list[str] = []
        self.stalled = threading.Event()
        self.finish = threading.Event()

    def address(self, behaviour: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{behaviour}/"


class Answer(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Mirror

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        behaviour, name = self.path.strip("/").split("/")
        raw = self.server.files[name]
        match behaviour:
            case "good":
                self.send(raw, len(raw))
            case "plain":
                self.send(gzip.decompress(raw), None)
            case "unannounced":
                self.send(raw, None)
            case "cut":
                self.send(raw[: len(raw) // 2], len(raw))
            case "cut-unannounced":
                self.send(raw[: len(raw) // 2], None)
            case "damaged":
                self.send(raw[:-6] + bytes(byte ^ 255 for byte in raw[-6:]), len(raw))
            case "other":
                self.send(self.server.files["t10k-labels-idx1-ubyte.gz"], None)
            case "page":
                self.send(b"<html>log in first</html>", None)
            case "empty":
                self.send(b"", 0)
            case "endless":
                self.send_response(200)
                self.end_headers()
                while not self.server.finish.is_set():
                    self.wfile.write(bytes(1 << 16))
            case "redirect":
                self.send_response(302)
                self.send_header("Location", f"/good/{name}")
                self.end_headers()
            case "stall":
                self.send_response(200)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw[: len(raw) // 2])
                self.server.stalled.set()
                self.server.finish.wait(60)
            case "nonsense":
                self.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")
            case _:
                self.send_error(404)

    def send(self, raw: bytes, announced: int | None) -> None:
        self.send_response(200)
        if announced is not None:
            self.send_header("Content-Length", str(announced))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()


@pytest.fixture
def mirror(archives: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    monkeypatch.setenv("no_proxy", "*")
    server = Mirror(archives)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.finish.set()
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def labels(archives: dict[str, bytes]) -> Resource:
    return next(entry for entry in FashionMNIST.resources if entry.name == "train-labels-idx1-ubyte")


@pytest.fixture
def refused() -> str:
    """The address of a port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/"


@pytest.mark.parametrize("behaviour", ["good", "unannounced", "redirect"])
def test_a_good_archive_is_kept_as_it_came(
    mirror: Mirror, labels: Resource, tmp_path: Path, archives: dict[str, bytes], behaviour: str
) -> None:
    folder = tmp_path / "new" / "raw"
    path = download(labels, [mirror.address(behaviour)], folder)
    assert path == folder / f"{labels.name}.gz"
    assert path.read_bytes() == archives[path.name]
    assert list(folder.iterdir()) == [path]
    assert read(labels, path).tolist() == (np.arange(12) % 10).tolist()


def test_unpacked_contents_are_kept_under_the_name_without_gz(mirror: Mirror, labels: Resource, tmp_path: Path) -> None:
    path = download(labels, [mirror.address("plain")], tmp_path)
    assert path == tmp_path / labels.name
    assert find(labels, [tmp_path]) == path
    assert len(read(labels, path)) == 12


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        ("missing", "the server answered 404 Not Found"),
        ("cut", r"ended after \d+ of \d+ bytes"),
        ("cut-unannounced", "truncated gzip archive"),
        ("damaged", "damaged gzip archive|truncated gzip archive"),
        ("other", r"does not hold train-labels-idx1-ubyte.*shape \(5,\), with SHA-256.*expected 20 bytes with SHA-256"),
        ("page", "not an IDX file"),
        ("empty", "not an IDX file"),
        ("endless", "sends more than the"),
        ("nonsense", "BadStatusLine"),
    ],
)
def test_a_bad_mirror_leaves_nothing_and_the_next_one_is_asked(
    mirror: Mirror, labels: Resource, tmp_path: Path, snapshot: Snapshot, behaviour: str, message: str
) -> None:
    (tmp_path / "other file").write_bytes(b"stays")
    before = snapshot()
    bad, good = mirror.address(behaviour), mirror.address("good")
    with pytest.raises(DataError, match=rf"(?s)from any of 1 mirrors:\n  {bad}.*(?:{message})"):
        download(labels, [bad], tmp_path / "raw", timeout=20)
    assert snapshot() == before
    assert read(labels, download(labels, [bad, good], tmp_path / "raw")).shape == (12,)
    assert mirror.asked[-1] == f"/good/{labels.name}.gz"
    assert len(list((tmp_path / "raw").iterdir())) == 1


def test_offline_every_mirror_is_named_with_its_failure(
    labels: Resource, tmp_path: Path, snapshot: Snapshot, refused: str
) -> None:
    before = snapshot()
    mirrors = [refused, "no-such-scheme://host/", "without a scheme/", refused + "second/"]
    with pytest.raises(DataError) as caught:
        download(labels, mirrors, tmp_path / "raw", timeout=5)
    message = str(caught.value)
    assert all(f"{address.rstrip('/')}/{labels.name}.gz: " in message for address in mirrors)
    assert "refused" in message
    assert "online?" in message
    assert str(tmp_path / "raw") in message
    assert snapshot() == before


def test_a_mirror_that_falls_silent_is_given_up(mirror: Mirror, labels: Resource, tmp_path: Path) -> None:
    start = time.perf_counter()
    path = download(labels, [mirror.address("stall"), mirror.address("good")], tmp_path, timeout=0.3)
    assert read(labels, path).shape == (12,)
    assert time.perf_counter() - start < 20


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_download_killed_in_the_middle_leaves_nothing(
    mirror: Mirror, labels: Resource, tmp_path: Path, snapshot: Snapshot, environment: dict[str, str]
) -> None:
    program = (
        "import sys; from pathlib import Path; from minigrad.datasets.download import *\n"
        "download(Resource(sys.argv[1], int(sys.argv[2]), sys.argv[3]), [sys.argv[4]], Path(sys.argv[5]) / 'raw')\n"
    )
    arguments = [labels.name, str(labels.size), labels.sha256, mirror.address("stall"), str(tmp_path)]
    before = snapshot()
    command = [sys.executable, "-c", program, *arguments]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment) as process:
        assert mirror.stalled.wait(60)
        process.kill()
        process.wait(30)
    assert snapshot() == before


def test_an_interrupt_while_writing_leaves_nothing(
    mirror: Mirror, labels: Resource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        download(labels, [mirror.address("good")], tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_named(mirror: Mirror, labels: Resource, tmp_path: Path) -> None:
    (tmp_path / "raw").write_bytes(b"a file, not a folder")
    with pytest.raises(DataError, match=r"raw.*cannot be written"):
        download(labels, [mirror.address("good")], tmp_path / "raw")
    assert (tmp_path / "raw").read_bytes() == b"a file, not a folder"


def test_without_tqdm_a_few_lines_tell_the_progress(
    mirror: Mirror,
    labels: Resource,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    download(labels, [mirror.address("good")], tmp_path)
    output = capsys.readouterr()
    assert output.out == ""
    lines = output.err.splitlines()
    assert 2 <= len(lines) <= 5
    assert "fetching" in lines[0]
    assert "100 %" in lines[-1]


def test_with_tqdm_the_bar_goes_to_stderr(
    mirror: Mirror, labels: Resource, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    download(labels, [mirror.address("good")], tmp_path)
    output = capsys.readouterr()
    assert output.out == ""
    assert labels.name in output.err


def test_reading_refuses_a_file_that_is_far_too_long(labels: Resource, tmp_path: Path) -> None:
    (tmp_path / labels.name).write_bytes(b"\0\0\x08\x01\0\x0f\x42\x40" + bytes(1_000_000))
    with pytest.raises(DataError, match=labels.name):
        read(labels, tmp_path / labels.name)


def test_the_dataset_downloads_what_is_missing_and_only_that(
    mirror: Mirror, tmp_path: Path, archives: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FashionMNIST, "mirrors", (mirror.address("missing"), mirror.address("good")))
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(archives["t10k-labels-idx1-ubyte.gz"])
    dataset = FashionMNIST(tmp_path, download=True)
    assert len(dataset) == 12
    raw = tmp_path / "FashionMNIST" / "raw"
    assert sorted(path.name for path in raw.iterdir()) == sorted(set(archives) - {"t10k-labels-idx1-ubyte.gz"})
    asked = list(mirror.asked)
    assert len(FashionMNIST(tmp_path, train=False, download=True)) == 5
    assert mirror.asked == asked


def test_a_download_that_fails_half_way_keeps_what_is_whole_and_goes_on_later(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, archives: dict[str, bytes]
) -> None:
    monkeypatch.setattr(FashionMNIST, "mirrors", (mirror.address("good"),))
    labels = mirror.files.pop("train-labels-idx1-ubyte.gz")
    mirror.files["train-labels-idx1-ubyte.gz"] = labels[:-1]
    with pytest.raises(DataError, match="train-labels-idx1-ubyte could not be downloaded"):
        FashionMNIST(tmp_path, download=True)
    raw = tmp_path / "FashionMNIST" / "raw"
    assert [path.name for path in raw.iterdir()] == ["train-images-idx3-ubyte.gz"]
    mirror.files["train-labels-idx1-ubyte.gz"] = labels
    assert len(FashionMNIST(tmp_path, download=True)) == 12


def test_no_network_module_is_loaded_before_a_download(environment: dict[str, str]) -> None:
    program = (
        "import sys, minigrad.datasets, minigrad.utils.data, minigrad.transforms\n"
        "print(sorted({'tqdm', 'urllib.request', 'http.client', 'ssl', 'gzip', 'scipy'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, env=environment)
    assert output.stdout.strip() == "[]"
    assert output.stderr == ""


def test_offline_use_opens_no_connection(
    tmp_path: Path, fill: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path)
    original = builtins.__import__

    def guarded(name: str, *rest: Any) -> Any:
        assert not name.startswith(("urllib", "http", "socket")), name
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", guarded)
    assert len(FashionMNIST(tmp_path, download=True)) == 12
