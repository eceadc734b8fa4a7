//! The sums of a run, over spots and populations, and the results that they make.

use super::Outcome;
use super::audit::{audit, audit_handover};
use crate::backend::Tally;
use crate::beam::Source;
use crate::case::{Case, Precision, Quantity};
use crate::curves;
use crate::error::Result;
use crate::ledger::Ledger;
use crate::march::{March, spatial_grid};
use crate::media::Media;
use crate::nuclear::Marched;
use crate::phantom::Phantom;
use crate::results::{Axis, BinWidths, Results};
use crate::scoring::Scores;
use crate::spectra::SpectraCollector;
use std::borrow::Cow;

/// Running sums over the spots.
pub struct Sum<'a> {
    case: &'a Case,
    pub scores: Scores,
    pub ledger: Ledger,
    second: Option<Second>,
    pub spots: usize,
    steps: u64,
    cell_updates: u64,
    largest_window: u64,
    energy_axis_excess_sigma_mm: f64,
    angle_axis_excess_mrad: f64,
    x_axis_excess_mm: f64,
    bins: BinWidths,
}

/// What the second phase space left: the ledgers and scores of all populations, and those of primaries among them.
struct Second {
    ledger: Ledger,
    scores: Scores,
    primaries: Scores,
}

impl<'a> Sum<'a> {
    pub fn new(case: &'a Case, phantom: &Phantom) -> Self {
        Sum {
            case,
            scores: Scores::new(&spatial_grid(phantom)),
            ledger: Ledger::default(),
            second: None,
            spots: 0,
            steps: 0,
            cell_updates: 0,
            largest_window: 0,
            energy_axis_excess_sigma_mm: 0.0,
            angle_axis_excess_mrad: 0.0,
            x_axis_excess_mm: 0.0,
            bins: BinWidths::NONE,
        }
    }

    /// Notes the bins of a march, and what they add to its range.
    pub fn note_bins(&mut self, march: &March) {
        let excess_mm = march.energy_axis_excess_sigma_mm();
        self.energy_axis_excess_sigma_mm = self.energy_axis_excess_sigma_mm.max(excess_mm);
        self.bins = self.bins.with(march.bin_widths());
    }

    /// Notes the angles and places that bins added to sources, the worst of them.
    pub fn note_widths(&mut self, sources: &[Source]) {
        for source in sources {
            let excess_mrad = 1e3 * source.angle.excess_variance.sqrt();
            self.angle_axis_excess_mrad = self.angle_axis_excess_mrad.max(excess_mrad);
            let excess_mm = source.excess_variance_x_mm2().sqrt();
            self.x_axis_excess_mm = self.x_axis_excess_mm.max(excess_mm);
        }
    }

    pub fn add(&mut self, tallies: &[Tally], weights: &[f64]) {
        for (tally, &weight) in tallies.iter().zip(weights) {
            self.ledger.add_scaled(&tally.ledger, weight);
            self.steps += tally.ledger.steps.len() as u64;
            self.cell_updates += tally.cell_updates;
            self.largest_window = self.largest_window.max(tally.largest_window);
            self.spots += 1;
        }
    }

    /// Adds a march of the second phase space; its ledger must close by itself.
    pub fn add_second(&mut self, marched: &Marched) -> Result<()> {
        let tally = &marched.tally;
        audit(&tally.ledger, self.case.run.precision)?;
        self.steps += tally.ledger.steps.len() as u64;
        self.cell_updates += tally.cell_updates;
        let second = self.second.get_or_insert_with(|| Second {
            ledger: Ledger::default(),
            scores: Scores::of_cells(marched.scores.deposit_mev.dim()),
            primaries: Scores::of_cells(marched.scores.deposit_mev.dim()),
        });
        second.ledger.add_scaled(&tally.ledger, 1.0);
        second.scores.add_scaled(&marched.scores, 1.0);
        if marched.population.is_primary() {
            second.primaries.add_scaled(&marched.scores, 1.0);
        }
        if let Some(scores) = &marched.of_reactions {
            second.scores.add_scaled(scores, 1.0);
        }
        Ok(())
    }

