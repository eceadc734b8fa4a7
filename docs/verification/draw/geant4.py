"""Geant4 (Agostinelli et al., Nucl. Instrum. Methods A 506 (2003) 250) with all physics, for tests/data.

    geant4.py BINARY           depth doses and LET in water, maps there and with bone and lung; half an hour on two cores
    geant4.py BINARY ranges    how far protons come that only slow down, on Geant4's usual tables and on fine ones; seconds

Needs the package geant4-pybind 0.1.0 (Geant4 11.3.0) besides scripts/python-requirements.txt. BINARY, the release program, is asked for
the compositions of the slabs. Parallel beams, sigma 3 mm; geant4_beam.py says what is simulated.
"""

import json
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "tests/data"
CELL_MM, ACROSS = 1.0, 120
PRIMARY, OTHERS = 0, 2
BONE, LUNG = ("bone_cortical_mcsquare", 1.85), ("lung_mcsquare", 0.26)
# Those of the runs here and of tests/data/topas_water_depth_doses.csv.
RANGES_MEV = (70.0, 70.688, 99.965, 100.0, 125.729, 149.811, 150.0, 174.367, 199.492, 200.0, 216.449, 230.0)
USUAL_BINS, FINE_BINS = 20, 100


class Run(NamedTuple):
    energy_mev: float = 150.0
    depth_mm: int = 190
    histories: int = 100_000
    # Medium, from and to depth, from x, mm.
    region: tuple = ()
    seed: int = 1
    # Runs of as many histories with seeds of their own, whose mean is taken.
    parts: int = 1


# The longest first: two processes end together.
WATER = {
    "water_230mev": Run(230.0, 380, seed=5, parts=2),
    "water_200mev": Run(200.0, 300, seed=4),
    "water_150mev": Run(seed=3),
    "water_100mev": Run(100.0, 110, seed=2),
    "water_70mev": Run(70.0, 60, seed=1),
}
SLABS = {
    "bone_slab_150mev": Run(region=(BONE, 20, 50, -1e3), seed=6),
    "lung_half_150mev": Run(region=(LUNG, 20, 70, 0), depth_mm=220, seed=7),
}


class Scores:
    """MeV per proton in cells of 1 mm [z, x]; and by depth, of primaries and of all protons, the deposit and its integral of LET."""

    def __init__(self, depth_mm, seed):
        self.map_mev = np.zeros((depth_mm, ACROSS))
        self.depth_mev = np.zeros(depth_mm)
        self.let = np.zeros((2, 2, depth_mm))
        self.random = np.random.default_rng(seed)
        self.powers = integrated_powers()

    def take(self, steps):
        z0, z1, x0, x1, kind, deposit, before, after = steps
        share = self.random.random(len(z0))
        z = np.clip(((z0 + (z1 - z0) * share) / CELL_MM).astype(int), 0, len(self.depth_mev) - 1)
        x = np.floor((x0 + (x1 - x0) * share) / CELL_MM + ACROSS / 2).astype(int)
        inside = (x >= 0) & (x < ACROSS)
        np.add.at(self.map_mev, (z[inside], x[inside]), deposit[inside])
        np.add.at(self.depth_mev, z, deposit)
        lost = before - after
        # Slowing down alone: a step that ends in a reaction leaves some energy elsewhere.
        slows = (kind < OTHERS) & (np.abs(lost - deposit) < 1e-6 + 1e-3 * lost)
        grown = np.interp(before, *self.powers) - np.interp(after, *self.powers)
        for protons, counted in enumerate((slows & (kind == PRIMARY), slows)):
            np.add.at(self.let[protons, 0], z[counted], lost[counted])
            np.add.at(self.let[protons, 1], z[counted], grown[counted])


def integrated_powers():
    """Integral of Geant4's stopping power in water over the energy, MeV keV/um, at energies in MeV: its growth along a step is the
    step's loss times the LET that it is lost with."""
    lines = (ROOT / "data/geant4/water_78ev.csv").read_text().splitlines()
    table = np.loadtxt([line for line in lines if line[0].isdigit()], delimiter=",")
    energy_mev = np.geomspace(1e-3, 300, 30_000)
    kev_per_um = 0.1 * np.exp(np.interp(np.log(energy_mev), *np.log(table.T)))
    parts = 0.5 * np.diff(energy_mev) * (kev_per_um[1:] + kev_per_um[:-1])
    return energy_mev, np.concatenate([[0], np.cumsum(parts)])


def simulate(run, medium):
    """In a process of its own: Geant4 begins once."""
    import geant4_beam

    scores = Scores(run.depth_mm, run.seed)
    region = medium and (medium, *run.region[1:])
    geant4_beam.march(run.energy_mev, run.histories, run.depth_mm, scores.take, region=region, seed=run.seed)
    return scores.map_mev / run.histories, scores.depth_mev / run.histories, scores.let / run.histories


