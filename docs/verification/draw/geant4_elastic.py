"""Momentum transfers of elastic scatterings of protons on nuclei by Geant4's model (CHIPS; Kossov), for data/elastic_transfers.csv.

    geant4_elastic.py          all elements; ten minutes on two cores
    geant4_elastic.py O C      prints these alone, and the percentiles 50, 90 and 97
    geant4_elastic.py percent  tests/data/geant4_oxygen_elastic.csv: the transfers on oxygen themselves, percent by percent

Protons of one energy come upon a block of one element; each is followed to its first elastic scattering and no farther, and loses nothing
before it. The transfers of an energy are told by two exponentials, the slope of the second given: the mean transfer is Geant4's, and among the
pairs that have it the likeliest is taken. Needs the package geant4-pybind 0.1.0 (Geant4 11.3.0), as geant4_beam.py says.
"""

import csv
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path

import numpy as np
import scipy.optimize

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "data"
ENERGIES_MEV = (30, 60, 100, 150, 200, 250)
NUMBER = 20_000
PERCENT_ENERGY_MEV, PERCENT_NUMBER = 150, 100_000
WIDE_SLOPE_PER_GEV2 = 10.0
ATOMIC_MASS_UNIT_MEV, PROTON_MEV = 931.494, 938.272


def transfers_gev2(element, energies_mev=ENERGIES_MEV, number=NUMBER):
    """By energy."""
    import geant4_block

    symbol, mass_mev = element
    lost = []

    def take(step):
        lost.append(step.GetPreStepPoint().GetKineticEnergy() - step.GetPostStepPoint().GetKineticEnergy())

    for _ in geant4_block.march(symbol, "hadElastic", energies_mev, number, take):
        # The nucleus takes t / (2 M). Where nothing is lost, the cross-section at the step's end was too small after all.
        yield 2e-6 * mass_mev * np.array([one for one in lost if one > 0])
        lost.clear()


def largest_gev2(mass_mev, energy_mev):
    """What turns a proton back."""
    momentum2 = energy_mev * (energy_mev + 2 * PROTON_MEV)
    return 4e-6 * momentum2 * mass_mev**2 / ((PROTON_MEV + mass_mev) ** 2 + 2 * mass_mev * energy_mev)


def fitted(transfers, largest):
    """Slope of the first term, per GeV2, and share of the second."""
    mean = transfers.mean()

    def mean_of(slope):
        return 1 / slope + largest * np.exp(-slope * largest) / np.expm1(-slope * largest)

    def density(slope):
        return slope * np.exp(-slope * transfers) / -np.expm1(-slope * largest)

    def share(slope):
        return (mean - mean_of(slope)) / (mean_of(WIDE_SLOPE_PER_GEV2) - mean_of(slope))

    def unlikely(slope):
        wide = share(slope)
        return -np.log((1 - wide) * density(slope) + wide * density(WIDE_SLOPE_PER_GEV2)).sum()

    # From no second term on.
    found = scipy.optimize.minimize_scalar(unlikely, bounds=(1 / mean, 3 / mean), method="bounded")
    return found.x, share(found.x)


def rows(element):
    lines = []
    for energy_mev, transfers in zip(ENERGIES_MEV, transfers_gev2(element)):
        slope, share = fitted(transfers, largest_gev2(element[1], energy_mev))
        mean, error = transfers.mean(), transfers.std() / np.sqrt(len(transfers))
        line = f"{element[0]},{energy_mev},{slope:.4g},{share:.3g},{mean:.4g},{error:.1g}"
        lines.append((line, np.percentile(transfers, [50, 90, 97])))
    return lines


def save_percentiles(oxygen):
    transfers = next(transfers_gev2(oxygen, [PERCENT_ENERGY_MEV], PERCENT_NUMBER))
    percent = np.arange(1, 100)
    with open(ROOT / "tests/data/geant4_oxygen_elastic.csv", "w") as file:
        file.write("# Geant4 11.3.0, docs/verification/draw/geant4_elastic.py: momentum transfers of elastic scatterings of protons of\n")
        file.write(f"# {PERCENT_ENERGY_MEV} MeV on oxygen, {len(transfers)} of them\n")
        file.write("percent_below,transfer_gev2\n")
        file.writelines(f"{p},{t:.5g}\n" for p, t in zip(percent, np.percentile(transfers, percent)))


def elements():
    with open(DATA / "elements.csv") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return {one["symbol"]: float(one["atomic_mass_g_per_mol"]) * ATOMIC_MASS_UNIT_MEV for one in rows}


def main(chosen):
    masses = elements()
    if chosen == ["percent"]:
        return save_percentiles(("O", masses["O"]))
    wanted = [(symbol, masses[symbol]) for symbol in chosen or list(masses)[1:]]
    with ProcessPoolExecutor(cpu_count(), mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        found = [line for lines in pool.map(rows, wanted) for line in lines]
    if chosen:
        for line, percentiles in found:
            print(line, percentiles)
        return
    with open(DATA / "elastic_transfers.csv", "w") as file:
        file.write(f"# Geant4 11.3.0 (Geant4 Software License), elastic scattering (CHIPS), computed for this project by docs/verification/draw/geant4_elastic.py: {NUMBER} protons at\n")
        file.write(f"# every energy. Transfers t as (1 - share) exp(-slope t) + share exp(-{WIDE_SLOPE_PER_GEV2:g} t), t in GeV2, and their mean with its standard error.\n")
        file.write("element,energy_mev,slope_per_gev2,wide_share,mean_gev2,error_gev2\n")
        file.writelines(line + "\n" for line, _ in found)


if __name__ == "__main__":
    main(sys.argv[1:])
