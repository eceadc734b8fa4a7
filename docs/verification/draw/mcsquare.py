"""Maps of MCsquare (Souris, Lee & Sterpin, Med. Phys. 43 (2016) 1700; Apache-2.0) for tests/data, all physics.

    mcsquare.py FOLDER    FOLDER: that of the package opentps 2.0.2 that holds the program and its Materials

150 MeV, sigma 3 mm, parallel; slabs of bone and lung, and half of each, in water; cells of 1 x 0.5 mm, handed on as 1 mm.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parents[3] / "tests/data"
ENERGY_MEV, SIGMA_MM, HISTORIES = 150.0, 3.0, 1_000_000
ACROSS, CELL_MM, DEPTH_CELL_MM = 80, 1.0, 0.5
# Hounsfield numbers that stand for (material, g/cm3).
BONE, LUNG = 1000, -740
MATERIALS = [(-1000, "Lung"), (-499, "Water"), (501, "Bone_Cortical")]
DENSITIES = "-1000 0.26\n-500 0.26\n-499 1.0\n500 1.0\n501 1.85\n2000 1.85\n"
PHANTOMS = {  # (number, from and to depth, from x, depth of the phantom), mm
    "bone_slab": (BONE, 20, 50, -40, 180),
    "bone_half": (BONE, 20, 50, 0, 180),
    "lung_slab": (LUNG, 20, 70, -40, 220),
    "lung_half": (LUNG, 20, 70, 0, 220),
}
BEAM = "{0} {0} 0.0 1e6 1 {1} 1e-6 0.0 {1} 1e-6 0.0 0 {1} 1e-6 0.0 {1} 1e-6 0.0"
LIBRARY = """--UPenn beam model (double gaussian)--

Nozzle exit to Isocenter distance
0.0

SMX to Isocenter distance
2000.0

SMY to Isocenter distance
2000.0

Beam parameters
3 energies

NominalEnergy MeanEnergy EnergySpread ProtonsMU Weight1 SpotSize1x Divergence1x Correlation1x SpotSize1y Divergence1y \
Correlation1y Weight2 SpotSize2x Divergence2x Correlation2x SpotSize2y Divergence2y Correlation2y
"""
PLAN = """#TREATMENT-PLAN-DESCRIPTION
#PlanName
p
#NumberOfFractions
1
##FractionID
1
##NumberOfFields
1
###FieldsID
1
#TotalMetersetWeightOfAllFields
1.0

#FIELD-DESCRIPTION
###FieldID
1
###FinalCumulativeMeterSetWeight
1.0
###GantryAngle
0.0
###PatientSupportAngle
0.0
###IsocenterPosition
{middle} {surface} {middle}
###NumberOfControlPoints
1

#SPOTS-DESCRIPTION
####ControlPointIndex
1
####SpotTunnedID
1
####CumulativeMetersetWeight
1.0
####Energy (MeV)
{energy}
####NbOfScannedSpots
1
####X Y Weight
0.0 0.0 1.0
"""
CONFIG = f"""Num_Threads 1
RNG_Seed 1
Num_Primaries {HISTORIES}
E_Cut_Pro 0.5
D_Max 0.1
CT_File ct.mhd
HU_Density_Conversion_File density.txt
HU_Material_Conversion_File material.txt
BDL_Machine_Parameter_File library.txt
BDL_Plan_File plan.txt
Compute_stat_uncertainty False
Output_Directory Outputs
Energy_MHD_Output True
Dose_MHD_Output False
"""


def numbers(phantom):
    """Hounsfield numbers [along the field, depth from below, x]: the beam comes from the far end of the second axis."""
    number, front, back, from_x, depth = phantom
    cells = int(depth / DEPTH_CELL_MM)
    z = (np.arange(cells)[::-1] + 0.5) * DEPTH_CELL_MM
    x = (np.arange(ACROSS) + 0.5) * CELL_MM - 0.5 * ACROSS * CELL_MM
    plane = np.where(((z > front) & (z < back))[:, None] & (x > from_x), number, 0)
    return np.repeat(plane[None], ACROSS, axis=0).astype("<f4")


def write_input(folder, labels, ct):
    ct.tofile(folder / "ct.raw")
    sizes = " ".join(str(n) for n in ct.shape[::-1])
    header = f"NDims = 3\nDimSize = {sizes}\nElementSpacing = {CELL_MM} {DEPTH_CELL_MM} {CELL_MM}\nOffset = 0 0 0\n"
    (folder / "ct.mhd").write_text(f"ObjectType = Image\n{header}ElementType = MET_FLOAT\nElementDataFile = ct.raw\n")
    (folder / "density.txt").write_text(DENSITIES)
    (folder / "material.txt").write_text("".join(f"{number} {labels[name]}\n" for number, name in MATERIALS))
    beams = "\n".join(BEAM.format(energy, SIGMA_MM) for energy in (ENERGY_MEV - 1, ENERGY_MEV, ENERGY_MEV + 1))
    (folder / "library.txt").write_text(LIBRARY + beams + "\n")
    surface = ct.shape[1] * DEPTH_CELL_MM - 1e-3
    plan = PLAN.format(middle=0.5 * ACROSS * CELL_MM, surface=surface, energy=ENERGY_MEV)
    (folder / "plan.txt").write_text(plan)
    (folder / "config.txt").write_text(CONFIG)


def energy_map(mcsquare, phantom):
    """MeV per proton [z, x] in cells of 1 mm."""
    lines = (mcsquare / "Materials/list.dat").read_text().splitlines()
    labels = {line.split()[1]: line.split()[0] for line in lines if line.strip()}
    ct = numbers(phantom)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_input(folder, labels, ct)
        (folder / "Outputs").mkdir()
        environment = {**os.environ, "MCsquare_Materials_Dir": str(mcsquare / "Materials")}
        subprocess.run([mcsquare / "MCsquare_linux", "config.txt"], cwd=folder, env=environment, check=True)
        energy_ev = np.fromfile(folder / "Outputs/Energy.raw", "<f4").reshape(ct.shape)
    per_depth = 1e-6 * energy_ev[:, ::-1].sum(axis=0)
    return per_depth.reshape(-1, int(CELL_MM / DEPTH_CELL_MM), ACROSS).sum(axis=1)


def save(name, energy_mev):
    np.savez_compressed(
        DATA / f"mcsquare_{name}_150mev_map.npz",
        x_mm=(np.arange(ACROSS) + 0.5) * CELL_MM - 0.5 * ACROSS * CELL_MM,
        z_mm=(np.arange(len(energy_mev)) + 0.5) * CELL_MM,
        edep_MeV_per_primary_zx=energy_mev.astype(np.float32),
        source=f"docs/verification/draw/mcsquare.py, {HISTORIES} histories; MeV per proton in cells of 1 mm, summed over y",
    )


if __name__ == "__main__":
    for name, phantom in PHANTOMS.items():
        save(name, energy_map(Path(sys.argv[1]).resolve(), phantom))
