//! One source, three machine codes: a sweep is compiled for AVX-512, AVX2 and the baseline, and the best that the processor has
//! is picked at run time. No fused multiply-add: the results are the same bits on all three.
// Index loops over fixed sizes are what the compiler vectorises over x; iterator adapters are not inlined into the sweeps.
#![allow(clippy::needless_range_loop)]

use bytemuck::{Pod, Zeroable};

use crate::phase_space::{LANES, Span};
use crate::real::Real;

/// `LANES` neighbouring cells of a row, aligned to a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Chunk<T>(pub [T; LANES]);

// SAFETY: an array of numbers; all-zero bytes are zeros.
unsafe impl<T: Real> Zeroable for Chunk<T> {}
// SAFETY: an array of numbers that fills its alignment, as asserted for every `Real` there is.
unsafe impl<T: Real> Pod for Chunk<T> {}
const _: () = assert!(size_of::<Chunk<f32>>() == LANES * 4 && size_of::<Chunk<f64>>() == LANES * 8);

impl<T: Real> Chunk<T> {
    pub const ZERO: Chunk<T> = Chunk([T::ZERO; LANES]);
}

impl<T: Real> Chunk<T> {
    /// self += weight * cells
    #[inline(always)]
    pub fn add_scaled(&mut self, weight: T, cells: &Chunk<T>) {
        for l in 0..LANES {
            self.0[l] += weight * cells.0[l];
        }
    }

    /// self += a * below + b * above
    #[inline(always)]
    pub fn add_scaled_pair(&mut self, a: T, below: &Chunk<T>, b: T, above: &Chunk<T>) {
        for l in 0..LANES {
            self.0[l] += a * below.0[l] + b * above.0[l];
        }
    }

    /// Takes the lanes of `cells` that are named; all of them if none is.
    #[inline(always)]
    pub fn take_lanes(&mut self, cells: Chunk<T>, lanes: &Option<[bool; LANES]>) {
        match lanes {
            None => *self = cells,
            Some(lanes) => {
                for l in 0..LANES {
                    self.0[l] = if lanes[l] { cells.0[l] } else { self.0[l] };
                }
            }
        }
    }

    /// self - other
    #[inline(always)]
    pub fn less(&self, other: &Chunk<T>) -> Chunk<T> {
        let mut rest = *self;
        for l in 0..LANES {
            rest.0[l] = self.0[l] - other.0[l];
        }
        rest
    }

    /// The cells, zeros for negligible ones.
    #[inline(always)]
    pub fn without_negligible(&self) -> Chunk<T> {
        let mut kept = *self;
        for l in 0..LANES {
            kept.0[l] = self.0[l].unless_negligible();
        }
        kept
    }

    /// Writes the cells past the caches, which then need not fetch first what is overwritten: for what would have left them before it
    /// is read again.
    #[inline(always)]
    pub fn write_past_caches(&self, to: &mut Chunk<T>) {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::x86_64::{__m128i, _mm_load_si128, _mm_stream_si128};
            // Through memory: else the compiler computes the chunk itself in these narrow pieces.
            let chunk = std::hint::black_box(*self);
            let (from, to) = (
                (&raw const chunk).cast::<__m128i>(),
                (&raw mut *to).cast::<__m128i>(),
            );
            for i in 0..size_of::<Chunk<T>>() / 16 {
                // SAFETY: both hold a whole chunk and are aligned to 64 bytes.
                unsafe { _mm_stream_si128(to.add(i), _mm_load_si128(from.add(i))) };
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            *to = *self;
        }
    }

    #[inline(always)]
    pub fn keep_larger(&mut self, cells: &Chunk<T>) {
        for l in 0..LANES {
            self.0[l] = self.0[l].larger(cells.0[l]);
        }
    }
}

/// Neighbouring chunks in registers: what is the same for all of them is fetched once.
#[derive(Clone, Copy)]
pub struct Group<T, const N: usize>(pub [Chunk<T>; N]);

impl<T: Real, const N: usize> Group<T, N> {
    pub const ZERO: Group<T, N> = Group([Chunk::ZERO; N]);

    /// self += weight * cells; `cells` holds N chunks.
    #[inline(always)]
    pub fn add_scaled(&mut self, weight: T, cells: &[Chunk<T>]) {
        let cells = &cells[..N];
        for i in 0..N {
            self.0[i].add_scaled(weight, &cells[i]);
        }
    }

    /// self += a * below + b * above
    #[inline(always)]
    pub fn add_scaled_pair(&mut self, a: T, below: &[Chunk<T>], b: T, above: &[Chunk<T>]) {
        let (below, above) = (&below[..N], &above[..N]);
        for i in 0..N {
            self.0[i].add_scaled_pair(a, &below[i], b, &above[i]);
        }
    }

