"""What protons set free in nonelastic reactions by Geant4's Binary cascade (Folger et al., Eur. Phys. J. A 21 (2004) 407), for data/binary_cascade.

    geant4_reactions.py        all elements; an hour on two cores
    geant4_reactions.py O C    these alone

Protons of one energy react in a block of one element; each is followed to its reaction and no farther, and loses nothing before it. Needs
the package geant4-pybind 0.1.0 (Geant4 11.3.0); geant4_beam.py says what its nuclear levels are.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path

import numpy as np
import scipy.optimize

DATA = Path(__file__).resolve().parents[3] / "data/binary_cascade"
# Below 45 MeV Geant4 leaves reactions to its precompound model.
INCIDENT_MEV = (10, 14, 18, 22, 26, 30, 35, 40, 44, 46, 50, 60, 70, 80, 100, 120, 150, 180, 215, 250)
# Protons at every incident energy.
ELEMENTS = {"O": 30_000, "C": 20_000, "Pb": 10_000, "Cu": 10_000, "Ca": 10_000, "N": 10_000, "P": 10_000, "Al": 10_000}
# Outgoing energies are multiples of the incident one over this; angles as in data/icru63.
BINS = 40
ANGLE_DEG = np.array([0, 10, 20, 30, 40, 50, 60, 70, 90, 110, 130, 150, 180.0])
PROTON, DEUTERON, HEAVIER = range(3)
SOURCE = "# Geant4 11.3.0 (Geant4 Software License), Binary cascade, computed for this project by docs/verification/draw/geant4_reactions.py: {} protons at every incident energy."


def reactions(element, energies_mev, number):
    """Reactions at every energy, and rows (energy index, which secondary, MeV, cosine) of their charged secondaries."""
    import geant4_block

    happened, found = [], []

    def take(step):
        all_born = step.GetSecondaryInCurrentStep()
        # Where nothing is born, the cross-section at the step's end was too small after all.
        happened.append(len(all_born) > 0)
        for born in all_born:
            kind = born.GetParticleDefinition()
            charge, mass = kind.GetAtomicNumber(), kind.GetAtomicMass()
            if charge > 0:
                which = {(1, 1): PROTON, (1, 2): DEUTERON}.get((charge, mass), HEAVIER)
                found.append((which, born.GetKineticEnergy(), born.GetMomentumDirection().z))

    numbers, rows = [], []
    seeds = len(element) + ord(element[0]), ord(element[-1])
    for index, _ in enumerate(geant4_block.march(element, "protonInelastic", energies_mev, number, take, seeds)):
        numbers.append(sum(happened))
        rows.append(np.array([(index, *one) for one in found]).reshape(-1, 4))
        happened.clear()
        found.clear()
    return numbers, np.concatenate(rows)


def energy_shares(energy_mev, spacing_mev):
    """Point below and the share of the next, so that number and energy stay: spectra are linear between the points, and what is at no energy
    has a mean of a third of the spacing."""
    place = np.minimum(energy_mev / spacing_mev, BINS - 1e-9)
    point = place.astype(int)
    share = place - point
    first = point == 0
    share[first] = np.maximum(1.5 * place[first] - 0.5, 0)
    return point, share


def hats(angle):
    """Of every angle of the table: 1 there, falling linearly to 0 at its neighbours, [angle of the table, angle]."""
    table = np.radians(ANGLE_DEG)
    return np.array([np.interp(angle, table, one) for one in np.eye(len(table))])


def overlaps_sr():
    """Integrals over the sphere of the products of two hats."""
    parts = 36_000
    angle = (np.arange(parts) + 0.5) * np.pi / parts
    values = hats(angle)
    return (values * (2 * np.pi * np.sin(angle) * np.pi / parts)) @ values.T


def spectrum(energy_mev, cosine, incident_mev, number):
    """Per reaction, MeV and sr, [outgoing energy, angle]: linear in the angle between the table's, and such that the integral with every hat is that
    of the secondaries themselves, as far as it goes without anything negative."""
    spacing_mev = incident_mev / BINS
    point, share = energy_shares(energy_mev, spacing_mev)
    by_angle = hats(np.arccos(np.clip(cosine, -1, 1)))
    sums = np.zeros((BINS + 1, len(ANGLE_DEG)))
    np.add.at(sums, point, ((1 - share) * by_angle).T)
    np.add.at(sums, point + 1, (share * by_angle).T)
    overlaps = overlaps_sr()
    found = np.array([scipy.optimize.nnls(overlaps, row)[0] for row in sums])
    numbers, kept = sums.sum(1), found @ overlaps.sum(1)
    found *= np.divide(numbers, kept, out=np.zeros_like(kept), where=kept > 0)[:, None]
    widths_mev = np.where(np.arange(BINS + 1) == 0, 0.5, 1.0) * spacing_mev
    return found / (number * widths_mev[:, None])


def save_spectra(element, name, which, happened, rows):
    with open(DATA / f"{name}_{element.lower()}.csv", "w") as file:
        file.write(SOURCE.format(ELEMENTS[element]) + "\n")
        file.write(f"# Secondary {name} per reaction, MeV and sr at the energy bin/{BINS} of the incident one and at the angles (degree) of the heading; rows of zeros left out.\n")
        file.write(",".join(["energy_mev", "bin", *(f"{angle:.0f}" for angle in ANGLE_DEG)]) + "\n")
        for index, incident_mev in enumerate(INCIDENT_MEV):
            chosen = rows[(rows[:, 0] == index) & (rows[:, 1] == which)]
            for bin, row in enumerate(spectrum(chosen[:, 2], chosen[:, 3], incident_mev, happened[index])):
                if row.any():
                    file.write(f"{incident_mev},{bin}," + ",".join(f"{value:.3g}" for value in row) + "\n")


def shares(element, happened, rows):
    """Lines of nonelastic.csv."""
    for index, incident_mev in enumerate(INCIDENT_MEV):
        energies = [rows[(rows[:, 0] == index) & (rows[:, 1] == which), 2] for which in (PROTON, DEUTERON, HEAVIER)]
        multiplicities = [f"{len(mev) / happened[index]:.4f}" for mev in energies]
        fractions = [f"{mev.sum() / happened[index] / incident_mev:.5f}" for mev in energies]
        yield ",".join([element, str(incident_mev), *multiplicities, *fractions]) + "\n"


def save_shares(lines):
    with open(DATA / "nonelastic.csv", "w") as file:
        file.write(SOURCE.format(", ".join(f"{number} ({element})" for element, number in ELEMENTS.items())) + "\n")
        file.write("# Secondaries per reaction and their energy over the incident one; heavier: tritons, helium, recoils.\n")
        kinds = ("proton", "deuteron", "heavier")
        file.write(",".join(["element", "energy_mev", *(f"multiplicity_{k}" for k in kinds), *(f"energy_fraction_{k}" for k in kinds)]) + "\n")
        for element in sorted(lines):
            file.writelines(lines[element])


def tabulate(element):
    happened, rows = reactions(element, INCIDENT_MEV, ELEMENTS[element])
    for name, which in (("protons", PROTON), ("deuterons", DEUTERON)):
        save_spectra(element, name, which, happened, rows)
    return list(shares(element, happened, rows))


def main(chosen):
    DATA.mkdir(exist_ok=True)
    with ProcessPoolExecutor(cpu_count(), mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        save_shares(dict(zip(chosen, pool.map(tabulate, chosen))))


if __name__ == "__main__":
    main(sys.argv[1:] or list(ELEMENTS))
