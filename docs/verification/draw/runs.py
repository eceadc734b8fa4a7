"""Runs of the release binary, read back from their dose files; and the figures' common look."""

import subprocess
import tempfile
from pathlib import Path

import h5py
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

plt.rcParams.update({
    "figure.dpi": 110, "font.size": 9, "axes.grid": True, "grid.alpha": 0.3, "axes.spines.top": False,
    "axes.spines.right": False, "lines.linewidth": 1.4, "legend.frameon": False, "svg.hashsalt": "smatrix2d",
})
FIGURES = Path(__file__).resolve().parents[1] / "figures"
CASE = """
[phantom]
material = "water"
x_mm = [-60.0, 60.0]
z_mm = [0.0, {depth:.1f}]
spacing_mm = [{dx}, {dz}]
[[beam]]
energy_mev = {energy:.1f}
sigma_x_mm = {sigma:.1f}
"""


class Program:
    def __init__(self, binary):
        self.binary = binary

    def run(self, energy, depth, dx=1.0, dz=1.0, sigma=3.0, case=CASE, **overrides):
        """Results as a dictionary of arrays; `overrides` with __ for the dots of keys."""
        with tempfile.TemporaryDirectory() as folder:
            path, out = Path(folder) / "case.toml", Path(folder) / "out.h5"
            path.write_text(case.format(energy=energy, depth=depth, dx=dx, dz=dz, sigma=sigma))
            sets = [part for key, value in overrides.items() for part in ("--set", f"{key.replace('__', '.')}={value}")]
            subprocess.run([self.binary, "run", "-q", str(path), "-o", str(out), *sets], check=True)
            found = {}
            with h5py.File(out) as file:
                file.visititems(lambda name, item: found.__setitem__(name, item[()]) if hasattr(item, "shape") else None)
                found["summary"] = dict(file["summary"].attrs)
                found["audit"] = dict(file["audit"].attrs)
            return found


def save(figure, name):
    figure.tight_layout()
    figure.savefig(FIGURES / f"{name}.png", metadata={"Software": None})
    plt.close(figure)
    print(f"  figures/{name}.png")
