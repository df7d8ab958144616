"""The judge, beside a small server that speaks Ollama's API, well and badly."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from desdecero.edition import current_edition, use_edition
from desdecero.judge import JudgeError, ask, score


class StandIn(ThreadingHTTPServer):
    """Answers every question with what `behaviour` does; keeps the questions."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.asked: list[dict] = []
        self.paths: list[str] = []
        self.behaviour: Callable[[Handler], None] = lambda handler: handler.say("87")
        self.done = threading.Event()


class Handler(BaseHTTPRequestHandler):
    server: StandIn

    def do_POST(self) -> None:
        self.server.paths.append(self.path)
        self.server.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.behaviour(self)

    def send(self, body: str, status: int = 200, claimed: int = 0) -> None:
        """Send a body; one that claims to be longer than it is breaks off."""
        data = body.encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Length", str(len(data) + claimed))
        self.end_headers()
        self.wfile.write(data)

    def say(self, text: str) -> None:
        """A reply as Ollama gives it."""
        message = {"role": "assistant", "content": text}
        self.send(json.dumps({"model": "llama3.2", "message": message, "done_reason": "stop", "done": True}))

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[StandIn]:
    server = StandIn()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.done.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(params=["es", "en"])
def edition(request: pytest.FixtureRequest) -> Iterator[str]:
    before = current_edition()
    yield use_edition(request.param)
    use_edition(before)


def message(url: str, **settings: object) -> str:
    """What the judge's error says; it is one sentence on one line, shown without a traceback."""
    with pytest.raises(JudgeError) as caught:
        score("Name a tree.", "A poplar.", "A stone.", url=url, **settings)
    error = caught.value
    assert isinstance(error, RuntimeError)
    assert error._render_traceback_() == [str(error)]
    return str(error)


def test_a_reply_comes_back_and_the_question_has_the_apis_form(server: StandIn) -> None:
    server.behaviour = lambda handler: handler.say("Después de la piedra, el chopo.")
    assert ask("¿Qué viene ahora?", model="m:1b", url=server.url + "/") == "Después de la piedra, el chopo."
    (question,) = server.asked
    assert server.paths == ["/api/chat"]
    assert question["model"] == "m:1b" and question["stream"] is False
    assert question["messages"] == [{"role": "user", "content": "¿Qué viene ahora?"}]
    assert question["options"]["temperature"] == 0 and isinstance(question["options"]["seed"], int)


def test_the_judge_is_asked_in_the_editions_language(server: StandIn, edition: str) -> None:
    assert score("Escribe {algo}.", "Un {chopo}.", "%s {0}", url=server.url) == 87
    prompt = server.asked[0]["messages"][0]["content"]
    assert all(text in prompt for text in ("Escribe {algo}.", "Un {chopo}.", "%s {0}"))
    assert ("número entero" in prompt) == (edition == "es")
    assert ("whole number" in prompt) == (edition == "en")


def test_proxies_are_left_aside(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert score("a", "b", "c", url=server.url) == 87


def test_without_a_server_it_says_so_at_once(edition: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nothing answers
        start = time.monotonic()
        told = message(f"http://localhost:{taken.getsockname()[1]}")
    assert time.monotonic() - start < 2
    assert "ollama serve" in told and "https://ollama.com/download" in told
    assert told.startswith("No hay" if edition == "es" else "There is no")


def test_an_address_that_does_not_even_refuse_is_given_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = []

    def nobody(session: requests.Session, url: str, timeout: tuple[float, float], **settings: object) -> None:
        waited.append(timeout[0])
        raise requests.ConnectTimeout

    monkeypatch.setattr(requests.Session, "post", nobody)
    assert "ollama serve" in message("http://localhost:11434")
    assert 2 * waited[0] < 2  # "localhost" may be two addresses


@pytest.mark.parametrize("started", [False, True], ids=["before_the_answer", "within_the_answer"])
def test_a_slow_model_runs_out_of_time(server: StandIn, edition: str, started: bool) -> None:
    def wait(handler: Handler) -> None:
        if started:
            handler.send('{"model": ', claimed=100)
            handler.wfile.flush()
        server.done.wait(10)

    server.behaviour = wait
    start = time.monotonic()
    told = message(server.url, timeout=0.2)
    assert time.monotonic() - start < 2
    assert "0.2" in told and "timeout" in told
    assert ("segundos" if edition == "es" else "seconds") in told


@pytest.mark.parametrize("text", ["model 'm:9b' not found", 'model "m:9b" not found, try pulling it first'])
def test_a_model_that_is_not_there_can_be_pulled(server: StandIn, edition: str, text: str) -> None:
    server.behaviour = lambda handler: handler.send(json.dumps({"error": text}), status=404)
    told = message(server.url, model="m:9b")
    assert "ollama pull m:9b" in told
    assert ("descárgalo" if edition == "es" else "download it") in told


def test_the_servers_own_error_is_passed_on(server: StandIn, edition: str) -> None:
    server.behaviour = lambda handler: handler.send('{"error": "needs more\\n memory"}', status=500)
    assert "500, needs more memory" in message(server.url)
    server.behaviour = lambda handler: handler.send("<h1>Bad gateway</h1>", status=502)
    assert "(502)" in message(server.url)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("<html>It works!</html>", 200),
        ("", 200),
        ("[1, 2]", 200),
        ('"87"', 200),
        ('{"response": "87"}', 200),
        ('{"message": "87"}', 200),
        ('{"message": {"content": null}}', 200),
        ("404 page not found", 404),
        ('["error"]', 404),
    ],
)
def test_nonsense_is_not_ollama(server: StandIn, edition: str, body: str, status: int) -> None:
    server.behaviour = lambda handler: handler.send(body, status=status)
    assert ("no es Ollama" if edition == "es" else "is not Ollama") in message(server.url)


HALVES = {
    "cut_text": lambda handler: handler.send('{"model": "llama3.2", "message": {"ro'),
    "cut_connection": lambda handler: handler.send('{"model": "llama3.2", "mess', claimed=500),
    "not_done": lambda handler: handler.send('{"message": {"role": "assistant", "content": "8"}, "done": false}'),
}


@pytest.mark.parametrize("half", HALVES)
def test_half_an_answer_is_said_to_be_half(server: StandIn, edition: str, half: str) -> None:
    server.behaviour = HALVES[half]
    assert ("a medias" if edition == "es" else "halfway") in message(server.url)


@pytest.mark.parametrize("url", ["localhost:11434", "ollama", "", "http://"])
def test_an_address_that_is_none_is_shown_how(edition: str, url: str) -> None:
    assert "http://localhost:11434" in message(url)


@pytest.mark.parametrize("reply", ["", "Me gusta mucho.", "Ciento veinte", "150", "-5", "gpt4 dice que bien"])
def test_a_reply_without_a_mark_is_quoted(server: StandIn, edition: str, reply: str) -> None:
    server.behaviour = lambda handler: handler.say(reply)
    told = message(server.url, model="m:9b")
    assert "m:9b" in told and reply in told
