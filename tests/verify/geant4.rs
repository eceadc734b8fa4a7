//! geant4
