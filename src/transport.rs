//! The run: spots in groups, a march per spot, and the sums of what they leave.
//!
//! Strang: X/2 (A_theta A_E) X/2, the half streams of neighbouring steps merged; second order in the step.
//! Lie: A_E(A_stream(A_theta(psi))); first order.

mod audit;
mod sum;

use crate::backend::{Machine, Stepper, Stride};
use crate::beam::{Source, source};
use crate::case::{Case, Splitting};
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::march::{March, TableSize};
use crate::media::Media;
use crate::memory::Forecast;
use crate::nuclear::SecondBeams;
use crate::phantom::Phantom;
use crate::physics::{Material, builtin};
use crate::results::{BinWidths, Results};
use crate::spectra::{SpectraCollector, stride_to_face};
use sum::Sum;

/// How far a run is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    pub spots_done: usize,
    pub spots: usize,
    /// 0 before the march's tables are built.
    pub step: usize,
    /// Steps that a march may take at most.
    pub steps: usize,
    pub tables: TableSize,
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
    pub energy_axis_excess_sigma_mm: f64,
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

/// The water that range axes are in: the phantom's own if a cell holds one (of either I value), else PSTAR's. A step in it is a
/// whole number of bins.
pub fn water(phantom: &Phantom) -> Result<Material> {
    let water =
        builtin("water").ok_or_else(|| Error::internal("the built-in tables lack water"))?;
    let present = |index: usize| {
        let mut cells = phantom.material_index.iter();
        cells.any(|&material| usize::from(material) == index)
    };
    let materials = phantom.materials.iter().enumerate();
    let waters = materials.filter(|(_, material)| material.composition == water.composition);
    let mut own = waters.filter(|(index, _)| present(*index));
    Ok(own.next().map_or(water, |(_, material)| material.clone()))
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
    let mut run = Run {
        machine,
        sum: Sum::new(case, phantom),
        second: SecondBeams::default(),
        spectra: spectra_collector(case, phantom, &media, &water)?,
        total_weight: case.beams.iter().map(|beam| beam.weight).sum(),
    };
    for spots in groups(case) {
        let march = March::new(case, phantom, &media, &water, spots[0])?;
        run.march_group(&march, &spots, progress)?;
    }
    run.second.march(phantom, &water, machine, &mut |marched| {
        run.sum.add_second(&marched)
    })?;
    run.sum.finish(phantom, &media, run.spectra)
}

/// What a run has summed so far.
struct Run<'a> {
    machine: &'a dyn Machine,
    sum: Sum<'a>,
    second: SecondBeams,
    spectra: Option<SpectraCollector>,
    /// Of all spots of the case.
    total_weight: f64,
}

impl Run<'_> {
    /// Marches spots that share their axes and tables, as many at a time as the machine takes.
    fn march_group(
        &mut self,
        march: &March,
        spots: &[usize],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<()> {
        let mut told = |step: usize, spots_done: usize| {
            progress(Progress {
                spots_done,
                spots: march.case.beams.len(),
                step,
                steps: march.most_steps(),
                tables: march.table_size(),
            });
        };
        told(0, self.sum.spots);
        let mut stepper = self.machine.stepper(march)?;
        let at_once = match self.spectra {
            Some(_) => 1,
            None => stepper.batch_capacity().max(1),
        };
        for batch in spots.chunks(at_once) {
            self.march_batch(march, batch, stepper.as_mut(), &mut told)?;
        }
        self.sum.note_bins(march);
        Ok(())
    }

    /// Marches spots together, and adds what they left.
    fn march_batch(
        &mut self,
        march: &March,
        batch: &[usize],
        stepper: &mut dyn Stepper,
        told: &mut dyn FnMut(usize, usize),
    ) -> Result<()> {
        let sources = batch.iter().map(|&spot| source_of(spot, march));
        let sources = sources.collect::<Result<Vec<Source>>>()?;
        let beams = &march.case.beams;
        let weights = batch
            .iter()
            .map(|&spot| beams[spot].weight / self.total_weight);
        let weights: Vec<f64> = weights.collect();
        self.sum.note_widths(&sources);
        stepper.load(&sources)?;
        let spots_done = self.sum.spots;
        let spectra = self.spectra.as_mut();
        advance(stepper, march, weights[0], spectra, &mut |step| {
            told(step, spots_done)
        })?;
        let (sum, second) = (&mut self.sum, &mut self.second);
        let tallies = stepper.unload(&weights, &mut |mut scores| {
            let reactions = second.settle(&mut scores, march, batch[0])?;
            sum.ledger.reactions.add_scaled(&reactions, 1.0);
            sum.scores.add_scaled(&scores, 1.0);
            Ok(())
        })?;
        sum.add(&tallies, &weights);
        Ok(())
    }
}

/// Puts every spot on the axes of its march, as a run does; gives back the widths of these axes' bins.
///
/// # Errors
/// Bad data: a beam that the grid does not hold.
pub fn check_sources(
    case: &Case,
    phantom: &Phantom,
    media: &Media,
    water: &Material,
) -> Result<BinWidths> {
    let mut bins = BinWidths::NONE;
    for group in groups(case) {
        let march = March::new(case, phantom, media, water, group[0])?;
        bins = bins.with(march.bin_widths());
        for spot in group {
            source_of(spot, &march)?;
        }
    }
    Ok(bins)
}

fn source_of(spot: usize, march: &March) -> Result<Source> {
    let placed = source(&march.case.beams[spot], march, march.water);
    march.case.places.locate(&format!("beam[{spot}]"), placed)
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
    if !SpectraCollector::is_asked_for(case) {
        return Ok(None);
    }
    let top_mev = |i: usize| case.beams[i].highest_mev();
    let highest = (0..case.beams.len()).max_by(|&a, &b| top_mev(a).total_cmp(&top_mev(b)));
    let march = March::new(case, phantom, media, water, highest.unwrap_or(0))?;
    Ok(SpectraCollector::new(case, &march.phase_space))
}