def medium(binary, run):
    if not run.region:
        return None
    name, density = run.region[0]
    found = json.loads(subprocess.run([binary, "materials", name, "--json"], check=True, capture_output=True, text=True).stdout)
    figures = ("mean_excitation_energy_ev", "composition")
    return {"name": name, "density_g_per_cm3": density, **{figure: found[figure] for figure in figures}}


def processes():
    return ProcessPoolExecutor(cpu_count(), mp_context=get_context("spawn"), max_tasks_per_child=1)


SOURCE = "Geant4 11.3.0, docs/verification/draw/geant4.py, {} histories"


def save_map(name, run, map_mev):
    cells_z, cells_x = map_mev.shape
    np.savez_compressed(
        DATA / f"geant4_nuclear_{name}_map.npz",
        x_mm=(np.arange(cells_x) + 0.5 - cells_x / 2) * CELL_MM,
        z_mm=(np.arange(cells_z) + 0.5) * CELL_MM,
        edep_MeV_per_primary_zx=map_mev.astype(np.float32),
        source=SOURCE.format(run.parts * run.histories) + "; MeV per proton in cells of 1 mm, summed over y",
    )


def save_depths(name, heading, columns):
    """Columns by their labels, nothing behind the end of a phantom."""
    depths = max(len(values) for values in columns.values())
    with open(DATA / name, "w") as file:
        histories = ", ".join(f"{run.parts * run.histories} ({run.energy_mev:.0f} MeV)" for run in WATER.values())
        file.write(f"# {SOURCE.format(histories)}: {heading}\n")
        file.write(",".join(["depth_mm", *columns]) + "\n")
        for z in range(depths):
            row = [f"{values[z]:.6g}" if z < len(values) else "NaN" for values in columns.values()]
            file.write(",".join([f"{(z + 0.5) * CELL_MM:.1f}", *row]) + "\n")


def mean(parts):
    return tuple(sum(one) / len(parts) for one in zip(*parts))


def let_d(let):
    """keV/um by depth; NaN where too few protons are left to tell (1e-4 of the largest deposit)."""
    weight, integral = let
    return np.where(weight > 1e-4 * weight.max(), integral / np.maximum(weight, 1e-30), np.nan)


def save(found):
    doses, lets = {}, {}
    for name, run in sorted(WATER.items(), key=lambda named: named[1].energy_mev):
        _, depth_mev, let = found[name]
        energy = name.removeprefix("water_")
        doses[f"{energy}_mev_per_mm"] = depth_mev / CELL_MM
        for label, protons in (("all", 1), ("primary", 0)):
            lets[f"{label}_{energy}_kev_per_um"] = let_d(let[protons])
    save_depths("geant4_nuclear_water_depth_doses.csv", "energy per proton and mm in water of 78 eV, all physics", doses)
    save_depths("geant4_nuclear_water_let_d.csv", "dose-averaged LET over the plane, of all protons and of primaries", lets)
    for name, run in (WATER | SLABS).items():
        save_map(name, run, found[name][0])


def csda_range_mm(energy_mev, bins_a_decade):
    """The depth that a proton comes to which neither scatters, straggles nor reacts."""
    import geant4_beam

    depths = []
    geant4_beam.march(
        energy_mev, 2, 500, lambda steps: depths.append(steps[1].max()),
        sigma_mm=0.0, nuclear=False, scattering=False, straggling=False, bins_a_decade=bins_a_decade,
    )
    return max(depths)


def save_ranges():
    with processes() as pool:
        found = [[pool.submit(csda_range_mm, energy, bins) for bins in (USUAL_BINS, FINE_BINS)] for energy in RANGES_MEV]
        rows = [[energy, *(one.result() for one in ranges)] for energy, ranges in zip(RANGES_MEV, found)]
    with open(DATA / "geant4_csda_ranges.csv", "w") as file:
        file.write("# Geant4 11.3.0, docs/verification/draw/geant4.py: depths in water of 78 eV that protons come to which only slow down, in steps of 1 mm,\n")
        file.write(f"# on tables of {USUAL_BINS} bins a decade (usual) and of {FINE_BINS}\n")
        file.write("energy_mev,usual_mm,fine_mm\n")
        file.writelines(f"{energy},{usual:.4f},{fine:.4f}\n" for energy, usual, fine in rows)


def main(binary, what=""):
    if what == "ranges":
        return save_ranges()
    with processes() as pool:
        parts = {
            name: [pool.submit(simulate, run._replace(seed=run.seed + 100 * part), medium(binary, run)) for part in range(run.parts)]
            for name, run in (WATER | SLABS).items()
        }
        save({name: mean([part.result() for part in runs]) for name, runs in parts.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
