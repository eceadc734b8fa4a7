"""Independent references in water: PSTAR by quadrature, Bohr's straggling, Gottschalk's scattering power, Fermi-Eyges.

Written apart from the solver and its tests: only the PSTAR rows in data/pstar/water.csv are shared.
"""

from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline

ROOT = Path(__file__).resolve().parents[3]
PROTON_MEV, ELECTRON_MEV, BETHE_K = 938.27208816, 0.51099895, 0.307075  # CODATA 2018; PDG 2022
FINE_STRUCTURE, HBAR_C_MEV_FM = 7.297352569e-3, 197.3269804  # CODATA 2018
WATER_ELEMENTS = ((1, 1.008, 0.111894), (8, 15.999, 0.888106))  # Z, g/mol, mass fraction
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
    """Standard deviation (mm) and skewness of the range behind a slowing down to `left` MeV; D: variance of range per path.

    dk2/dx = D, dk3/dx = -(third moment) / S^3 + 3 k2 dD/dr: protons that have more range left straggle more.
    """
    residual = np.linspace(range_mm(energy), range_mm(left), 40001)
    e = energy_at(residual)
    second, third = straggling(e)
    diffusion = 10 * second / stopping_power(e) ** 2
    step = residual[0] - residual[1]
    variance = np.concatenate([[0], np.cumsum(0.5 * (diffusion[1:] + diffusion[:-1]) * step)])
    rate = 3 * variance * np.gradient(diffusion, residual) - 100 * third / stopping_power(e) ** 3
    return np.sqrt(variance[-1]), np.trapezoid(rate, dx=step) / variance[-1] ** 1.5


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


def collision_power(energy):
    """Mean square projected angle of all collisions, rad2/mm: screened Rutherford to the end of the nuclear form factor (Wentzel-VI)."""
    momentum, velocity2 = np.sqrt(energy * (energy + 2 * PROTON_MEV)), beta2(energy)
    total = 0.0
    for charge, mass, share in WATER_ELEMENTS:
        strength = BETHE_K * ELECTRON_MEV * share / mass / pv(energy) ** 2
        screening = (FINE_STRUCTURE * ELECTRON_MEV * charge ** (1 / 3) / (0.885 * momentum)) ** 2
        if charge > 1:
            screening = screening * (1.13 + 3.76 * (FINE_STRUCTURE * charge) ** 2 / velocity2) * (1 + np.exp(-(charge**2) / 1000))
        nucleus = np.sqrt(3) * HBAR_C_MEV_FM / (momentum * 1.27 * mass**0.27)
        electron = ELECTRON_MEV / PROTON_MEV * np.sqrt(np.e)
        for factor, cut in ((charge**2, nucleus), (charge, electron)):
            ratio = cut / np.sqrt(screening)
            total = total + factor * strength * (np.arcsinh(ratio) - ratio / np.sqrt(1 + ratio**2))
    return total / 10


def detour_mm(entry, parts=100000):
    """By how much scattering, in the plane and out of it, shortens the mean depth."""
    length = range_mm(entry) - 0.05
    s = (np.arange(parts) + 0.5) / parts * length
    width = length / parts
    return np.cumsum(collision_power(energy_at(range_mm(entry) - s)) * width).sum() * width


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
    lines = (ROOT / "tests/data" / name).read_text().splitlines()
    return np.genfromtxt([line for line in lines if line[0].isdigit()], delimiter=",").T
