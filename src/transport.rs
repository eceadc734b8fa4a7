//! The run: spots in groups, a march per spot, and the sums of what they leave.
//!
//! Strang: X/2 (A_theta A_E) X/2, the half streams of neighbouring steps merged; second order in the step.
//! Lie: A_E(A_stream(A_theta(psi))); first order.

use crate::backend::{Machine, Stepper, Stride, Tally};
use crate::beam::{Source, source};
use crate::case::{Case, Precision, Quantity, Splitting};
use crate::curves;
use crate::error::{Error, Kind, Result};
use crate::ledger::Ledger;
use crate::march::{March, spatial_grid};
use crate::media::Media;
use crate::memory::Forecast;
use crate::nuclear::{Marched, Population, SecondBeams};
use crate::phantom::Phantom;
use crate::physics::{Material, builtin};
use crate::results::{Axis, Results};
use crate::scoring::Scores;
use crate::spectra::{SpectraCollector, stride_to_face};
use std::borrow::Cow;

/// How far a run is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    pub spots_done: usize,
    pub spots: usize,
    pub step: usize,
    /// Steps that a march may take at most.
    pub steps: usize,
}

/// A finished run: the results, and the figures of the march.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub results: Results,
    pub ledger: Ledger,
    /// Of secondary protons, where they are transported.
    pub second_ledger: Option<Ledger>,
    /// Steps of all marches together.
    pub steps: u64,
    pub cell_updates: u64,
    pub largest_window: u64,
    /// Standard deviation that the energy axis added along the axis of the worst spot, in mm of water.
    pub energy_axis_excess: f64,
}

/// Spots (indices into `Case::beams`) that can share a march: same energy, spread and direction, entering the same medium column.
pub(crate) fn groups(case: &Case) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (i, beam) in case.beams.iter().enumerate() {
        let alike = |group: &&mut Vec<usize>| {
            let first = &case.beams[group[0]];
            first.energy_mev == beam.energy_mev
                && first.energy_spread_mev == beam.energy_spread_mev
                && first.angle_deg == beam.angle_deg
                && (first.x_mm == beam.x_mm || uniform_along_x(case))
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(i),
            None => groups.push(vec![i]),
        }
    }
    groups
}

/// True where every spot meets the same media at the same depths.
fn uniform_along_x(case: &Case) -> bool {
    let full_width = |region: &crate::case::RegionSpec| region.x_mm == case.phantom.x_mm;
    case.phantom.file.is_none() && case.phantom.regions.iter().all(full_width)
}

/// The water that range axes are in: the phantom's own if it holds one (of either I value), else PSTAR's. A step in it is a
/// whole number of bins.
pub fn water(phantom: &Phantom) -> Result<Material> {
    let water =
        builtin("water").ok_or_else(|| Error::internal("the built-in tables lack water"))?;
    let own = phantom
        .materials
        .iter()
        .find(|material| material.composition == water.composition);
    Ok(own.cloned().unwrap_or(water))
}

/// Computes a case.
///
/// # Errors
/// Bad data (a beam outside the grid), out of memory, a failed audit, or what the machine reports.
pub fn run(
    case: &Case,
    phantom: &Phantom,
    machine: &dyn Machine,
    progress: &mut dyn FnMut(Progress),
) -> Result<Outcome> {
    let (media, water) = (Media::new(phantom), water(phantom)?);
    if let Some(forecast) = Forecast::new(case, phantom, &media, &water, machine) {
        forecast.check(forecast.at_least())?;
    }
    let mut sum = Sum::new(case, phantom);
    let mut second = SecondBeams::default();
    let mut spectra = spectra_collector(case, phantom, &media, &water)?;
    let total: f64 = case.beams.iter().map(|beam| beam.weight).sum();
    for group in groups(case) {
        let march = March::new(case, phantom, &media, &water, group[0])?;
        let mut stepper = machine.stepper(&march)?;
        let capacity = if spectra.is_some() {
            1
        } else {
            stepper.batch_capacity().max(1)
        };
        for batch in group.chunks(capacity) {
            let sources = batch
                .iter()
                .map(|&i| source(&case.beams[i], &march, &water));
            let weights: Vec<f64> = batch
                .iter()
                .map(|&i| case.beams[i].weight / total)
                .collect();
            stepper.load(&sources.collect::<Result<Vec<Source>>>()?)?;
            let mut told = |step: usize| {
                progress(Progress {
                    spots_done: sum.spots,
                    spots: case.beams.len(),
                    step,
                    steps: march.most_steps(),
                });
            };
            advance(
                stepper.as_mut(),
                &march,
                weights[0],
                spectra.as_mut(),
                &mut told,
            )?;
            let tallies = stepper.unload(&weights, &mut |mut scores| {
                let reactions = second.settle(&mut scores, &march, group[0])?;
                sum.ledger.reactions.add_scaled(&reactions, 1.0);
                sum.scores.add_scaled(&scores, 1.0);
                Ok(())
            })?;
            sum.add(&tallies, &weights);
        }
        sum.energy_axis_excess = sum.energy_axis_excess.max(march.energy_axis_excess());
    }
    for marched in second.march(phantom, &water, machine)? {
        sum.add_second(&marched)?;
    }
    sum.finish(phantom, &media, spectra)
}

