"""`python -m sobolev` is the console command `sobolev`."""

from sobolev.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
