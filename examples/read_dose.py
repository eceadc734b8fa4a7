"""Opens a dose file with xarray, prints what it holds and a depth dose: python examples/read_dose.py OUT.h5

Needs xarray and h5netcdf (or netCDF4).
"""

import sys

import numpy as np
import xarray


def main():
    path = sys.argv[1]
    with xarray.open_dataset(path) as data, xarray.open_dataset(path, group="summary") as summary:
        print(data)
        print(f"\nR80 {summary.attrs['r80_mm']:.2f} mm, peak at {summary.attrs['peak_depth_mm']:.2f} mm")

        depth_dose = data.depth_dose
        for depth in np.linspace(float(data.z[0]), float(summary.attrs["peak_depth_mm"]), 5):
            value = float(depth_dose.sel(z=depth, method="nearest"))
            print(f"{depth:8.2f} mm  {value:.4f} {depth_dose.units}")

        axis = data.energy_deposit.sel(x=0.0, method="nearest")
        print(f"\nlargest energy deposit on the axis: {float(axis.max()):.4g} {axis.units} per proton and cell")


if __name__ == "__main__":
    main()