/// One march: the method.
fn advance(
    stepper: &mut dyn Stepper,
    march: &March,
    weight: f64,
    mut spectra: Option<&mut SpectraCollector>,
    told: &mut dyn FnMut(usize),
) -> Result<()> {
    let splitting = march.case.transport.splitting;
    let steps = march.most_steps();
    let mut score_plane =
        |stepper: &mut dyn Stepper, step: usize, stride: Option<Stride>| -> Result<()> {
            if let Some(collector) = spectra
                .as_deref_mut()
                .filter(|collector| collector.wants(step))
            {
                collector.add(
                    step,
                    &march.phase_space.energy,
                    &stepper.plane_spectra(stride)?,
                    weight,
                );
            }
            Ok(())
        };
    score_plane(stepper, 0, None)?;
    let stream = |stepper: &mut dyn Stepper, stride: Option<Stride>| match stride {
        Some(stride) => stepper.stream(stride),
        None => Ok(()),
    };
    if splitting == Splitting::Strang {
        stream(stepper, march.stride_before(0))?;
    }
    for step in 0..steps {
        stepper.scatter(step)?;
        if splitting == Splitting::Lie {
            stream(stepper, march.stride_before(step))?;
        }
        stepper.lose_energy(step)?;
        score_plane(stepper, step + 1, stride_to_face(splitting))?;
        if splitting == Splitting::Strang {
            let next = step + 1;
            let last = Some(Stride::Half);
            let stride = if next < steps {
                march.stride_before(next)
            } else {
                last
            };
            stream(stepper, stride)?;
        }
        told(step + 1);
        if stepper.is_empty() {
            break;
        }
    }
    Ok(())
}

fn spectra_collector(
    case: &Case,
    phantom: &Phantom,
    media: &Media,
    water: &Material,
) -> Result<Option<SpectraCollector>> {
    let highest = (0..case.beams.len()).max_by(|&a, &b| {
        case.beams[a]
            .energy_mev
            .total_cmp(&case.beams[b].energy_mev)
    });
    let march = March::new(case, phantom, media, water, highest.unwrap_or(0))?;
    SpectraCollector::new(case, &march.phase_space)
}

/// Running sums over the spots.
struct Sum<'a> {
    case: &'a Case,
    scores: Scores,
    ledger: Ledger,
    /// Scores of each population of the second phase space, and their ledger.
    scattered: Option<Scores>,
    hydrogen: Option<Scores>,
    set_free: Option<Scores>,
    second_ledger: Option<Ledger>,
    spots: usize,
    steps: u64,
    cell_updates: u64,
    largest_window: u64,
    energy_axis_excess: f64,
}

impl<'a> Sum<'a> {
    fn new(case: &'a Case, phantom: &Phantom) -> Self {
        Sum {
            case,
            scores: Scores::new(&spatial_grid(phantom)),
            ledger: Ledger::default(),
            scattered: None,
            hydrogen: None,
            set_free: None,
            second_ledger: None,
            spots: 0,
            steps: 0,
            cell_updates: 0,
            largest_window: 0,
            energy_axis_excess: 0.0,
        }
    }

    fn add(&mut self, tallies: &[Tally], weights: &[f64]) {
        for (tally, &weight) in tallies.iter().zip(weights) {
            self.ledger.add_scaled(&tally.ledger, weight);
            self.steps += tally.ledger.steps.len() as u64;
            self.cell_updates += tally.cell_updates;
            self.largest_window = self.largest_window.max(tally.largest_window);
            self.spots += 1;
        }
    }

    /// Adds a march of the second phase space; its ledger must close by itself.
    fn add_second(&mut self, marched: &Marched) -> Result<()> {
        let tally = &marched.tally;
        audit(&tally.ledger, self.case.run.precision)?;
        self.steps += tally.ledger.steps.len() as u64;
        self.cell_updates += tally.cell_updates;
        let scores = match marched.population {
            Population::Scattered => &mut self.scattered,
            Population::Hydrogen => &mut self.hydrogen,
            Population::SetFree | Population::Deuterons => &mut self.set_free,
        };
        scores
            .get_or_insert_with(|| Scores::of_cells(marched.scores.deposit_mev.dim()))
            .add_scaled(&marched.scores, 1.0);
        self.second_ledger
            .get_or_insert_default()
            .add_scaled(&tally.ledger, 1.0);
        Ok(())
    }

