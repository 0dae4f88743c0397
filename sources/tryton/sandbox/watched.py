"""Runs a script that ends when whoever started it ends: `python watched.py SCRIPT ARGUMENT...`.

Standard input is a pipe that the starter holds open. It closes with the starter, however that came to its end.
Executed by Tryton's own interpreter; nothing imports it.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading


def _end_with_the_starter() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_starter, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
