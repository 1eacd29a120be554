"""``python -m variate.cli``."""

from variate.cli import main

if __name__ == "__main__":
    main(prog_name="variate")