    /// self += other
    #[inline(always)]
    pub fn add(&mut self, other: &Group<T, N>) {
        for i in 0..N {
            for l in 0..LANES {
                self.0[i].0[l] += other.0[i].0[l];
            }
        }
    }

    /// The cells, zeros for negligible ones.
    #[inline(always)]
    pub fn without_negligible(mut self) -> Group<T, N> {
        for i in 0..N {
            self.0[i] = self.0[i].without_negligible();
        }
        self
    }

    /// Writes the group to N chunks, past the caches if so asked, or the named lanes of it to one.
    #[inline(always)]
    pub fn store(self, cells: &mut [Chunk<T>], lanes: &Option<[bool; LANES]>, past_caches: bool) {
        let cells = &mut cells[..N];
        for i in 0..N {
            if past_caches && lanes.is_none() {
                self.0[i].write_past_caches(&mut cells[i]);
            } else {
                cells[i].take_lanes(self.0[i], lanes);
            }
        }
    }
}

/// Asks for items that are to be read soon; they need not be there.
#[cfg_attr(not(target_arch = "x86_64"), allow(unused_variables))]
#[inline(always)]
pub fn prefetch<I>(items: &[I], first: usize, count: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let from = items.as_ptr().wrapping_add(first).cast::<i8>();
        for byte in (0..count * size_of::<I>()).step_by(size_of::<Chunk<f32>>()) {
            // SAFETY: a hint, whatever the address.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(from.wrapping_add(byte)) };
        }
    }
}

/// A piece of work that is done for N neighbouring chunks at once.
pub trait ByGroup {
    fn group<const N: usize>(&mut self, first: usize);
}

/// Does the work for a span of chunks, at most `WIDEST` (up to four) at a time. Two where every chunk takes eight registers: with four
/// the compiler gathers and scatters their numbers one by one (AVX-512).
#[inline(always)]
pub fn by_groups<const WIDEST: usize, W: ByGroup>(work: &mut W, chunks: Span) {
    let mut first = chunks.first;
    while first + WIDEST <= chunks.last {
        work.group::<WIDEST>(first);
        first += WIDEST;
    }
    match chunks.last.saturating_sub(first) {
        3 if WIDEST > 3 => work.group::<3>(first),
        2 if WIDEST > 2 => work.group::<2>(first),
        1 => work.group::<1>(first),
        _ => {}
    }
}

impl Chunk<f64> {
    /// self += cells
    #[inline(always)]
    pub fn add<T: Real>(&mut self, cells: &Chunk<T>) {
        for l in 0..LANES {
            self.0[l] += cells.0[l].to_f64();
        }
    }

    /// self += first + second
    #[inline(always)]
    pub fn add_pair<T: Real>(&mut self, first: &Chunk<T>, second: &Chunk<T>) {
        for l in 0..LANES {
            self.0[l] += first.0[l].to_f64() + second.0[l].to_f64();
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionSet {
    Avx512,
    Avx2,
    Baseline,
}

impl InstructionSet {
    /// The widest that this processor has; `SMATRIX2D_SIMD=avx2|baseline` asks for less.
    pub fn detect() -> InstructionSet {
        let asked = std::env::var("SMATRIX2D_SIMD").unwrap_or_default();
        let best = Self::of_processor();
        match asked.as_str() {
            "baseline" => InstructionSet::Baseline,
            "avx2" if best != InstructionSet::Baseline => InstructionSet::Avx2,
            _ => best,
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn of_processor() -> InstructionSet {
        let avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq");
        if avx512 {
            InstructionSet::Avx512
        } else if is_x86_feature_detected!("avx2") {
            InstructionSet::Avx2
        } else {
            InstructionSet::Baseline
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn of_processor() -> InstructionSet {
        InstructionSet::Baseline
    }

    pub fn name(self) -> &'static str {
        match self {
            InstructionSet::Avx512 => "AVX-512",
            InstructionSet::Avx2 => "AVX2",
            InstructionSet::Baseline => "baseline",
        }
    }

    /// Runs a sweep in this instruction set.
    pub fn run<S: Sweep>(self, sweep: S) {
        match self {
            // SAFETY: `detect` is the only maker of these values and asks the processor first.
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => unsafe { run_avx512(sweep) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => unsafe { run_avx2(sweep) },
            _ => sweep.run(),
        }
    }
}

/// A pass over the active window. `run` must be `#[inline(always)]`, and all it calls too; iterator adapters are not, so the
/// hot loops are plain `for` loops over ranges.
pub trait Sweep {
    fn run(self);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq")]
unsafe fn run_avx512<S: Sweep>(sweep: S) {
    sweep.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn run_avx2<S: Sweep>(sweep: S) {
    sweep.run();
}
