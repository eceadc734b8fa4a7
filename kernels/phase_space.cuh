// Phase space on the device: index order psi[spot, energy, angle, z, x] (x fastest), windows, and everything that a march's
// kernels read and write; twin of src/phase_space.rs. The structs' twins are in src/backend/cuda/twins.rs.
//
// Outside its window psi is never read, so that nothing has to be cleared.
#pragma once
#include "common.cuh"

struct Span {
    int first, last;
    __device__ __forceinline__ int length() const { return last - first; }
    __device__ __forceinline__ bool contains(int i) const { return i >= first && i < last; }
    __device__ __forceinline__ Span grown(int below, int above, Span limits) const {
        return {max(first - below, limits.first), min(last + above, limits.last)};
    }
};

// Holds nothing, and any span with it is that span.
constexpr Span NO_SPAN = {0x7fffffff, -1};

__device__ __forceinline__ Span enclosing(Span a, Span b) { return {min(a.first, b.first), max(a.last, b.last)}; }

// The span that holds those of all lanes of a warp; every lane gets it.
__device__ __forceinline__ Span warp_enclosing(Span span) {
    for (int lanes = LANES / 2; lanes > 0; lanes /= 2) {
        span = enclosing(span, {__shfl_xor_sync(0xffffffffu, span.first, lanes), __shfl_xor_sync(0xffffffffu, span.last, lanes)});
    }
    return span;
}

// Likewise of a block of (LANES, ROWS) threads.
__device__ __forceinline__ Span block_enclosing(Span span) {
    __shared__ Span warps[ROWS];
    span = warp_enclosing(span);
    __syncthreads();  // what a call before left there has been read
    if (threadIdx.x == 0) warps[threadIdx.y] = span;
    __syncthreads();
    for (int row = 0; row < ROWS; ++row) span = enclosing(span, warps[row]);
    return span;
}

// `span` with both ends at multiples of four.
__device__ __forceinline__ Span in_fours(Span span) {
    return {span.first & ~(FOUR - 1), (span.last + FOUR - 1) & ~(FOUR - 1)};
}

struct Window {
    Span energy, angle, z, x;
    __device__ __forceinline__ bool empty() const {
        return energy.length() <= 0 || angle.length() <= 0 || z.length() <= 0 || x.length() <= 0;
    }
    __device__ __forceinline__ long long cells() const {
        return static_cast<long long>(energy.length()) * angle.length() * z.length() * x.length();
    }
};

// Order of the spans in `March::kept`.
enum Dimension { ENERGY_AXIS, ANGLE_AXIS, Z_AXIS, X_AXIS, DIMENSIONS };

// `row`: cells of a stored row, padding included.
struct Layout {
    int energies, angles, planes, row;
    __device__ __forceinline__ long long index(int energy, int angle, int z) const {
        return ((static_cast<long long>(energy) * angles + angle) * planes + z) * row;
    }
    __device__ __forceinline__ long long cells() const { return index(energies, 0, 0); }
};

// Largest entry of any stretch of a list: `table[level * count + i]` is the largest of the 2^level entries from i on.
struct RangeMax {
    const int *table;
    int count, unused;
    __device__ __forceinline__ int over(Span span) const {
        if (span.length() <= 0) return 0;
        const int level = 31 - __clz(span.length());
        return max(table[level * count + span.first], table[level * count + span.last - (1 << level)]);
    }
};

// Kernels by (medium, energy). `pairs`: for jump n, angle by angle, the weights of the sources n below and n above, rows of
// `padded_angles`. `rejected`: by angle, the share that a bin's kernel carries beyond the allowed angles.
template <typename Real> struct ScatteringTable {
    const unsigned *half_width;
    const unsigned *pair_start;
    const Two<Real> *pairs;
    const double *rejected;
    RangeMax reach;
    int padded_angles, unused;
};

// What is scored per source bin; the order of src/operators/energy_loss.rs.
enum Score { WEIGHT, ENERGY, DEPOSIT, STOPPED, LET_DEPOSIT, PATH, SCORES };
// Where anything reacts, the moments 0 to 3 of the energy of what is taken come behind them; kernels come with and without.
constexpr int MOMENTS = FOUR, ABSORBED = SCORES, ABSORBED_ENERGY = ABSORBED + 1, REACTING = SCORES + MOMENTS;
// Deposit, deposit times LET, path, and the moments are kept as maps.
constexpr int MAPS = 3 + MOMENTS;

// What the energy loss leaves of a weight, or of its energy.
template <typename Real> __device__ __forceinline__ Real left_of(Real all, Real stopped, Real absorbed) {
    return all - stopped - absorbed;
}

