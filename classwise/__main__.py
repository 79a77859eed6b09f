"""`python -m classwise` is the command `classwise`."""

from classwise.zoo.commands import main

if __name__ == "__main__":
    raise SystemExit(main())
