"""The opt-in downloads, against a local server that misbehaves in every way it can."""

import hashlib
import http.server
import io
import json
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pooch
import pytest

from desdecero.data import public
from desdecero.data.public import DownloadError, fetch_instructions, fetch_sms_spam_collection
from desdecero.edition import use_edition

SHARED = Path(__file__).parents[2] / "shared" / "data" / "book_inputs"

ENTRIES = [{"instruction": f"Say {i}.", "input": "", "output": str(i)} for i in range(200)]
JSON = json.dumps(ENTRIES).encode()
SMS = "ham\tWe're at the café\nspam\tYou won\ta prize\n".encode()


def zipped(content: bytes, name: str = public.SMS_MEMBER) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


class Handler(http.server.BaseHTTPRequestHandler):
    """`/good`, `/wrong`, `/half`, `/error` and `/slow` do what they say; `/flaky` is half the first time."""

    body = JSON
    calls = 0

    def do_GET(self) -> None:
        kind = self.path.strip("/")
        Handler.calls += 1
        if kind == "error":
            self.send_error(500)
            return
        body = b"something else" if kind == "wrong" else self.body
        half = kind == "half" or (kind == "flaky" and Handler.calls == 1)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if half else body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    use_edition("es")
    monkeypatch.setattr(public, "INSTRUCTIONS_SHA256", hashlib.sha256(JSON).hexdigest())
    monkeypatch.setattr(public, "SMS_SHA256", hashlib.sha256(SMS).hexdigest())
    monkeypatch.setattr(Handler, "body", JSON)
    monkeypatch.setattr(Handler, "calls", 0)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()


def test_a_file_is_downloaded_once(server: str, tmp_path: Path) -> None:
    assert fetch_instructions(f"{server}/good", tmp_path) == ENTRIES
    assert fetch_instructions(f"{server}/good", tmp_path) == ENTRIES
    assert Handler.calls == 1


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [("wrong", "no es el archivo esperado"), ("half", "No se puede descargar"), ("error", "código 500")],
)
def test_a_bad_download_is_one_sentence_and_leaves_nothing(
    server: str, tmp_path: Path, kind: str, complaint: str
) -> None:
    with pytest.raises(DownloadError, match=complaint) as raised:
        fetch_instructions(f"{server}/{kind}", tmp_path)
    assert "\n" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert list(tmp_path.iterdir()) == []


def test_a_broken_download_starts_again_cleanly(server: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadError):
        fetch_instructions(f"{server}/flaky", tmp_path)
    assert fetch_instructions(f"{server}/flaky", tmp_path) == ENTRIES


def test_a_spoilt_cache_is_downloaded_again(server: str, tmp_path: Path) -> None:
    fetch_instructions(f"{server}/good", tmp_path)
    (tmp_path / "instruction-data.json").write_text("spoilt")
    assert fetch_instructions(f"{server}/good", tmp_path) == ENTRIES


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://nowhere.invalid"])
def test_without_a_network_it_says_so_within_two_seconds(address: str, tmp_path: Path) -> None:
    use_edition("en")
    start = time.monotonic()
    with pytest.raises(DownloadError, match="the rest of the course works without one"):
        fetch_instructions(f"{address}/good", tmp_path)
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    ("edition", "complaint"), [("es", "No se puede escribir en .*DESDECERO_CACHE"), ("en", "Can't write to .*file")]
)
def test_a_folder_that_can_not_be_written_is_not_blamed_on_the_network(
    server: str, tmp_path: Path, edition: str, complaint: str
) -> None:
    use_edition(edition)
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DownloadError, match=complaint) as raised:
        fetch_instructions(f"{server}/good", tmp_path / "file" / "cache")
    assert "\n" not in str(raised.value)


def test_the_variable_moves_the_cache(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESDECERO_CACHE", str(tmp_path / "mine"))
    fetch_instructions(f"{server}/good")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["instruction-data.json"]
    monkeypatch.delenv("DESDECERO_CACHE")
    assert public.cache_folder() == Path(pooch.os_cache("desdecero"))


def test_messages_come_out_of_their_archive(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Handler, "body", zipped(SMS))
    table = fetch_sms_spam_collection(f"{server}/good", tmp_path)
    assert table.to_dict("records") == [
        {"label": "ham", "text": "We're at the café"},
        {"label": "spam", "text": "You won\ta prize"},
    ]
    assert [path.name for path in tmp_path.iterdir()] == [public.SMS_MEMBER]
    fetch_sms_spam_collection(f"{server}/good", tmp_path)
    assert Handler.calls == 1


@pytest.mark.parametrize("body", [zipped(b"ham\tno\n"), zipped(SMS, "another name"), b"no archive"])
def test_an_archive_with_something_else_is_refused(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    monkeypatch.setattr(Handler, "body", body)
    with pytest.raises(DownloadError, match="no es el archivo esperado"):
        fetch_sms_spam_collection(f"{server}/good", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not SHARED.exists(), reason="copies of the public files are not here")
def test_the_real_files_have_the_hashes_we_expect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{serving.server_port}/good"
        monkeypatch.setattr(Handler, "body", (SHARED / "instruction-data.json").read_bytes())
        assert len(fetch_instructions(address, tmp_path)) == 1_100
        monkeypatch.setattr(Handler, "body", zipped((SHARED / "SMSSpamCollection").read_bytes()))
        table = fetch_sms_spam_collection(address, tmp_path)
        assert table["label"].value_counts().to_dict() == {"ham": 4_827, "spam": 747}
        serving.shutdown()
