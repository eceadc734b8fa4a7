// Scores, ledger and window: what a step leaves besides psi; twin of src/scoring.rs and src/ledger.rs, the window's trimming
// stands in trimming.cuh. Sums in fixed order, no atomics on numbers that are not whole.
#include "trimming.cuh"

// Before the energy loss: per angle and cell, the sums over energy of psi times each coefficient; notes the angles in which
// something above the threshold will be left.
template <int SCORED, typename Stored>
__device__ __forceinline__ void score(const March<Stored> &march, const Stored *psi, int slot, int plane) {
    using Real = Arithmetic<Stored>;
    const int spot = blockIdx.y;
    const Window window = march.window(slot, spot);
    if (window.empty()) return;
    const Layout layout = march.layout;
    const int planes = window.z.length();
    const long long pitch = layout.index(1, 0, 0);
    psi += spot * layout.cells();
    for (int row = blockIdx.x * ROWS + threadIdx.y; row < window.angle.length() * planes; row += gridDim.x * ROWS) {
        const int z = window.z.first + row % planes, theta = window.angle.first + row / planes;
        bool kept = false;
        for (int x = window.x.first + threadIdx.x; x < window.x.last; x += LANES) {
            const int medium = march.medium_at(plane + z, x);
            const Stored *cell = psi + layout.index(0, theta, z) + x;
            const int mirror_class = march.mirror_class[theta];
            Real sums[SCORED] = {};
#pragma unroll 4
            for (int energy = window.energy.first; energy < window.energy.last; ++energy) {
                const Four<Real> *row = march.loss.template scores_of<SCORED>(layout, medium, energy, mirror_class);
                Four<Real> coefficients[COEFFICIENT_FOURS<SCORED>];
                for (int i = 0; i < COEFFICIENT_FOURS<SCORED>; ++i) coefficients[i] = READ_ONLY(row + i);
                const Real weight = Storage<Stored>::load(READ_ONLY(cell + energy * pitch));
                for (int q = 0; q < SCORED; ++q) {
                    sums[q] += coefficients[coefficient_of(q) / FOUR].v[coefficient_of(q) % FOUR] * weight;
                }
            }
            for (int q = 0; q < SCORED; ++q) march.partial[march.partial_index(spot, q, theta, z) + x] = sums[q];
            Real absorbed = 0;
            if constexpr (SCORED > ABSORBED) absorbed = sums[ABSORBED];
            kept = kept || static_cast<double>(left_of(sums[WEIGHT], sums[STOPPED], absorbed)) >= march.prune;
        }
        if (__any_sync(0xffffffffu, kept) && threadIdx.x == 0) march.keep(spot, ANGLE_AXIS, theta, theta + 1);
    }
}

// Partial scores of one cell (z, x) along theta.
template <typename Stored> struct Partials {
    const Arithmetic<Stored> *cells;
    long long angle_pitch, score_pitch;
    Span angle;
    // 0 outside the window; the read happens in any case, so that it need not wait for the question.
    __device__ __forceinline__ Arithmetic<Stored> at(int score, int theta) const {
        const bool inside = angle.contains(theta);
        const Arithmetic<Stored> value = READ_ONLY(cells + score * score_pitch + (inside ? theta : angle.first) * angle_pitch);
        return inside ? value : Arithmetic<Stored>(0);
    }
    // What the energy loss leaves; energy: MeV instead of protons.
    __device__ __forceinline__ Arithmetic<Stored> left(int theta, bool energy, bool reacts) const {
        const Arithmetic<Stored> absorbed = reacts ? at(energy ? ABSORBED_ENERGY : ABSORBED, theta) : Arithmetic<Stored>(0);
        return left_of(at(energy ? ENERGY : WEIGHT, theta), at(energy ? DEPOSIT : STOPPED, theta), absorbed);
    }
};

