// A_E: energy loss and straggling as a gather along E, at fixed theta, z, x; twin of src/operators/energy_loss.rs.
//
//     psi'[j] = sum over k of g[j, k] psi[base[j] + k]
//
// Two ways, the same bits. `energy_loss` makes all targets at once: for few cells. `transport` walks up in energy at one cell
// and four angles, scatters on the way, scores, and keeps the last energies in shared memory until all sources of a target
// have passed: psi is read once and written once for both operators and the scores.
#include "gather_theta.cuh"

template <typename Stored>
__device__ __forceinline__ Window after_loss(const March<Stored> &march, Window from) {
    from.energy = from.energy.grown(march.loss.reach_down, march.loss.reach_up, {0, march.layout.energies});
    return from;
}

template <typename Stored>
__device__ __forceinline__ void lose_energy(const March<Stored> &march, const Stored *psi, Stored *next, int from_slot,
                                            int to_slot, int plane) {
    const int spot = blockIdx.y;
    const Window from = march.window(from_slot, spot), to = after_loss(march, from);
    const Layout layout = march.layout;
    turn(march, spot, to_slot, to);
    if (from.empty()) return;
    const int angles = to.angle.length(), planes = to.z.length();
    const long long pitch = layout.index(1, 0, 0);
    double rounding[2] = {0, 0};
    psi += spot * layout.cells();
    next += spot * layout.cells();
    for (int row = blockIdx.x * ROWS + threadIdx.y; row < to.energy.length() * angles * planes; row += gridDim.x * ROWS) {
        const int z = to.z.first + row % planes;
        const int theta = to.angle.first + row / planes % angles;
        const int target = to.energy.first + row / planes / angles;
        for (int x = from.x.first + threadIdx.x; x < from.x.last; x += LANES) {
            const int entry = march.loss.entry(layout, march.medium[(plane + z) * layout.row + x], target, march.mirror_class[theta]);
            const int base = march.loss.base[entry];
            const Stored *column = psi + layout.index(base, theta, z) + x;
            Arithmetic<Stored> sum = 0;
            for (int k = 0; k < march.loss.fours; ++k) {
                const Four<Arithmetic<Stored>> weights = march.loss.weights[entry * march.loss.fours + k];
                for (int i = 0; i < FOUR; ++i) {
                    const int source = FOUR * k + i;
                    if (from.energy.contains(base + source)) sum += weights.v[i] * Storage<Stored>::load(column[source * pitch]);
                }
            }
            put(next + layout.index(target, theta, z) + x, sum, march.energies_mev[target], rounding);
        }
    }
    if (Storage<Stored>::rounds) enter_losses<2>(march, spot, ROUNDING_AFTER, rounding);
}

// One thread's walk up in energy: a cell (z, x) and four angles.
template <typename Stored> struct Walk {
    using Real = Arithmetic<Stored>;
    const March<Stored> &march;
    Window from, scattered, to;
    Cell cell;
    int theta, medium, classes[FOUR], depth;
    Real *ring;  // [energy modulo depth, angle of the four, thread]
    Real sums[FOUR][SCORES] = {};

    __device__ __forceinline__ Real &kept(int energy, int r) const {
        const int thread = threadIdx.y * LANES + threadIdx.x;
        return ring[(((energy & (depth - 1)) * FOUR + r) * ROWS * LANES) + thread];
    }
    __device__ __forceinline__ bool holds(int r) const { return cell.inside && scattered.angle.contains(theta + r); }

    // Scatters into the four angles at `energy`, scores, and keeps the result.
    __device__ __forceinline__ void pass(const Stored *psi, int energy, double *lost) {
        const Layout &layout = march.layout;
        Gathered<Real> gathered = {};
        if (from.energy.contains(energy) && cell.inside) {
            const Column<Stored> column = {psi + layout.index(energy, 0, cell.z) + cell.x, march.plane_cells(), from.angle,
                                           layout.angles, march.periodic};
            const int entry = medium * layout.energies + energy;
            const double energy_mev = march.energies_mev[energy];
            gathered = gather(march, column, entry, theta);
            for (int r = 0; r < FOUR; ++r) {
                if (!holds(r)) continue;
                Stored rounded;
                put(&rounded, gathered.after[r], energy_mev, lost + 2);
                gathered.after[r] = Storage<Stored>::load(rounded);
                reject(march, entry, theta + r, gathered.before[r], energy_mev, lost);
                score(r, march.loss.scores_of(layout, medium, energy, classes[r]), gathered.after[r]);
            }
        }
        for (int r = 0; r < FOUR; ++r) kept(energy, r) = holds(r) ? gathered.after[r] : Real(0);
    }
    __device__ __forceinline__ void score(int r, const Four<Real> *coefficients, Real weight) {
        const Four<Real> first = coefficients[0], second = coefficients[1];
        for (int q = 0; q < SCORES; ++q) sums[r][q] += (q < FOUR ? first.v[q] : second.v[q - FOUR]) * weight;
    }

    // Gathers one target from what is kept.
    __device__ __forceinline__ void arrive(Stored *next, int target, double *rounding) const {
        const Layout &layout = march.layout;
        for (int r = 0; r < FOUR; ++r) {
            if (!holds(r)) continue;
            const int entry = march.loss.entry(layout, medium, target, classes[r]), base = march.loss.base[entry];
            Real sum = 0;
            for (int k = 0; k < march.loss.fours; ++k) {
                const Four<Real> weights = march.loss.weights[entry * march.loss.fours + k];
                for (int i = 0; i < FOUR; ++i) sum += weights.v[i] * kept(base + FOUR * k + i, r);
            }
            put(next + layout.index(target, theta + r, cell.z) + cell.x, sum, march.energies_mev[target], rounding);
        }
    }

    __device__ __forceinline__ void run(const Stored *psi, Stored *next, double *lost, double *rounding) {
        for (int i = 0; i < depth; ++i) {
            for (int r = 0; r < FOUR; ++r) kept(i, r) = 0;
        }
        int target = to.energy.first;
        for (int energy = from.energy.first; target < to.energy.last; ++energy) {
            pass(psi, energy, lost);
            for (; target < to.energy.last && march.loss.complete[target] <= energy + 1; ++target) {
                arrive(next, target, rounding);
            }
        }
    }

    // Hands the scores on, and notes the angles to keep.
    __device__ __forceinline__ void hand_on(int spot) const {
        for (int r = 0; r < FOUR; ++r) {
            const bool keeps = holds(r) && static_cast<double>(sums[r][WEIGHT] - sums[r][STOPPED]) >= march.prune;
            for (int q = 0; q < SCORES && holds(r); ++q) {
                march.partial[march.partial_index(spot, q, theta + r, cell.z) + cell.x] = sums[r][q];
            }
            if (__any_sync(0xffffffffu, keeps) && threadIdx.x == 0) march.keep(spot, ANGLE_AXIS, theta + r, theta + r + 1);
        }
    }
};

