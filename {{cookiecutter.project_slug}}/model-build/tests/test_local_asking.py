"""`invoke` against addresses, headers and servers that are not what they should be: one clear line each."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from local_models import Run, command_line, project_with_models
from step_outputs import StepOutputs


@pytest.fixture
def run(tmp_path: Path, steps: StepOutputs, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    return command_line(project_with_models(tmp_path, steps).root, monkeypatch, capfd)


@contextmanager
def answering(body: bytes, status: int = 200) -> Iterator[str]:
    """The address of a server that answers every request so."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    "url",
    ["http://[", "http://", "http://:80", "http://a:b", "http://a:99999", "http://a:0", "http://a b", "http://ä",
     "http://a\n", "http://me:secret@a", "127.0.0.1:8080"],
)  # fmt: skip
def test_what_is_no_address_is_bad_usage_in_one_line(run: Run, url: str) -> None:
    code, out, err = run("invoke", "--url", url)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err == f"error: {url!r} is no address of a server; expected one such as http://127.0.0.1:8080\n"


@pytest.mark.parametrize("accept", ["текст", "a\nb", "a\rb", "\x00", "text/csv\x7f"])
def test_what_is_no_media_type_is_bad_usage_in_one_line(run: Run, accept: str) -> None:
    code, out, err = run("invoke", "--accept", accept, "--url", "http://127.0.0.1:1")
    assert (code, out) == (2, "")
    assert err == f"error: {accept!r} is no media type; expected one such as application/json\n"


@pytest.mark.parametrize(
    "body",
    [
        b"<html>\n<p>hello</p>",
        b"",
        b"[]",
        b"null",
        b"\xff",
        b'{"predictions":[]}',
        b'{"predictions":7}',
        b'{"predictions":["a"]}',
        b'{"predictions":[{"score":1}]}',
        b'{"predictions":[{"prediction":"a","score":"high"}]}',
        b'{"predictions":[{"prediction":"a","attributions":[1]}]}',
        b'{"predictions":[{"prediction":"a","attributions":{"x":1}}]}',
    ],
)
def test_an_answer_of_another_program_is_one_line(run: Run, body: bytes) -> None:
    with answering(body) as url:
        code, out, err = run("invoke", "--url", url)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"error: {url} answers ") and "expected predictions as JSON" in err


def test_more_answers_than_rows_are_shown_without_values(run: Run) -> None:
    row = b'{"prediction":1,"base_value":0,"attributions":{"x":1}}'
    with answering(b'{"predictions":[' + b",".join([row] * 9) + b"]}") as url:
        code, out, err = run("invoke", "--url", url)
    assert (code, err) == (0, "")
    assert out.count("Row ") == 9 and "x = " not in out


def test_an_answer_to_rows_that_are_no_json_is_shown_without_values(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text("{")
    with answering(b'{"predictions":[{"prediction":1}]}') as url:
        code, out, err = run("invoke", "--url", url, "--file", str(tmp_path / "rows.json"))
    assert (code, err) == (0, "")
    assert "1 row in " in out


def test_a_refusal_over_several_lines_is_told_in_one(run: Run) -> None:
    with answering(b"<html>\n<p>not here</p>\n", 404) as url:
        code, out, err = run("invoke", "--url", url)
    assert (code, out, err) == (1, "", "error: the server answers 404: <html> <p>not here</p>\n")