// Sum of one score over angle, bins that mirror each other together, from the axis outwards.
template <typename Stored>
__device__ __forceinline__ double over_angles(const March<Stored> &march, const Partials<Stored> &partials, int score) {
    double sum = 0;
    // Classes rise with |angle|, so that those of the window's ends bound all others.
    const int low_end = march.mirror_class[partials.angle.first], high_end = march.mirror_class[partials.angle.last - 1];
    const bool holds_axis = march.mirror_pairs[0] < partials.angle.last && march.mirror_pairs[1] >= partials.angle.first;
    const int first = holds_axis ? 0 : min(low_end, high_end), last = max(low_end, high_end);
    // A lane looks up a pair for all: 32 at a time.
    for (int start = first; start <= last; start += LANES) {
        const int mine = min(start + static_cast<int>(threadIdx.x), last);
        const int lower = READ_ONLY(march.mirror_pairs + 2 * mine), upper = READ_ONLY(march.mirror_pairs + 2 * mine + 1);
        const int pairs = min(LANES, last + 1 - start);
#pragma unroll 4
        for (int i = 0; i < pairs; ++i) {
            const int a = __shfl_sync(0xffffffffu, lower, i), b = __shfl_sync(0xffffffffu, upper, i);
            const double one = static_cast<double>(partials.at(score, a)), other = static_cast<double>(partials.at(score, b));
            sum += a == b ? one : one + other;
        }
    }
    return sum;
}

// Index of the map of a score, or -1.
__device__ __forceinline__ int map_of(int score) {
    return score >= PATH ? score - PATH + 2 : score == DEPOSIT ? 0 : score == LET_DEPOSIT ? 1 : -1;
}

static_assert(ABSORBED_SUM <= ROWS, "a row of the block for each sum where nothing reacts");

// One row's sum of all that the block has to do.
template <typename Stored>
__device__ __forceinline__ void collect_one(const March<Stored> &march, const Window &window, int plane, int task) {
    using Real = Arithmetic<Stored>;
    const int spot = blockIdx.y, score = task < DROPPED_WEIGHT ? task : task - ABSORBED_SUM + ABSORBED;
    const bool dropped = task == DROPPED_WEIGHT || task == DROPPED_ENERGY;
    const Layout layout = march.layout;
    const Span kept = march.kept_of(spot, ANGLE_AXIS, window.angle);
    const int tiles_x = (window.x.length() + LANES - 1) / LANES;
    double total = 0;
    for (int tile = blockIdx.x; tile < tiles_x * window.z.length(); tile += gridDim.x) {
        const int z = window.z.first + tile / tiles_x, first_x = window.x.first + tile % tiles_x * LANES;
        const int x = first_x + threadIdx.x;
        const bool inside = x < window.x.last;
        // Lanes beyond the window read its first cell, in vain.
        const Partials<Stored> partials = {march.partial + march.partial_index(spot, 0, 0, z) + (inside ? x : first_x), march.plane_cells(),
                                           layout.angles * march.plane_cells(), window.angle};
        if (!dropped) {
            const double over_all = over_angles(march, partials, score), sum = inside ? over_all : 0;
            const int map = map_of(score);
            if (map >= 0 && inside) {
                march.maps[((static_cast<long long>(spot) * MAPS + map) * march.phantom_planes + plane + z) * layout.row + x] += sum;
            }
            total += sum;
        } else if (march.prune > 0) {
            double column = 0;
            Real most = 0;
#pragma unroll 4
            for (int theta = window.angle.first; theta < window.angle.last; ++theta) {
                const Real left = partials.left(theta, task == DROPPED_ENERGY, march.reacts != 0);
                const bool stays = kept.contains(theta);
                column += stays ? static_cast<double>(left) : 0.0;
                total += stays || !inside ? 0.0 : static_cast<double>(left);
                most = stays && left > most ? left : most;
            }
            const long long cell = static_cast<long long>(z) * layout.row + x;
            if (inside) march.columns[(static_cast<long long>(spot) * 2 + task - DROPPED_WEIGHT) * march.plane_cells() + cell] = column;
            if (task == DROPPED_ENERGY) continue;
            if (inside) march.column_most[spot * march.plane_cells() + cell] = most;
            const unsigned kept_lanes =
                __ballot_sync(0xffffffffu, inside && kept.length() > 0 && static_cast<double>(most) >= march.prune);
            if (kept_lanes != 0 && threadIdx.x == 0) {
                march.keep(spot, X_AXIS, first_x + __ffs(kept_lanes) - 1, first_x + 32 - __clz(kept_lanes));
            }
        }
    }
    total = warp_sum(total);
    if (threadIdx.x == 0) {
        march.collected[(static_cast<long long>(spot) * march.collect_blocks + blockIdx.x) * COLLECTED + task] = total;
    }
}

