"""Maps and depth doses of MCsquare (Souris, Lee & Sterpin, Med. Phys. 43 (2016) 1700; Apache-2.0) for tests/data.

    mcsquare.py FOLDER    FOLDER: that of the package opentps 2.0.2 that holds the program and its Materials

Parallel beams, sigma 3 mm. Maps: 150 MeV, all physics, in water with slabs of bone and lung, and half of each. Depth doses: water, all
physics and without nuclear interactions. All on cells of 1 mm, computed on these or finer ones along the depth.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

DATA = Path(__file__).resolve().parents[3] / "tests/data"
SIGMA_MM, CELL_MM = 3.0, 1.0
# Hounsfield numbers that stand for (material, g/cm3).
BONE, LUNG = 1000, -740
MATERIALS = [(-1000, "Lung"), (-499, "Water"), (501, "Bone_Cortical")]
DENSITIES = "-1000 0.26\n-500 0.26\n-499 1.0\n500 1.0\n501 1.85\n2000 1.85\n"


class Run(NamedTuple):
    energy_mev: float = 150.0
    nuclear: bool = True
    histories: int = 1_000_000
    depth_mm: int = 180
    depth_cell_mm: float = 0.5
    across: int = 80
    # Number, from and to depth, from x, mm.
    region: tuple = (0, 0, 0, 0)


MAPS = {
    "water": Run(),
    "bone_slab": Run(region=(BONE, 20, 50, -40)),
    "bone_half": Run(region=(BONE, 20, 50, 0)),
    "lung_slab": Run(region=(LUNG, 20, 70, -40), depth_mm=220),
    "lung_half": Run(region=(LUNG, 20, 70, 0), depth_mm=220),
}
DEPTH_DOSES = [
    Run(70.0, depth_mm=50, depth_cell_mm=0.25),
    Run(100.0, depth_mm=90),
    Run(),
    Run(200.0, histories=800_000, depth_mm=290, depth_cell_mm=1.0, across=120),
    Run(230.0, histories=800_000, depth_mm=360, depth_cell_mm=1.0, across=120),
    Run(70.0, nuclear=False, histories=400_000, depth_mm=50, depth_cell_mm=0.25),
    Run(nuclear=False, histories=400_000),
    Run(230.0, nuclear=False, histories=300_000, depth_mm=360, depth_cell_mm=1.0, across=120),
]
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
CONFIG = """Num_Threads 1
RNG_Seed 1
Num_Primaries {histories}
Simulate_Nuclear_Interactions {nuclear}
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


def numbers(run):
    """Hounsfield numbers [along the field, depth from below, x]: the beam comes from the far end of the second axis."""
    number, front, back, from_x = run.region
    z = (np.arange(int(run.depth_mm / run.depth_cell_mm))[::-1] + 0.5) * run.depth_cell_mm
    plane = np.where(((z > front) & (z < back))[:, None] & (centers(run.across, -0.5) > from_x), number, 0)
    return np.repeat(plane[None], run.across, axis=0).astype("<f4")


def centers(cells, origin):
    """Of cells of 1 mm; `origin` in shares of their whole extent."""
    return (np.arange(cells) + 0.5 + origin * cells) * CELL_MM


def write_input(folder, labels, run, ct):
    ct.tofile(folder / "ct.raw")
    sizes = " ".join(str(n) for n in ct.shape[::-1])
    header = f"NDims = 3\nDimSize = {sizes}\nElementSpacing = {CELL_MM} {run.depth_cell_mm} {CELL_MM}\nOffset = 0 0 0\n"
    (folder / "ct.mhd").write_text(f"ObjectType = Image\n{header}ElementType = MET_FLOAT\nElementDataFile = ct.raw\n")
    (folder / "density.txt").write_text(DENSITIES)
    (folder / "material.txt").write_text("".join(f"{number} {labels[name]}\n" for number, name in MATERIALS))
    beams = "\n".join(BEAM.format(run.energy_mev + more, SIGMA_MM) for more in (-1, 0, 1))
    (folder / "library.txt").write_text(LIBRARY + beams + "\n")
    middle, surface = 0.5 * run.across * CELL_MM, run.depth_mm - 1e-3
    (folder / "plan.txt").write_text(PLAN.format(middle=middle, surface=surface, energy=run.energy_mev))
    (folder / "config.txt").write_text(CONFIG.format(histories=run.histories, nuclear=run.nuclear))


def energy_map(mcsquare, run):
    """MeV per proton [z, x] in cells of 1 mm."""
    lines = (mcsquare / "Materials/list.dat").read_text().splitlines()
    labels = {line.split()[1]: line.split()[0] for line in lines if line.strip()}
    ct = numbers(run)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_input(folder, labels, run, ct)
        (folder / "Outputs").mkdir()
        environment = {**os.environ, "MCsquare_Materials_Dir": str(mcsquare / "Materials")}
        subprocess.run([mcsquare / "MCsquare_linux", "config.txt"], cwd=folder, env=environment, check=True)
        energy_ev = np.fromfile(folder / "Outputs/Energy.raw", "<f4").reshape(ct.shape)
    return per_mm(run, 1e-6 * energy_ev[:, ::-1].sum(axis=0))


def per_mm(run, energy_mev):
    """Sums in cells of 1 mm along the depth, [z, x]."""
    return energy_mev.reshape(run.depth_mm, -1, run.across).sum(axis=1)


def save_map(name, run, energy_mev):
    cells_z, cells_x = energy_mev.shape
    np.savez_compressed(
        DATA / f"mcsquare_{name}_150mev_map.npz",
        x_mm=centers(cells_x, -0.5),
        z_mm=centers(cells_z, 0.0),
        edep_MeV_per_primary_zx=energy_mev.astype(np.float32),
        source=f"docs/verification/draw/mcsquare.py, {run.histories} histories; MeV per proton in cells of 1 mm, summed over y",
    )


def save_depth_doses(maps):
    """MeV/mm by depth, a column a run, nothing behind the end of its phantom."""
    names = [f"{'all' if run.nuclear else 'em'}_{run.energy_mev:.0f}mev_mev_per_mm" for run in DEPTH_DOSES]
    depths = max(len(energy_mev) for energy_mev in maps)
    with open(DATA / "mcsquare_water_depth_doses.csv", "w") as file:
        file.write("# MCsquare, docs/verification/draw/mcsquare.py: energy per proton and mm in water, all physics (all) and without nuclear interactions (em)\n")
        file.write(",".join(["depth_mm", *names]) + "\n")
        for z in range(depths):
            row = [f"{energy_mev[z].sum() / CELL_MM:.6g}" if z < len(energy_mev) else "NaN" for energy_mev in maps]
            file.write(",".join([f"{(z + 0.5) * CELL_MM:.1f}", *row]) + "\n")


def main(mcsquare):
    for name, run in MAPS.items():
        save_map(name, run, energy_map(mcsquare, run))
    save_depth_doses([energy_map(mcsquare, run) for run in DEPTH_DOSES])


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