// Weights and scores come in rows of whole fours, filled up with zeros; where anything reacts, the moments are a four of their own.
constexpr int SCORE_FOURS = (SCORES + FOUR - 1) / FOUR;
template <int SCORED> constexpr int COEFFICIENT_FOURS = SCORED > SCORES ? SCORE_FOURS + 1 : SCORE_FOURS;
// Where the coefficient of a score stands in its row.
__device__ __forceinline__ constexpr int coefficient_of(int score) {
    return score < SCORES ? score : FOUR * SCORE_FOURS + score - SCORES;
}
template <typename Real> struct EnergyLossTable {
    const unsigned *base;
    const unsigned *complete;  // [target]: one past the highest source of any medium and class
    const Four<Real> *weights;
    const Four<Real> *scores;
    int fours, reach_down, reach_up, classes;

    __device__ __forceinline__ int entry(const Layout &layout, int medium, int energy, int mirror_class) const {
        return (medium * layout.energies + energy) * classes + mirror_class;
    }
    template <int SCORED>
    __device__ __forceinline__ const Four<Real> *scores_of(const Layout &layout, int medium, int energy, int mirror_class) const {
        return scores + static_cast<long long>(entry(layout, medium, energy, mirror_class)) * COEFFICIENT_FOURS<SCORED>;
    }
};

// direction * (whole + fraction) cells.
template <typename Real> struct Displacement {
    int direction, whole;
    Real fraction, weights[4];
};

// One stride along one axis.
template <typename Real> struct Displacements {
    const Displacement<Real> *by_angle;
    RangeMax below, above;
};

// What leaves psi in an operator, in the order of a block's slot: (weight, MeV) each. Rounding before and after the scores.
enum Loss { LEAKED, REJECTED = 8, ROUNDING = 10, ROUNDING_AFTER = 12, LOSSES = 14 };

// One step of the ledger: the losses, then these.
enum Entry {
    ALIVE_WEIGHT = LOSSES,
    ALIVE_ENERGY,
    STOPPED_WEIGHT,
    DEPOSITED,
    PRUNED_WEIGHT,
    PRUNED_ENERGY,
    ABSORBED_PROTONS,
    ABSORBED_MEV,
    ENTRIES
};

// What `collect` sums, in the order in which a block's rows take it: the scores, the weight and energy that pruning whole
// angles drops, and, in a second round, what reactions take.
enum Sum { DROPPED_WEIGHT = SCORES, DROPPED_ENERGY, ABSORBED_SUM, ABSORBED_ENERGY_SUM, COLLECTED = ABSORBED_SUM + MOMENTS };

// Everything about a march but psi itself: constant tables, then what the kernels keep between launches.
template <typename Stored> struct March {
    using Real = Arithmetic<Stored>;
    Layout layout;
    Span allowed_angles;
    int cells_x, periodic, spots, phantom_planes;
    int blocks, collect_blocks, steps_kept;
    int reacts;                    // whether reactions take anything
    double prune;
    const unsigned short *medium;  // [phantom plane, x]
    const double *energies_mev;    // [energy]
    const unsigned *mirror_class;  // [angle]
    const int *mirror_pairs;       // [class, 2]
    ScatteringTable<Real> scattering;
    EnergyLossTable<Real> loss;

    Window *windows;               // [slot, spot]
    int *kept;                     // [spot, dimension, (first, last)]: what trimming leaves
    Real *partial;                 // [spot, score, angle, z, x]
    double *maps;                  // [spot, map, phantom plane, x]
    double *columns;               // [spot, (weight, energy), z, x]: left after the energy loss at the angles kept
    Real *column_most;             // [spot, z, x]
    double *layers;                // [spot, energy]: weight of psi
    double *outside;               // likewise, of angles dropped; where storage rounds, of all stored outside the trimmed window
    double *collected;             // [spot, block, COLLECTED]
    double *losses;                // [spot, loss, block]
    int *any_loss;                 // [spot]
    double *entries;               // [spot, step kept, ENTRIES]
    unsigned long long *counts;    // [spot, (cell updates, largest window)]
    double *rest;                  // [spot, (weight, energy)]: left when a march was over
    int *steps_done;               // [spot]

    __device__ __forceinline__ Window window(int slot, int spot) const { return windows[slot * spots + spot]; }
    // Medium of four neighbouring cells, or of one.
    __device__ __forceinline__ int medium_at(int plane, int x) const {
        return READ_ONLY(medium + static_cast<long long>(plane) * layout.row + x);
    }
    __device__ __forceinline__ long long plane_cells() const {
        return static_cast<long long>(layout.planes) * layout.row;
    }
    __device__ __forceinline__ long long partial_index(int spot, int score, int angle, int z) const {
        return ((static_cast<long long>(spot) * REACTING + score) * layout.angles + angle) * plane_cells() +
               static_cast<long long>(z) * layout.row;
    }
    __device__ __forceinline__ int *kept_span(int spot, Dimension dimension) const {
        return kept + (spot * DIMENSIONS + dimension) * 2;
    }
    // `all` without what trimming drops.
    __device__ __forceinline__ Span kept_of(int spot, Dimension dimension, Span all) const {
        if (prune <= 0) return all;
        const int *span = kept_span(spot, dimension);
        return span[0] < span[1] ? Span{span[0], span[1]} : Span{all.first, all.first};
    }
    // Widens what trimming keeps so that it holds `from` to `to`; integers, so that the order of threads does not matter.
    __device__ __forceinline__ void keep(int spot, Dimension dimension, int from, int to) const {
        volatile int *seen = kept_span(spot, dimension);
        if (from < seen[0]) atomicMin(kept_span(spot, dimension), from);
        if (to > seen[1]) atomicMax(kept_span(spot, dimension) + 1, to);
    }
};