// Sums the partial scores over angle into the maps and the block's sums; notes the columns of x to keep.
template <typename Stored>
__device__ __forceinline__ void collect(const March<Stored> &march, int slot, int plane) {
    const Window window = march.window(slot, blockIdx.y);
    if (window.empty()) return;
    for (int task = threadIdx.y; task < (march.reacts ? COLLECTED : ABSORBED_SUM); task += ROWS) {
        collect_one(march, window, plane, task);
    }
}

// Sum over all blocks of number `i` of their slots of `length`; a warp's work.
__device__ __forceinline__ double over_blocks(const double *slots, int blocks, int length, int i) {
    double sum = 0;
    for (int block = threadIdx.x; block < blocks; block += LANES) sum += slots[block * length + i];
    return warp_sum(sum);
}

// Moves the losses since the last step's end into an entry; the block's warps take a number each.
template <typename Stored>
__device__ __forceinline__ void enter_step_losses(const March<Stored> &march, int spot, double *entry) {
    double *slots = march.losses + static_cast<long long>(spot) * march.blocks * LOSSES;
    const bool any = march.any_loss[spot] != 0;
    for (int i = threadIdx.y; i < LOSSES; i += ROWS) {
        double sum = 0;
        double *slot = slots + i * march.blocks;
#pragma unroll 8
        for (int block = threadIdx.x; block < (any ? march.blocks : 0); block += LANES) {
            sum += slot[block];
            slot[block] = 0;
        }
        sum = warp_sum(sum);
        if (threadIdx.x == 0) entry[i] = sum;
    }
    __syncthreads();
    if (threadIdx.x == 0 && threadIdx.y == 0) march.any_loss[spot] = 0;
}

template <typename Stored> __device__ __forceinline__ void forget_kept(const March<Stored> &march, int spot) {
    const int i = threadIdx.y * LANES + threadIdx.x;
    if (i < 2 * DIMENSIONS) march.kept[spot * 2 * DIMENSIONS + i] = i % 2 == 0 ? 0x7fffffff : -1;
}

// A march is over when less of the beam than this is alive (a dense window never empties); as in src/backend/cpu/stepper/mod.rs.
constexpr double ALIVE_AT_LEAST = 1e-10;

// Ends a spot's march: what psi still holds in the window is the rest, and the window is empty from now on.
template <typename Stored>
__device__ __forceinline__ void end_march(const March<Stored> &march, const Stored *psi, int spot, Window window, int slot) {
    double rest[2] = {0, 0};
    psi += spot * march.layout.cells();
    const int planes = window.z.length(), angles = window.angle.length();
    for (int row = threadIdx.y; row < window.energy.length() * angles * planes; row += ROWS) {
        const int energy = window.energy.first + row / planes / angles, theta = window.angle.first + row / planes % angles;
        const Stored *line = psi + march.layout.index(energy, theta, window.z.first + row % planes);
        for (int x = window.x.first + threadIdx.x; x < window.x.last; x += LANES) {
            const double weight = static_cast<double>(Storage<Stored>::load(line[x]));
            rest[0] += weight;
            rest[1] += weight * march.energies_mev[energy];
        }
    }
    const bool first = threadIdx.x == 0 && threadIdx.y == 0;
    for (int i = 0; i < 2; ++i) {
        const double sum = block_sum(rest[i]);
        if (first) march.rest[2 * spot + i] = sum;
    }
    if (first) march.windows[slot * march.spots + spot] = {{0, 0}, {0, 0}, {0, 0}, {0, 0}};
}

// Sums over all blocks of what `collect` summed: [COLLECTED], zeros where nothing reacts.
template <typename Stored>
__device__ __forceinline__ void sum_collected(const March<Stored> &march, int spot, bool was_empty, double *sums) {
    const double *collected = march.collected + static_cast<long long>(spot) * march.collect_blocks * COLLECTED;
    for (int i = threadIdx.y; i < COLLECTED; i += ROWS) {
        const bool summed = !was_empty && (march.reacts || i < ABSORBED_SUM);
        const double sum = summed ? over_blocks(collected, march.collect_blocks, COLLECTED, i) : 0.0;
        if (threadIdx.x == 0) sums[i] = sum;
    }
    __syncthreads();
}

