"""`python -m kerasgen.cli` is the `kerasgen` command."""

from kerasgen.cli import main

if __name__ == "__main__":
    main()