    pub fn finish(
        self,
        phantom: &Phantom,
        media: &Media,
        spectra: Option<SpectraCollector>,
    ) -> Result<Outcome> {
        audit(&self.ledger, self.case.run.precision)?;
        if let Some(second) = &self.second {
            audit_handover(&self.ledger, &second.ledger, self.case.run.precision)?;
        }
        let results = results(&self, phantom, media, spectra);
        Ok(Outcome {
            results,
            ledger: self.ledger,
            second_ledger: self.second.map(|second| second.ledger),
            steps: self.steps,
            cell_updates: self.cell_updates,
            largest_window: self.largest_window,
            energy_axis_excess_sigma_mm: self.energy_axis_excess_sigma_mm,
        })
    }
}

fn results(
    sum: &Sum,
    phantom: &Phantom,
    media: &Media,
    spectra: Option<SpectraCollector>,
) -> Results {
    let (case, ledger) = (sum.case, &sum.ledger);
    let space = spatial_grid(phantom);
    let asked = |quantity: Quantity| case.output.quantities.contains(&quantity);
    let plus = |more: &Scores| {
        let mut all = sum.scores.clone();
        all.add_scaled(more, 1.0);
        all
    };
    let primary = sum.second.as_ref().map(|second| plus(&second.primaries));
    let scores = match &sum.second {
        None => Cow::Borrowed(&sum.scores),
        Some(second) => Cow::Owned(plus(&second.scores)),
    };
    let (depth_dose, sigma_x) = (
        scores.depth_dose_mev_per_mm(&space),
        sum.scores.sigma_x_mm(&space),
    );
    let z_mm = axis(space.z_min_mm, space.spacing_z_mm, space.cells_z);
    let mut audit = ledger.channels();
    if let Some(second) = &sum.second {
        let prefixed = |(name, value)| (format!("secondary_{name}"), value);
        audit.extend(second.ledger.channels().into_iter().map(prefixed));
    }
    audit.push((
        "energy_axis_excess_sigma_mm".into(),
        sum.energy_axis_excess_sigma_mm,
    ));
    audit.push((
        "angle_axis_excess_sigma_mrad".into(),
        sum.angle_axis_excess_mrad,
    ));
    audit.push(("x_axis_excess_sigma_mm".into(), sum.x_axis_excess_mm));
    // Where a CT's densities were rounded, energy and mass are both those of the rounded cell: the dose feels none of it.
    let marched = media.density_g_per_cm3();
    let dose_gy_mm = || scores.dose_gy_mm(&marched, &space);
    // LET is by length: that of the phantom's own density.
    let thinned = &phantom.density_g_per_cm3 / &marched;
    Results {
        title: case.title.clone(),
        summary: curves::summarise(&z_mm, &depth_dose.to_vec(), &sigma_x.to_vec()),
        z_mm,
        x_mm: axis(space.x_min_mm, space.spacing_x_mm, space.cells_x),
        material_names: phantom.materials.iter().map(|m| m.name.clone()).collect(),
        material_index: phantom.material_index.clone(),
        density_g_per_cm3: phantom.density_g_per_cm3.clone(),
        energy_deposit_mev: scores.energy_deposit_mev(),
        dose_gy_mm: asked(Quantity::Dose).then(dose_gy_mm),
        let_d_kev_per_um: asked(Quantity::LetD).then(|| scores.let_d_kev_per_um() * &thinned),
        let_d_primary_kev_per_um: primary
            .as_ref()
            .filter(|_| asked(Quantity::LetD))
            .map(|scores| scores.let_d_kev_per_um() * &thinned),
        energy_deposit_primary_mev: primary.map(|scores| scores.deposit_mev),
        let_t_kev_per_um: asked(Quantity::LetT).then(|| scores.let_t_kev_per_um() * &thinned),
        fluence_per_mm: asked(Quantity::Fluence).then(|| scores.fluence_per_mm(&space)),
        depth_dose_mev_per_mm: depth_dose,
        sigma_x_mm: sigma_x,
        spectra: spectra.map(|collector| collector.finish(case)),
        bins: sum.bins,
        audit,
        audit_by_step: ledger.channels_by_step(),
        storage_is_double: case.run.precision == Precision::Double,
        compression: case.output.compression,
    }
}

fn axis(first_mm: f64, spacing_mm: f64, cells: usize) -> Axis {
    Axis {
        centers: (0..cells)
            .map(|i| first_mm + (i as f64 + 0.5) * spacing_mm)
            .collect(),
        edges: (0..=cells)
            .map(|i| first_mm + i as f64 * spacing_mm)
            .collect(),
    }
}