// One thread of a spot notes the window that an operator leaves.
template <typename Stored>
__device__ __forceinline__ void turn(const March<Stored> &march, int spot, int slot, Window to) {
    if (blockIdx.x != 0 || threadIdx.x != 0 || threadIdx.y != 0) return;
    march.windows[slot * march.spots + spot] = to;
    if (to.empty()) return;
    unsigned long long *count = march.counts + 2 * spot;
    const unsigned long long cells = static_cast<unsigned long long>(to.cells());
    count[0] += cells;
    if (cells > count[1]) count[1] = cells;
}

// Stores a cell; what rounding to 16 bits takes goes into `rounding` (weight, energy).
template <typename Stored>
__device__ __forceinline__ void put(Stored *cell, Arithmetic<Stored> value, double energy_mev, double *rounding) {
    const Stored stored = Storage<Stored>::store(value);
    *cell = stored;
    if (Storage<Stored>::rounds) {
        const double gone = static_cast<double>(value) - static_cast<double>(Storage<Stored>::load(stored));
        rounding[0] += gone;
        rounding[1] += gone * energy_mev;
    }
}

// Adds what the threads of a block lost to the block's slot; every thread of the block must come.
template <int COUNT, typename Stored>
__device__ __forceinline__ void enter_losses(const March<Stored> &march, int spot, int first, const double *lost) {
    __shared__ double warps[COUNT][ROWS];
    __syncthreads();  // what a call before left there has been read
    bool any = false;
    for (int i = 0; i < COUNT; ++i) any = any || lost[i] != 0;
    any = __any_sync(0xffffffffu, any);
    for (int i = 0; i < COUNT; ++i) {
        const double sum = any ? warp_sum(lost[i]) : 0.0;
        if (threadIdx.x == 0) warps[i][threadIdx.y] = sum;
    }
    __syncthreads();
    const int i = threadIdx.y * LANES + threadIdx.x;
    if (i < COUNT) {
        double sum = 0;
        for (int row = 0; row < blockDim.y; ++row) sum += warps[i][row];
        if (sum != 0) {
            march.losses[(static_cast<long long>(spot) * LOSSES + first + i) * march.blocks + blockIdx.x] += sum;
            march.any_loss[spot] = 1;
        }
    }
}

template <typename Stored> __device__ __forceinline__ Four<Arithmetic<Stored>> load_four(const Stored *cells) {
    const Four<Stored> stored = READ_ONLY(reinterpret_cast<const Four<Stored> *>(cells));
    return {{Storage<Stored>::load(stored.v[0]), Storage<Stored>::load(stored.v[1]), Storage<Stored>::load(stored.v[2]),
             Storage<Stored>::load(stored.v[3])}};
}

template <typename Stored>
__device__ __forceinline__ void put_four(Stored *cells, const Four<Arithmetic<Stored>> &values, double energy_mev, double *rounding) {
    Four<Stored> stored;
    for (int v = 0; v < FOUR; ++v) put(&stored.v[v], values.v[v], energy_mev, rounding);
    *reinterpret_cast<Four<Stored> *>(cells) = stored;
}

// Kernels for each storage type.
#define FOR_EACH_STORAGE(KERNEL) \
    KERNEL(double, double)       \
    KERNEL(single, float)        \
    KERNEL(half, __half)
