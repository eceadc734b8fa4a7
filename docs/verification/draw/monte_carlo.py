"""Beams through lung by a Monte Carlo in three dimensions: monte_carlo.py BINARY writes tests/data/monte_carlo_*.npz, some minutes.

What the solver does with one angle, a mean path factor and cells, done with histories: directions in space, interfaces where they
are. Written apart from it: water is reference.py's; of lung only the figures of `BINARY materials lung --json` are shared.
"""

import json
import subprocess
import sys

import numpy as np
from reference import BETHE_K, ELECTRON_MEV, ROOT, WATER_SCATTERING_LENGTH, WATER_Z_OVER_A, beta2, pv, stopping_power
from scipy.interpolate import PchipInterpolator

HISTORIES, BATCH, SEED = 600_000, 50_000, 20261126
SIGMA_MM, X_MM = 3.0, (-40, 40)  # cells of 1 mm
DEPTH_MM = {100: 140, 150: 215}  # by energy, MeV
LUNG_MM, LUNG_G_PER_CM3 = (20, 70), 0.26
STEP_CM = 0.05
REST_MEV = 0.3  # a proton of less stays where it is
Z_OVER_A = {"H": 1 / 1.008, "C": 6 / 12.011, "N": 7 / 14.007, "O": 8 / 15.999, "Na": 11 / 22.990, "P": 15 / 30.974, "S": 16 / 32.06, "Cl": 17 / 35.45, "K": 19 / 39.098}


class Media:
    """Figures of water (0) and lung (1), by a medium's number."""

    def __init__(self, program, entry_mev):
        self.entry_mev = entry_mev
        lung = json.loads(subprocess.run([program, "materials", "lung", "--json"], check=True, capture_output=True, text=True).stdout)
        self.density = np.array([1.0, LUNG_G_PER_CM3])
        self.scattering_length = np.array([WATER_SCATTERING_LENGTH, lung["scattering_length_g_per_cm2"]])
        self.z_over_a = np.array([WATER_Z_OVER_A, sum(share * Z_OVER_A[element] for element, share in lung["composition"].items())])
        self.ln_mev = np.linspace(np.log(0.01), np.log(300), 6000)
        water = stopping_power(np.exp(self.ln_mev))
        at = np.array(lung["energy_mev"])
        ratio = PchipInterpolator(np.log(at), lung["mass_stopping_power_mev_cm2_per_g"] / stopping_power(at))
        lung_power = water * ratio(np.clip(self.ln_mev, np.log(at[0]), np.log(at[-1])))
        self.power = np.array([water, lung_power])

    def stopping_power(self, medium, mev):
        """MeV cm2/g, linear in the logarithm of the energy."""
        step = self.ln_mev[1] - self.ln_mev[0]
        place = np.clip((np.log(np.maximum(mev, 0.01)) - self.ln_mev[0]) / step, 0, len(self.ln_mev) - 2)
        below = place.astype(int)
        share = place - below
        return (1 - share) * self.power[medium, below] + share * self.power[medium, below + 1]

    def straggling(self, medium, mev):
        """Bohr, MeV2 cm2/g; ICRU 49."""
        b2 = beta2(mev)
        return BETHE_K * ELECTRON_MEV * self.z_over_a[medium] * (1 - b2 / 2) / (1 - b2)

    def scattering_power(self, medium, mev):
        """Of one plane, rad2 cm2/g: Gottschalk, Med. Phys. 37 (2010) 352."""
        now, lost = pv(np.maximum(mev, 0.1)), np.clip(1 - (pv(np.maximum(mev, 0.1)) / pv(self.entry_mev)) ** 2, 1e-9, 1)
        lg, lg_lost = np.log10(now), np.log10(lost)
        factor = 0.5244 + 0.1975 * lg_lost + 0.2320 * lg - 0.0098 * lg * lg_lost
        return np.maximum(factor, 0) * (15.0 / now) ** 2 / self.scattering_length[medium]


