"""One beam through Geant4, as the package geant4-pybind has it: imported by geant4.py, in a process for each run.

Processes: Wentzel-VI scattering with single scattering (G4EmStandardPhysicsWVI), G4HadronElasticPhysics, QGSP_BIC (below 1 GeV Barashenkov's
cross-sections and the Binary cascade). Stopping powers are Geant4's own (water of 78 eV), no electron is set free, steps are 1 mm at most.

Electrons, gammas and neutrons are killed where they arise, and whatever flies besides protons and light ions has no process. So none of
Geant4's data sets is read; what asks for one all the same finds `empty_data_sets`. A nucleus' levels are one of them: nuclei break up by
level densities.
"""

import os
import tempfile
from pathlib import Path

import numpy as np

# What Geant4 11.3 asks for by name, whether it is read or not.
DATA_SETS = ["NEUTRONHP", "LE", "LEVELGAMMA", "RADIOACTIVE", "PARTICLEXS", "PII", "REALSURFACE", "SAIDXS", "ABLA", "INCL", "ENSDFSTATE", "CHANNELING"]


def fill_with_nothing(folder):
    for name in DATA_SETS:
        os.environ[f"G4{name}DATA"] = str(folder)
    (folder / "ENSDFSTATE.dat").touch()
    (folder / "neutron").mkdir()
    for kind in ("inel", "elas", "cap"):
        for z in range(1, 93):
            # Two points of 1 barn: neutrons do not live to use them.
            (folder / f"neutron/{kind}{z}").write_text("1e-11 20 2\n2\n1e-11 1\n20 1\n")


empty_data_sets = tempfile.TemporaryDirectory(prefix="geant4-data-")
fill_with_nothing(Path(empty_data_sets.name))
import geant4_pybind as g4  # noqa: E402

PROTON, NEUTRON, GAMMA, ELECTRON = 2212, 2112, 22, 11
TRAVEL = {"proton", "deuteron", "triton", "He3", "alpha", "GenericIon"}
SCATTERING = {"msc", "CoulombScat"}
HALF_WIDTH_MM = 200.0
STEP_MM, FRAGMENT_CUT_MM, NO_ELECTRONS_MM = 1.0, 0.7, 1e5
PRIMARY, PROTONS, OTHERS = range(3)


class Phantom(g4.G4VUserDetectorConstruction):
    """Water, the beam along z from 0 on, and a box in it: (medium, from z, to z, from x)."""

    def __init__(self, depth_mm, region):
        super().__init__()
        self.depth_mm, self.region, self.kept = depth_mm, region, []

    def box(self, name, from_mm, to_mm, material, mother=None, middle_mm=(0, 0, 0)):
        """Between two corners; `middle_mm` is the mother's."""
        half = [0.5 * (b - a) for a, b in zip(from_mm, to_mm)]
        logical = g4.G4LogicalVolume(g4.G4Box(name, *half), material, name)
        limits = g4.G4UserLimits(STEP_MM)
        logical.SetUserLimits(limits)
        middle = [0.5 * (a + b) for a, b in zip(from_mm, to_mm)]
        place = g4.G4ThreeVector(*(m - n for m, n in zip(middle, middle_mm)))
        placed = g4.G4PVPlacement(None, place, logical, name, mother, False, 0)
        self.kept += [logical, limits, placed]
        return logical, placed, middle

    def Construct(self):
        nist, wide = g4.G4NistManager.Instance(), HALF_WIDTH_MM
        world, placed, _ = self.box("world", (-1e3, -1e3, -1e3), (1e3, 1e3, 1e3), nist.FindOrBuildMaterial("G4_Galactic"))
        water = nist.FindOrBuildMaterial("G4_WATER")
        tank, _, middle = self.box("water", (-wide, -wide, 0), (wide, wide, self.depth_mm), water, world)
        if self.region:
            medium, front, back, from_x = self.region
            self.box("region", (max(from_x, -wide), -wide, front), (wide, wide, back), material(nist, **medium), tank, middle)
        return placed


def material(nist, name, density_g_per_cm3, mean_excitation_energy_ev, composition):
    made = g4.G4Material(name, density_g_per_cm3 * g4.g / g4.cm3, len(composition))
    for symbol, share in composition.items():
        made.AddElement(nist.FindOrBuildElement(symbol), share)
    made.GetIonisation().SetMeanExcitationEnergy(mean_excitation_energy_ev * g4.eV)
    return made


