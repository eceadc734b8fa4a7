"""Protons in a block of one element, as the package geant4-pybind has them: imported by geant4_reactions.py and geant4_elastic.py, in a process
for each element, since Geant4 begins once."""

import geant4_beam
import geant4_pybind as g4


class Block(g4.G4VUserDetectorConstruction):
    """So dense that every proton meets a nucleus inside."""

    def __init__(self, element):
        super().__init__()
        self.element = element

    def Construct(self):
        made = g4.G4Material("target", 100 * g4.g / g4.cm3, 1)
        made.AddElement(g4.G4NistManager.Instance().FindOrBuildElement(self.element), 1.0)
        box = g4.G4Box("block", 1e5, 1e5, 1e5)
        logical = g4.G4LogicalVolume(box, made, "block")
        placed = g4.G4PVPlacement(None, g4.G4ThreeVector(), logical, "block", None, False, 0)
        self.kept = [made, box, logical, placed]
        return placed


class OneProcess(geant4_beam.Physics):
    def __init__(self, process):
        super().__init__(True, False)
        self.process = process

    def keeps(self, particle, process):
        return process == "Transportation" or (particle == "proton" and process == self.process)


class Watch(g4.G4UserSteppingAction):
    def __init__(self, process, take):
        super().__init__()
        self.process, self.take = process, take

    def UserSteppingAction(self, step):
        process = step.GetPostStepPoint().GetProcessDefinedStep()
        if process and process.GetProcessName() == self.process:
            self.take(step)
            step.GetTrack().SetTrackStatus(g4.fStopAndKill)


class KillBorn(g4.G4UserStackingAction):
    def ClassifyNewTrack(self, track):
        return g4.fUrgent if track.GetParentID() == 0 else g4.fKill


class Actions(g4.G4VUserActionInitialization):
    def __init__(self, watch):
        super().__init__()
        self.watch = watch

    def Build(self):
        self.beam = geant4_beam.Beam(100.0, 0.0, 1)
        self.kept = [self.beam, Watch(*self.watch), KillBorn()]
        for action in self.kept:
            self.SetUserAction(action)


def march(element, process, energies_mev, number, take, seeds=None):
    """`number` protons of each energy, which lose nothing before the first process of that name and are followed no farther: `take` gets that step.
    Yields each energy when its protons are done."""
    manager = g4.G4RunManagerFactory.CreateRunManager(g4.G4RunManagerType.Serial)
    block, physics, actions = Block(element), OneProcess(process), Actions((process, take))
    for part in (block, physics, actions):
        manager.SetUserInitialization(part)
    g4.G4EmParameters.Instance().SetVerbose(0)
    if seeds:
        g4.G4UImanager.GetUIpointer().ApplyCommand(f"/random/setSeeds {seeds[0]} {seeds[1]}")
    manager.Initialize()
    for energy_mev in energies_mev:
        actions.beam.gun.SetParticleEnergy(energy_mev * g4.MeV)
        manager.BeamOn(number)
        yield energy_mev
