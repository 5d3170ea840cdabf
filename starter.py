"""Holdfast's command line: `python starter.py --help`. The commands themselves live in adapters/cli/."""

from adapters.cli.app import main

if __name__ == "__main__":
    main()
