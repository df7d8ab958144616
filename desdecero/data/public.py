"""Public data sets that need a network, once: downloaded into a cache, verified, never half written.

Nothing in the course depends on them; `load_sms` and `load_instructions` are in the box.
"""

import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pooch
import requests

from desdecero.edition import say
from desdecero.errors import CourseError
from desdecero.files import whole

# Almeida and Gómez Hidalgo (2011), UCI repository, CC BY 4.0.
SMS_URL = "https://archive.ics.uci.edu/static/public/228/sms+spam+collection.zip"
SMS_MEMBER = "SMSSpamCollection"
SMS_SHA256 = "7d039a24a6083ed9ef0f806ebad56bbb976e3aeb8de05669173bfdc4996c239d"

# 1,100 entries in the form of Alpaca (Taori et al., 2023), Apache-2.0; the commit is part of the address.
INSTRUCTIONS_URL = (
    "https://raw.githubusercontent.com/rasbt/LLMs-from-scratch/28c65cdfbc3338e2e040016eea4b7fdf556e4d57/"
    "ch07/01_main-chapter-code/instruction-data.json"
)
INSTRUCTIONS_SHA256 = "7e09a9af353722ca15c18bc580f093f9c39d3178335a75177319cb1e1d163944"

CONNECT, READ = 1.5, 30  # seconds: without a network the answer comes at once


class DownloadError(CourseError, RuntimeError):
    """A file could not be had; the message says why, and what works without it."""


def cache_folder() -> Path:
    """Where downloads are kept; the variable DESDECERO_CACHE moves it."""
    chosen = os.environ.get("DESDECERO_CACHE")
    return Path(chosen).expanduser() if chosen else Path(pooch.os_cache("desdecero"))


def fetch_sms_spam_collection(url: str = SMS_URL, folder: Path | None = None) -> pd.DataFrame:
    """5,574 English messages, columns `label` ("ham" or "spam") and `text`.

    Raises:
        DownloadError: without a network, if what came is not the file it should be, or if it can't be kept.
    """
    folder = folder or cache_folder()
    path = folder / SMS_MEMBER
    if not _is(path, SMS_SHA256):
        archive = _download(url, None, folder, "sms_spam_collection.zip")
        try:
            with zipfile.ZipFile(archive) as content:
                data = content.read(SMS_MEMBER)
        except (zipfile.BadZipFile, KeyError):
            data = b""
        finally:
            archive.unlink()
        with _explained(url, folder), whole(path) as part:
            part.write_bytes(data)
            if not _is(part, SMS_SHA256):
                raise DownloadError(_altered(url))
    rows = [line.split("\t", 1) for line in path.read_text(encoding="utf-8").splitlines()]
    return pd.DataFrame(rows, columns=["label", "text"])


def fetch_instructions(url: str = INSTRUCTIONS_URL, folder: Path | None = None) -> list[dict[str, str]]:
    """1,100 English entries with `instruction`, `input` and `output`.

    Raises:
        DownloadError: without a network, if what came is not the file it should be, or if it can't be kept.
    """
    path = _download(url, INSTRUCTIONS_SHA256, folder or cache_folder(), "instruction-data.json")
    return json.loads(path.read_text(encoding="utf-8"))


def _is(path: Path, sha256: str) -> bool:
    return path.exists() and pooch.file_hash(path) == sha256


def _download(url: str, sha256: str | None, folder: Path, name: str) -> Path:
    """The file, from the cache if it is there; pooch writes to a temporary file and verifies before it renames."""
    downloader = pooch.HTTPDownloader(progressbar=True, timeout=(CONNECT, READ))
    pooch.get_logger().setLevel("ERROR")
    with _explained(url, folder):
        return Path(pooch.retrieve(url, known_hash=sha256, fname=name, path=folder, downloader=downloader))


@contextmanager
def _explained(url: str, folder: Path) -> Iterator[None]:
    """Around what brings `url` into `folder`.

    Raises:
        DownloadError: in place of each library's own errors.
    """
    try:
        yield
    except requests.HTTPError as error:
        status = error.response.status_code
        raise DownloadError(
            say(
                f"El servidor no entrega {url} (código {status}): inténtalo más tarde; el curso no lo necesita.",
                f"The server does not deliver {url} (code {status}): try again later; the course does not need it.",
            )
        ) from None
    except (requests.RequestException, ConnectionError, TimeoutError):  # the first is an OSError, too
        raise DownloadError(
            say(
                f"No se puede descargar {url}: comprueba la conexión; todo lo demás del curso funciona sin red.",
                f"{url} can't be downloaded: check the connection; all the rest of the course works without one.",
            )
        ) from None
    except OSError as error:
        raise DownloadError(
            say(
                f"No se puede escribir en {folder} ({type(error).__name__}): elige otra carpeta con la variable "
                "DESDECERO_CACHE.",
                f"Can't write to {folder} ({type(error).__name__}): choose another folder with the variable "
                "DESDECERO_CACHE.",
            )
        ) from None
    except ValueError:  # pooch: the hash differs
        raise DownloadError(_altered(url)) from None


def _altered(url: str) -> str:
    return say(
        f"Lo descargado de {url} no es el archivo esperado y se ha descartado: inténtalo de nuevo.",
        f"What came from {url} is not the file expected and was discarded: try again.",
    )
