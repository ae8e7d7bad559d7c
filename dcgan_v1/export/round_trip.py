"""Loads an exported file as its card says, in a process without anything of ours.

python round_trip.py RECIPE INPUT OUTPUT ALONE, in the folder of the file: RECIPE is a file
with the lines of the card and, before them, a line with the names of what goes in and
what comes out; INPUT an array of 64; OUTPUT gets what they give, and the same for the
first ALONE of them in batches of 1.
"""

import sys
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    recipe, x_path, out, alone = sys.argv[1:]
    sys.path[0] = ""  # the folder, as for somebody who types the lines
    names, _, lines = Path(recipe).read_text().partition("\n")
    x_name, y_name = names.split()
    code, x = compile(lines, "the card's lines", "exec"), np.load(x_path)

    def outcome(batch: np.ndarray) -> np.ndarray:
        variables = {x_name: batch}
        exec(code, variables)
        return np.asarray(variables[y_name])

    singles = np.array([outcome(x[i : i + 1])[0] for i in range(int(alone))])
    np.savez(out, together=outcome(x), alone=singles)