template <typename Stored>
__device__ __forceinline__ void transport(const March<Stored> &march, const Stored *psi, Stored *next, int from_slot,
                                          int middle_slot, int to_slot, int plane, int depth) {
    DYNAMIC_SHARED(Arithmetic<Stored>, ring);
    const int spot = blockIdx.y;
    const Window from = march.window(from_slot, spot);
    Window scattered = from;
    scattered.angle = scattered_angles(march, from);
    const Window to = after_loss(march, scattered);
    turn(march, spot, middle_slot, scattered);
    turn(march, spot, to_slot, to);
    if (from.empty()) return;
    const Layout layout = march.layout;
    const Tiles tiles(scattered);
    double lost[4] = {0, 0, 0, 0}, rounding[2] = {0, 0};
    for (int item = blockIdx.x * ROWS + threadIdx.y; item < tiles.chunks * tiles.angles; item += gridDim.x * ROWS) {
        const Cell cell(tiles, item / tiles.angles);
        const int theta = tiles.theta(item % tiles.angles);
        const int medium = march.medium[(plane + cell.z) * layout.row + cell.x];
        auto class_of = [&](int r) { return static_cast<int>(march.mirror_class[min(theta + r, layout.angles - 1)]); };
        Walk<Stored> walk = {march, from, scattered, to, cell, theta, medium,
                             {class_of(0), class_of(1), class_of(2), class_of(3)}, depth, ring};
        walk.run(psi + spot * layout.cells(), next + spot * layout.cells(), lost, rounding);
        walk.hand_on(spot);
    }
    enter_losses<4>(march, spot, REJECTED, lost);
    if (Storage<Stored>::rounds) enter_losses<2>(march, spot, ROUNDING_AFTER, rounding);
}

// Grid: (blocks, spots); block: (LANES, ROWS). `transport`: depth * FOUR * threads numbers of shared memory.
#define ENERGY_LOSS_KERNEL(name, Stored)                                                                             \
    extern "C" __global__ void __launch_bounds__(LANES *ROWS)                                                        \
        energy_loss_##name(March<Stored> march, const Stored *psi, Stored *next, int from_slot, int to_slot, int plane) { \
        lose_energy<Stored>(march, psi, next, from_slot, to_slot, plane);                                            \
    }                                                                                                                \
    extern "C" __global__ void __launch_bounds__(LANES *ROWS)                                                        \
        transport_##name(March<Stored> march, const Stored *psi, Stored *next, int from_slot, int middle_slot,       \
                         int to_slot, int plane, int depth) {                                                        \
        transport<Stored>(march, psi, next, from_slot, middle_slot, to_slot, plane, depth);                          \
    }
FOR_EACH_STORAGE(ENERGY_LOSS_KERNEL)
