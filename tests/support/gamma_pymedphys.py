"""Prints pymedphys' gamma map of reference.npz and evaluated.npz in a folder: FOLDER PERCENT MM global|local."""

import sys
from pathlib import Path

import numpy as np
import pymedphys


def load(path):
    data = np.load(path)
    return (data["z_mm"], data["x_mm"]), data["dose"]


def main():
    folder, percent, distance_mm, normalisation = Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    reference_axes, reference = load(folder / "reference.npz")
    evaluated_axes, evaluated = load(folder / "evaluated.npz")
    gamma = pymedphys.gamma(
        reference_axes, reference, evaluated_axes, evaluated, percent, distance_mm,
        lower_percent_dose_cutoff=10, interp_fraction=50, max_gamma=2, local_gamma=normalisation == "local",
        interp_algo="scipy",
    )
    np.savetxt(sys.stdout, gamma.ravel(), fmt="%.9g")


if __name__ == "__main__":
    main()