class Protons:
    """Histories on their way: x and z in mm, directions, energies."""

    def __init__(self, rng, count, media, is_lung, deposit):
        self.rng, self.media, self.is_lung, self.deposit = rng, media, is_lung, deposit
        self.x, self.z, self.mev = rng.normal(0, SIGMA_MM, count), np.zeros(count), np.full(count, float(media.entry_mev))
        self.direction = np.array([np.zeros(count), np.zeros(count), np.ones(count)])

    def medium(self):
        return self.is_lung(self.x, self.z).astype(int)

    def go(self, cm):
        """Over a straight piece in the medium of its middle; what is lost goes there."""
        half = 5 * cm
        self.x, self.z = self.x + half * self.direction[0], self.z + half * self.direction[2]
        medium = self.medium()
        areal = cm * self.media.density[medium]
        middle = np.maximum(self.mev - 0.5 * areal * self.media.stopping_power(medium, self.mev), 0.01)
        spread = np.sqrt(areal * self.media.straggling(medium, middle))
        # A gain, where straggling gives one, is kept: without it the mean loss would be too large.
        lost = areal * self.media.stopping_power(medium, middle) + spread * self.rng.normal(size=len(self.mev))
        lost = np.where(self.mev - lost < REST_MEV, self.mev, lost)
        cells = np.floor(self.z).astype(int), np.floor(self.x).astype(int) - X_MM[0]
        inside = (cells[0] >= 0) & (cells[0] < self.deposit.shape[0]) & (cells[1] >= 0) & (cells[1] < self.deposit.shape[1])
        np.add.at(self.deposit, (cells[0][inside], cells[1][inside]), lost[inside])
        self.mev = self.mev - lost
        self.x, self.z = self.x + half * self.direction[0], self.z + half * self.direction[2]

    def turn(self, cm):
        """Gaussian in both planes."""
        medium = self.medium()
        sigma = np.sqrt(cm * self.media.density[medium] * self.media.scattering_power(medium, self.mev))
        first, second = sigma * self.rng.normal(size=(2, len(sigma)))
        angle, azimuth = np.minimum(np.hypot(first, second), 1.5), np.arctan2(second, first)
        u, v, w = self.direction
        level = np.sqrt(np.maximum(u * u + w * w, 1e-12))
        across = np.array([w / level, np.zeros_like(w), -u / level])
        up = np.array([-u * v / level, level, -v * w / level])
        turned = np.cos(angle) * self.direction + np.sin(angle) * (np.cos(azimuth) * across + np.sin(azimuth) * up)
        self.direction = turned / np.sqrt((turned**2).sum(0))

    def drop_the_rest(self):
        kept = (self.mev > 0) & (self.direction[2] > 0.01) & (self.z < self.deposit.shape[0])
        self.x, self.z, self.mev, self.direction = self.x[kept], self.z[kept], self.mev[kept], self.direction[:, kept]

    def march(self):
        while len(self.mev):
            self.go(STEP_CM / 2)
            self.turn(STEP_CM)
            self.go(STEP_CM / 2)
            self.drop_the_rest()


def energy_deposit(media, is_lung):
    """MeV per proton, [z, x]."""
    deposit, rng = np.zeros((DEPTH_MM[media.entry_mev], X_MM[1] - X_MM[0])), np.random.default_rng(SEED)
    for _ in range(HISTORIES // BATCH):
        Protons(rng, BATCH, media, is_lung, deposit).march()
    return deposit / HISTORIES


def slab(x, z):
    return (z > LUNG_MM[0]) & (z < LUNG_MM[1])


def half(x, z):
    return slab(x, z) & (x > 0)


def main(program):
    for is_lung, mev in ((slab, 150), (half, 150), (half, 100)):
        np.savez_compressed(
            ROOT / f"tests/data/monte_carlo_lung_{is_lung.__name__}_{mev}mev_map.npz",
            x_mm=np.arange(*X_MM) + 0.5,
            z_mm=np.arange(DEPTH_MM[mev]) + 0.5,
            edep_MeV_per_primary_zx=energy_deposit(Media(program, mev), is_lung).astype(np.float32),
            source=f"docs/verification/draw/monte_carlo.py, {HISTORIES} histories; MeV per proton in cells of 1 mm, summed over y",
        )


if __name__ == "__main__":
    main(sys.argv[1])