    fn finish(
        self,
        phantom: &Phantom,
        media: &Media,
        spectra: Option<SpectraCollector>,
    ) -> Result<Outcome> {
        audit(&self.ledger, self.case.run.precision)?;
        if let Some(second) = &self.second_ledger {
            audit_handover(&self.ledger, second, self.case.run.precision)?;
        }
        let results = results(&self, phantom, media, spectra);
        Ok(Outcome {
            results,
            ledger: self.ledger,
            second_ledger: self.second_ledger,
            steps: self.steps,
            cell_updates: self.cell_updates,
            largest_window: self.largest_window,
            energy_axis_excess: self.energy_axis_excess,
        })
    }
}

/// Residual that rounding can explain: f32 rounds each of ~1e3 partial sums to 6e-8 with random signs; f64 likewise 1e-16.
fn largest_residual(precision: Precision) -> f64 {
    match precision {
        Precision::Double => 1e-12,
        Precision::Single => 1e-6,
        // Rounding to 16 bits is entered in the ledger as a channel of its own; what is left is single arithmetic.
        Precision::Half => 1e-6,
    }
}

fn audit(ledger: &Ledger, precision: Precision) -> Result<()> {
    let (whole, (step, worst)) = (ledger.residual(), ledger.worst_step());
    let limit = largest_residual(precision);
    let most = [
        whole.weight,
        whole.energy_mev,
        worst.weight,
        worst.energy_mev,
    ];
    if most.iter().all(|residual| residual.abs() <= limit) {
        return Ok(());
    }
    Err(Error::new(
        Kind::Audit,
        format!(
            "the ledger does not close: residual {:e} of the weight, {:e} of the energy (worst step {step}: {:e}, {:e}); at most {limit:e} is rounding",
            whole.weight, whole.energy_mev, worst.weight, worst.energy_mev
        ),
    )
    .hint("run with --precision double; if it fails there too, please report the case file"))
}

/// What the primary ledger handed to the second phase space must be what its own ledger found.
fn audit_handover(ledger: &Ledger, second: &Ledger, precision: Precision) -> Result<()> {
    let emitted_mev = ledger.reactions.emitted_mev + second.reactions.emitted_mev;
    let lost = emitted_mev - second.entered().energy_mev;
    if lost.abs() <= largest_residual(precision) * ledger.entered().energy_mev {
        return Ok(());
    }
    Err(Error::new(
        Kind::Audit,
        format!("{lost:e} MeV of the secondary protons set free were never transported"),
    )
    .hint("run with --precision double; if it fails there too, please report the case file"))
}

/// `scores` and `share` of more.
fn added<'a>(scores: Cow<'a, Scores>, more: &Option<Scores>, share: f64) -> Cow<'a, Scores> {
    match more {
        None => scores,
        Some(more) => {
            let mut sum = scores.into_owned();
            sum.add_scaled(more, share);
            Cow::Owned(sum)
        }
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
    // Protons that nuclei turned a little are primaries still, and so is one of the two behind a hydrogen nucleus: which, nobody can
    // tell.
    let with_scattered = added(Cow::Borrowed(&sum.scores), &sum.scattered, 1.0);
    let primary = added(Cow::Borrowed(&with_scattered), &sum.hydrogen, 0.5);
    let with_hydrogen = added(Cow::Borrowed(&with_scattered), &sum.hydrogen, 1.0);
    let scores = added(with_hydrogen, &sum.set_free, 1.0);
    let transported = sum.second_ledger.is_some();
    let (depth_dose, sigma_x) = (
        scores.depth_dose_mev_per_mm(&space),
        sum.scores.sigma_x_mm(&space),
    );
    let z_mm = axis(space.z_min_mm, space.spacing_z_mm, space.cells_z);
    let mut audit = ledger.channels();
    if let Some(ledger) = &sum.second_ledger {
        let prefixed = |(name, value)| (format!("secondary_{name}"), value);
        audit.extend(ledger.channels().into_iter().map(prefixed));
    }
    audit.push(("energy_axis_excess_sigma".into(), sum.energy_axis_excess));
    // Where a CT's densities were rounded, energy and mass are both those of the rounded cell: the dose feels none of it.
    let dose_gy_mm = || scores.dose_gy_mm(&media.density_g_per_cm3(), &space);
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
        let_d_kev_per_um: asked(Quantity::LetD).then(|| scores.let_d_kev_per_um()),
        let_d_primary_kev_per_um: (transported && asked(Quantity::LetD))
            .then(|| primary.let_d_kev_per_um()),
        energy_deposit_primary_mev: transported.then(|| primary.deposit_mev.clone()),
        let_t_kev_per_um: asked(Quantity::LetT).then(|| scores.let_t_kev_per_um()),
        fluence_per_mm: asked(Quantity::Fluence).then(|| scores.fluence_per_mm(&space)),
        depth_dose_mev_per_mm: depth_dose,
        sigma_x_mm: sigma_x,
        spectra: spectra.map(|collector| collector.finish(case)),
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
