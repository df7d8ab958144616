"""`python -m desdecero.authoring build [ch03 …] [--force]`, `… references`, `… tokenizers [--corpus FOLDER]`.

`… mini --corpus FOLDER --out FOLDER` trains the model in the box, and `… card`, with the same, measures it.
"""

import argparse
import sys
from pathlib import Path

from desdecero.authoring.chapters import ChapterError


def main() -> int:
    parser = argparse.ArgumentParser(prog="desdecero.authoring", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="bring solutions/ and course/ up to date with chapters/")
    build.add_argument("chapters", nargs="*", help="ch03 …; all by default")
    build.add_argument("--force", action="store_true", help="run every notebook again, changed or not")
    commands.add_parser("references", help="make the stored reference tensors of the checks anew")
    tokenizers = commands.add_parser("tokenizers", help="train the course's tokenizers anew")
    tokenizers.add_argument("--corpus", type=Path, help="where the larger one's texts are; without it only the small")
    mini = commands.add_parser("mini", help="train the model in the box; takes hours without a GPU")
    card = commands.add_parser("card", help="put a trained model into the box, measure it, and write its card")
    for command in (mini, card):
        command.add_argument("--corpus", type=Path, required=True, help="the folder that data/cards/mini.md describes")
        command.add_argument("--out", type=Path, default=Path("pretrained"), help="where the run is kept")
    options = parser.parse_args()
    try:
        if options.command == "build":
            from desdecero.authoring.build import build as run

            run(options.chapters, options.force)
        elif options.command == "mini":
            from desdecero.authoring.mini import train_mini

            print(train_mini(options.corpus, options.out))
        elif options.command == "card":
            from desdecero.authoring.card import write_card

            print(write_card(options.corpus, options.out))
        elif options.command == "tokenizers":
            from desdecero.authoring.tokenizer import make_tokenizers, measure

            for path in make_tokenizers(options.corpus):
                print(path)
            if options.corpus:
                print(measure(options.corpus))
        else:
            from desdecero.authoring.oracles import write_references

            for path in write_references():
                print(path)
    except ChapterError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
