"""Writes ct_slice.hdf5, a made-up CT slice in Hounsfield numbers: python make_ct_slice.py

Air, skin and fat, muscle, a lung with a vessel, a rib; noise of 15 HU. Index order (z, x), cells of 1 mm. Needs h5py.
"""

import h5py
import numpy as np


def main():
    z, x = np.mgrid[0:120, 0:80]
    numbers = np.full(z.shape, 40.0)
    numbers[z < 22] = -90.0
    numbers[(x > 38) & (z > 26) & (z < 36)] = 700.0
    lung = ((z - 68) / 26.0) ** 2 + ((x - 36) / 24.0) ** 2 < 1.0
    numbers[lung] = -720.0
    numbers[(z - 66) ** 2 + (x - 30) ** 2 < 36] = 45.0
    numbers += np.random.default_rng(1).normal(0.0, 15.0, z.shape)
    numbers[z < 4 + (x - 40) ** 2 / 300.0] = -1000.0
    with h5py.File("ct_slice.hdf5", "w") as file:
        data = np.clip(np.round(numbers), -1000, 1600).astype("i2")
        file.create_dataset("hounsfield", data=data, compression="gzip")


if __name__ == "__main__":
    main()
