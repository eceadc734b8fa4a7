"""Reads a sample dose file with h5py and xarray and checks names, units, axes and values against the sample's formulae."""

import sys

import h5py
import numpy as np
import xarray

UNITS = {
    "energy_deposit": "MeV", "dose": "Gy mm", "let_d": "keV/um", "fluence": "1/mm", "density": "g/cm3",
    "depth_dose": "MeV/mm", "sigma_x": "mm", "z": "mm", "x": "mm", "energy_spectrum": "1/MeV",
    "angle_spectrum": "1/degree", "plane": "mm", "energy": "MeV", "angle": "degree", "phase_space": "1",
}
DIMENSIONS = {
    "energy_deposit": ("z", "x"), "dose": ("z", "x"), "material_index": ("z", "x"), "density": ("z", "x"),
    "depth_dose": ("z",), "sigma_x": ("z",), "energy_spectrum": ("plane", "energy"),
    "angle_spectrum": ("plane", "angle"), "phase_space": ("plane", "energy", "angle", "x"),
    "z_bounds": ("z", "nv"), "energy_bounds": ("energy", "nv"),
}


def expected_density(nz, nx):
    i, j = np.meshgrid(np.arange(nz), np.arange(nx), indexing="ij")
    return 1 + 0.01 * i + 1e-4 * j


def check_with_h5py(path):
    with h5py.File(path) as file:
        assert file.attrs["Conventions"] == b"CF-1.11", file.attrs["Conventions"]
        assert file.attrs["complete"] == 1 and file.attrs["complete"].dtype == np.uint8
        assert file["z"].is_scale and file["x"].is_scale
        assert file["dose"].chunks and file["dose"].shuffle and file["dose"].compression == "gzip"
        for name, dimensions in DIMENSIONS.items():
            if name in file:
                found = tuple(list(dimension.keys())[0].split(".")[-1].strip() for dimension in file[name].dims)
                scales = tuple(dimension[0].name.lstrip("/") for dimension in file[name].dims)
                assert scales == dimensions, (name, found, scales)
        assert file["audit"].attrs["energy_in_mev"] == 150.0
        assert file["audit/by_step/weight_stopped"].dims[0][0].name == "/audit/by_step/step"
        text = file["provenance"].attrs["case_text"]
        text = text.decode() if isinstance(text, bytes) else text
        assert text == 'title = "150 MeV à 0°"\n', text
        assert file["summary"].attrs["r80_mm"] > 0


def check_with_xarray(path, engine):
    with xarray.open_dataset(path, engine=engine) as data:
        nz, nx = data.sizes["z"], data.sizes["x"]
        for name, units in UNITS.items():
            assert name not in data.variables or data[name].attrs["units"] == units, (engine, name, data[name].attrs)
        for name, dimensions in DIMENSIONS.items():
            assert name not in data.variables or data[name].dims == dimensions, (engine, name, data[name].dims)
        assert {"z", "x"} <= set(data.coords), (engine, data.coords)
        assert np.allclose(data.density.values, expected_density(nz, nx), rtol=1e-6), engine
        one = data.density.sel(z=2.25, x=data.x.values[2])
        assert abs(float(one) - (1 + 0.01 + 2e-4)) < 1e-6, (engine, float(one))
        assert data.attrs["Conventions"] == "CF-1.11" and data.attrs["title"] == "sample beam", (engine, data.attrs)
        assert data.z.attrs["bounds"] == "z_bounds" and data.z.attrs["axis"] == "Z"
        assert data.material_index.attrs["flag_meanings"] == "water bone_cortical"
        assert list(np.atleast_1d(data.material_index.attrs["flag_values"])) == [0, 1]
        if "phase_space" in data:
            assert float(data.phase_space[1, 0, 3, 2]) == 1302.0
    with xarray.open_dataset(path, engine=engine, group="audit/by_step") as data:
        assert data.weight_stopped.dims == ("step",) and float(data.weight_stopped.sel(step=2)) == 0.125
        assert data.energy_deposited_mev.attrs["units"] == "MeV"


def main():
    path = sys.argv[1]
    check_with_h5py(path)
    for engine in ("h5netcdf", "netcdf4"):
        check_with_xarray(path, engine)


if __name__ == "__main__":
    main()