class Physics(g4.G4VModularPhysicsList):
    def __init__(self, nuclear, scattering):
        super().__init__()
        self.scattering = scattering
        self.RegisterPhysics(g4.G4EmStandardPhysicsWVI())
        self.RegisterPhysics(g4.G4StepLimiterPhysics())
        if nuclear:
            self.RegisterPhysics(g4.G4HadronElasticPhysics())
            self.RegisterPhysics(g4.G4HadronPhysicsQGSP_BIC())

    def ConstructProcess(self):
        super().ConstructProcess()
        table = g4.G4ParticleTable.GetParticleTable()
        for particle in (table.GetParticle(i) for i in range(table.size())):
            manager = particle.GetProcessManager()
            if manager is None:
                continue
            every = [manager.GetProcessList()[i] for i in range(manager.GetProcessListLength())]
            for process in every:
                if not self.keeps(particle.GetParticleName(), process.GetProcessName()):
                    manager.RemoveProcess(process)

    def keeps(self, particle, process):
        if particle not in TRAVEL:
            return process == "Transportation"
        return self.scattering or process not in SCATTERING

    def SetCuts(self):
        for particle in ("gamma", "e-", "e+"):
            self.SetCutValue(NO_ELECTRONS_MM, particle)
        # What nuclei are set free with: Geant4 leaves those of less on the spot.
        self.SetCutValue(FRAGMENT_CUT_MM, "proton")


class Beam(g4.G4VUserPrimaryGeneratorAction):
    def __init__(self, energy_mev, sigma_mm, seed):
        super().__init__()
        self.sigma_mm, self.random = sigma_mm, np.random.default_rng(seed)
        self.gun = g4.G4ParticleGun(1)
        self.gun.SetParticleDefinition(g4.G4ParticleTable.GetParticleTable().FindParticle("proton"))
        self.gun.SetParticleEnergy(energy_mev * g4.MeV)
        self.gun.SetParticleMomentumDirection(g4.G4ThreeVector(0, 0, 1))

    def GeneratePrimaries(self, event):
        x, y = self.random.normal(0, self.sigma_mm, 2)
        self.gun.SetParticlePosition(g4.G4ThreeVector(x, y, 0))
        self.gun.GeneratePrimaryVertex(event)


class Killed(g4.G4UserStackingAction):
    def ClassifyNewTrack(self, track):
        kind = abs(track.GetParticleDefinition().GetPDGEncoding())
        return g4.fKill if kind in (NEUTRON, GAMMA, ELECTRON) else g4.fUrgent


class Steps(g4.G4UserSteppingAction):
    """Hands on (z, z, x, x, before and after; kind; MeV deposited; MeV before and after) of steps, many at a time."""

    AT_ONCE = 200_000

    def __init__(self, take):
        super().__init__()
        self.take, self.rows = take, []

    def UserSteppingAction(self, step):
        deposit = step.GetTotalEnergyDeposit()
        if deposit > 0:
            track, before, after = step.GetTrack(), step.GetPreStepPoint(), step.GetPostStepPoint()
            p, q = before.GetPosition(), after.GetPosition()
            others = PROTONS if track.GetParticleDefinition().GetPDGEncoding() == PROTON else OTHERS
            kind = PRIMARY if track.GetTrackID() == 1 else others
            self.rows.append((p.z, q.z, p.x, q.x, kind, deposit, before.GetKineticEnergy(), after.GetKineticEnergy()))
            if len(self.rows) >= self.AT_ONCE:
                self.hand_on()

    def hand_on(self):
        if self.rows:
            self.take(np.array(self.rows).T)
            self.rows = []


class Actions(g4.G4VUserActionInitialization):
    """Makes the beam and what watches it, once Geant4 has its physics."""

    def __init__(self, beam, take):
        super().__init__()
        self.beam, self.take = beam, take

    def Build(self):
        self.steps = Steps(self.take)
        self.kept = [Beam(*self.beam), self.steps, Killed()]
        for action in self.kept:
            self.SetUserAction(action)


def march(
    energy_mev, histories, depth_mm, take, region=None, sigma_mm=3.0, seed=1, nuclear=True, scattering=True, straggling=True, bins_a_decade=100
):
    """Protons one by one; `take` gets their steps. Tables of 100 bins a decade: with the 20 that are usual Geant4 reads energies from its
    inverse range tables with errors that add up to 0.15 mm of range at 230 MeV (`geant4.py BINARY ranges`)."""
    manager = g4.G4RunManagerFactory.CreateRunManager(g4.G4RunManagerType.Serial)
    phantom, physics = Phantom(depth_mm, region), Physics(nuclear, scattering)
    actions = Actions((energy_mev, sigma_mm, seed), take)
    for part in (phantom, physics, actions):
        manager.SetUserInitialization(part)
    parameters = g4.G4EmParameters.Instance()
    parameters.SetVerbose(0)
    parameters.SetFluo(False)
    parameters.SetUseICRU90Data(False)
    parameters.SetLinearLossLimit(1e-6)
    parameters.SetLossFluctuations(straggling)
    parameters.SetNumberOfBinsPerDecade(bins_a_decade)
    g4.G4UImanager.GetUIpointer().ApplyCommand(f"/random/setSeeds {seed} {seed + 1}")
    manager.Initialize()
    manager.BeamOn(histories)
    actions.steps.hand_on()