// Ends a step of a spot: the ledger's entry, and the trimmed window. `before`: the window at the energy loss; no march is over
// before step `births_end`, from which on nothing is injected. Grid: (1, spots).
template <typename Stored>
__device__ __forceinline__ void close_step(const March<Stored> &march, const Stored *psi, int before, int from_slot,
                                           int to_slot, int step, int births_end) {
    const int spot = blockIdx.y, thread = threadIdx.y * LANES + threadIdx.x;
    const Window all = march.window(from_slot, spot);
    const bool was_empty = march.window(before, spot).empty();
    Window window = trimmed_but_energy(march, spot, all);
    window.energy = window.empty() ? Span{all.energy.first, all.energy.first} : march.kept_of(spot, ENERGY_AXIS, all.energy);
    if (window.empty()) window = {{0, 0}, {0, 0}, {0, 0}, {0, 0}};
    if (thread == 0) march.windows[to_slot * march.spots + spot] = window;
    if (was_empty && step > births_end) return;
    double *entry = march.entries + (static_cast<long long>(spot) * march.steps_kept + step % march.steps_kept) * ENTRIES;
    enter_step_losses(march, spot, entry);
    __shared__ double sums[COLLECTED];
    sum_collected(march, spot, was_empty, sums);
    double pruned[2] = {0, 0};
    if (march.prune > 0 && !was_empty) enter_pruned(march, spot, all, window, sums, pruned);
    for (int i = 0; i < 2; ++i) pruned[i] = block_sum(pruned[i]);
    if (thread == 0) {
        const double ends[] = {sums[WEIGHT], sums[ENERGY],  sums[STOPPED],      sums[DEPOSIT],
                               pruned[0],    pruned[1],     sums[ABSORBED_SUM], sums[ABSORBED_ENERGY_SUM]};
        for (int i = 0; i < ENTRIES - ALIVE_WEIGHT; ++i) entry[ALIVE_WEIGHT + i] = ends[i];
    }
    const double alive = left_of(sums[WEIGHT], sums[STOPPED], sums[ABSORBED_SUM]);
    if (thread == 0) march.steps_done[spot] = step + 1;
    forget_kept(march, spot);
    if (alive < ALIVE_AT_LEAST && !window.empty() && step >= births_end) end_march(march, psi, spot, window, to_slot);
}

// Moves what was lost after the last step's end into `last` [spot, LOSSES]. Grid: (1, spots).
template <typename Stored> __device__ __forceinline__ void close_march(const March<Stored> &march, double *last) {
    enter_step_losses(march, blockIdx.y, last + blockIdx.y * LOSSES);
}

// Grids as above, else (blocks, spots); block: (LANES, ROWS).
#define SCORING_KERNEL(name, Stored)                                                                              \
    extern "C" __global__ void score_##name(March<Stored> march, const Stored *psi, int slot, int plane) {        \
        score<SCORES>(march, psi, slot, plane);                                                               \
    }                                                                                                             \
    extern "C" __global__ void score_reacting_##name(March<Stored> march, const Stored *psi, int slot,            \
                                                     int plane) {                                                 \
        score<REACTING>(march, psi, slot, plane);                                                                   \
    }                                                                                                             \
    extern "C" __global__ void collect_##name(March<Stored> march, int slot, int plane) {                         \
        collect<Stored>(march, slot, plane);                                                                      \
    }                                                                                                             \
    extern "C" __global__ void trim_z_##name(March<Stored> march, int slot) { trim_z<Stored>(march, slot); }      \
    extern "C" __global__ void sum_layers_##name(March<Stored> march, Stored *psi, int slot) {                    \
        sum_layers<Stored>(march, psi, slot);                                                                     \
    }                                                                                                             \
    extern "C" __global__ void close_step_##name(March<Stored> march, const Stored *psi, int before,              \
                                                 int from_slot, int to_slot, int step, int births_end) {          \
        close_step<Stored>(march, psi, before, from_slot, to_slot, step, births_end);                             \
    }                                                                                                             \
    extern "C" __global__ void close_march_##name(March<Stored> march, double *last) {                            \
        close_march<Stored>(march, last);                                                                         \
    }
FOR_EACH_STORAGE(SCORING_KERNEL)
