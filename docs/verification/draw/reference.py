"""Independent references in water: PSTAR by quadrature, Bohr's straggling, Gottschalk's scattering power, Fermi-Eyges.

Written apart from the solver and its tests: only the PSTAR rows in data/pstar/water.csv are shared.
"""

from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline

ROOT = Path(__file__).resolve().parents[3]
PROTON_MEV, ELECTRON_MEV, BETHE_K = 938.27208816, 0.51099895, 0.307075  # CODATA 2018; PDG 2022
WATER_Z_OVER_A, WATER_SCATTERING_LENGTH = 0.555084, 46.88  # mol/g; g/cm2 (Gottschalk 2010)

_rows = np.genfromtxt(ROOT / "data/pstar/water.csv", delimiter=",", comments="#", skip_header=3)
_log_power = CubicSpline(np.log(_rows[:, 0]), np.log(_rows[:, 3]))
_energies = np.exp(np.linspace(np.log(1e-3), np.log(300), 100001))


def stopping_power(energy):
    """MeV cm2/g."""
    return np.exp(_log_power(np.log(energy)))


_inverse = 1 / stopping_power(_energies)
_ranges = 10 * np.cumsum(np.concatenate([[_rows[0, 4]], 0.5 * (_inverse[1:] + _inverse[:-1]) * np.diff(_energies)]))


def range_mm(energy):
    return np.interp(energy, _energies, _ranges)


def energy_at(residual_mm):
    return np.interp(residual_mm, _ranges, _energies, left=0.0)


def pv(energy):
    return energy * (energy + 2 * PROTON_MEV) / (energy + PROTON_MEV)


def beta2(energy):
    return energy * (energy + 2 * PROTON_MEV) / (energy + PROTON_MEV) ** 2


def straggling(energy):
    """MeV2 cm2/g, and the third moment in MeV3 cm2/g."""
    b2, gamma, ratio = beta2(energy), 1 + energy / PROTON_MEV, ELECTRON_MEV / PROTON_MEV
    second = BETHE_K * ELECTRON_MEV * WATER_Z_OVER_A * (1 - b2 / 2) / (1 - b2)
    most = 2 * ELECTRON_MEV * b2 * gamma**2 / (1 + 2 * gamma * ratio + ratio**2)
    return second, second * most * (0.5 - b2 / 3) / (1 - b2 / 2)


def range_spread(energy, left=0.01):
    """Standard deviation (mm) and skewness of the range behind a slowing down to `left` MeV."""
    log_e = np.linspace(np.log(left), np.log(energy), 20001)
    e = np.exp(log_e)
    second, third = straggling(e)
    variance = 100 * np.trapezoid(e * second / stopping_power(e) ** 3, log_e)
    return np.sqrt(variance), -1000 * np.trapezoid(e * third / stopping_power(e) ** 4, log_e) / variance**1.5


def scattering_power(energy, entry):
    """Differential Moliere, rad2/mm."""
    log_term = np.log10(np.maximum(1 - (pv(energy) / pv(entry)) ** 2, 1e-8))
    log_pv = np.log10(pv(energy))
    correction = 0.5244 + 0.1975 * log_term + 0.2320 * log_pv - 0.0098 * log_pv * log_term
    return np.maximum(correction, 0) * (15 / pv(energy)) ** 2 / WATER_SCATTERING_LENGTH / 10


def fermi_eyges(entry, depth_mm, parts=4000):
    """<theta^2> rad2 and <x^2> mm2 of a beam without width."""
    s = (np.arange(parts) + 0.5) / parts * depth_mm
    rate = scattering_power(energy_at(range_mm(entry) - s), entry) * depth_mm / parts
    return rate.sum(), (rate * (depth_mm - s) ** 2).sum()


def detour_mm(entry, parts=100000):
    """By how much scattering, in the plane and out of it, shortens the mean depth."""
    length = range_mm(entry) - 0.05
    s = (np.arange(parts) + 0.5) / parts * length
    width = length / parts
    return np.cumsum(scattering_power(energy_at(range_mm(entry) - s), entry) * width).sum() * width


def depth_dose(entry, spacing_mm, cells, detour=True):
    """E(r) convolved with three moments of the range (Pearson III), on cells, MeV/mm."""
    sigma, skewness = range_spread(entry)
    u = np.linspace(-8, 8, 801)
    shape = 4 / skewness**2
    scaled = np.maximum(1 + u / (np.sqrt(shape) * np.sign(skewness)), 1e-300)
    weight = np.exp((shape - 1) * np.log(scaled) - shape * (scaled - 1))
    mean = range_mm(entry) - (detour_mm(entry) if detour else 0)
    residual = mean + sigma * u[None, :] - spacing_mm * np.arange(cells + 1)[:, None]
    energy = (energy_at(residual) * weight).sum(axis=1) / weight.sum()
    return -np.diff(energy) / spacing_mm


def columns(name):
    return np.genfromtxt(ROOT / "tests/data" / name, delimiter=",", comments="#", skip_header=4).T
