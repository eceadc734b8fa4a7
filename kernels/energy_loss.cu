// A_E: energy loss and straggling as a gather along E, at fixed theta, z, x; twin of src/operators/energy_loss.rs.
//
//     psi'[j] = sum over k of g[j, k] psi[base[j] + k]          four by four, from the highest k, whose share is small, down
//
// Two ways, the same bits. `energy_loss` makes all targets at once: for few cells. `transport` walks up in energy at four
// cells of x, scatters on the way, scores, and keeps the last energies in shared memory until all sources of a target
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
            const int entry = march.loss.entry(layout, march.medium_at(plane + z, x), target, march.mirror_class[theta]);
            const int base = READ_ONLY(march.loss.base + entry);
            const Stored *column = psi + layout.index(base, theta, z) + x;
            Arithmetic<Stored> sum = 0;
            for (int k = march.loss.fours - 1; k >= 0; --k) {
                const Four<Arithmetic<Stored>> weights = READ_ONLY(march.loss.weights + entry * march.loss.fours + k);
                Arithmetic<Stored> four = 0;
                for (int i = FOUR - 1; i >= 0; --i) {
                    const int source = FOUR * k + i;
                    if (from.energy.contains(base + source)) {
                        four += weights.v[i] * Storage<Stored>::load(READ_ONLY(column + source * pitch));
                    }
                }
                sum += four;
            }
            put(next + layout.index(target, theta, z) + x, unless_negligible(sum), march.energies_mev[target], rounding);
        }
    }
    if (Storage<Stored>::rounds) enter_losses<2>(march, spot, ROUNDING_AFTER, rounding);
}

// Fours of loss weights that are read ahead.
constexpr int FOURS_AHEAD = 2;

// One thread's walk up in energy: four cells (z, x to x + 3) at one angle. What tables say of the next energy and the next
// target of the first medium is read ahead.
template <typename Stored, int SCORED> struct Walk {
    using Real = Arithmetic<Stored>;
    const March<Stored> &march;
    Window from, to;
    Cell cell;
    Filling filling;
    int mirror_class, depth;
    Four<Real> *ring;  // [energy modulo depth, thread]

    Four<Real> sums[SCORED];
    Kernel kernel;
    Four<Real> coefficients[COEFFICIENT_FOURS<SCORED>], weights[FOURS_AHEAD];
    int base, complete;

    __device__ __forceinline__ Four<Real> &kept(int energy) const {
        return ring[(energy & (depth - 1)) * FEW_ROWS * LANES + threadIdx.y * LANES + threadIdx.x];
    }
    __device__ __forceinline__ const Four<Real> *coefficients_of(int medium, int energy) const {
        return march.loss.template scores_of<SCORED>(march.layout, medium, energy, mirror_class);
    }
    __device__ __forceinline__ void look_up_energy(int energy) {
        if (energy >= from.energy.last) return;
        kernel = kernel_of(march, filling.media[0], energy);
        for (int i = 0; i < COEFFICIENT_FOURS<SCORED>; ++i) coefficients[i] = READ_ONLY(coefficients_of(filling.media[0], energy) + i);
    }
    __device__ __forceinline__ void look_up_target(int target) {
        if (target >= to.energy.last) return;
        const int entry = march.loss.entry(march.layout, filling.media[0], target, mirror_class);
        complete = READ_ONLY(march.loss.complete + target);
        base = READ_ONLY(march.loss.base + entry);
        for (int k = 0; k < FOURS_AHEAD; ++k) {
            weights[k] = k < march.loss.fours ? READ_ONLY(march.loss.weights + entry * march.loss.fours + k) : Four<Real>{};
        }
    }

    // What is scattered into the angle at `energy`, as it is stored.
    __device__ __forceinline__ Four<Real> scattered(const Stored *psi, int energy, double *lost) const {
        const Layout &layout = march.layout;
        const Column<Stored> column = {psi + layout.index(energy, 0, cell.z) + cell.x, layout.planes * layout.row, from.angle, from.x,
                                       cell.x, layout.angles, march.periodic};
        Four<Real> after = filling.template each<Real>([&](int medium) {
            return gather<ZEROS>(march, column, filling.uniform ? kernel : kernel_of(march, medium, energy), cell.theta);
        });
        if (from.angle.contains(cell.theta)) reject(march, filling, energy, cell.theta, column.template at<ZEROS>(cell.theta), lost);
        if (Storage<Stored>::rounds) {
            Four<Stored> rounded;
            put_four(rounded.v, after, READ_ONLY(march.energies_mev + energy), lost + 2);
            for (int v = 0; v < FOUR; ++v) after.v[v] = Storage<Stored>::load(rounded.v[v]);
        }
        return after;
    }

    __device__ __forceinline__ void score(int energy, const Four<Real> &weight) {
        for (int q = 0; q < SCORED; ++q) {
            for (int v = 0; v < FOUR; ++v) {
                const int at = coefficient_of(q);
                Real coefficient = coefficients[at / FOUR].v[at % FOUR];
                if (!filling.uniform) coefficient = coefficients_of(filling.media[v], energy)[at / FOUR].v[at % FOUR];
                sums[q].v[v] += coefficient * weight.v[v];
            }
        }
    }

    __device__ __forceinline__ void add_sources(Four<Real> &sum, const Four<Real> &shares, int first) const {
        Four<Real> four = {};
        for (int i = FOUR - 1; i >= 0; --i) {
            const Four<Real> source = kept(first + i);
            for (int v = 0; v < FOUR; ++v) four.v[v] += shares.v[i] * source.v[v];
        }
        for (int v = 0; v < FOUR; ++v) sum.v[v] += four.v[v];
    }
    // One target, gathered from what is kept.
    __device__ __forceinline__ Four<Real> arriving(int target, int medium) const {
        const int entry = march.loss.entry(march.layout, medium, target, mirror_class);
        const int lowest = filling.uniform ? base : READ_ONLY(march.loss.base + entry);
        Four<Real> sum = {};
#pragma unroll 1
        for (int k = march.loss.fours - 1; k >= FOURS_AHEAD; --k) {
            add_sources(sum, READ_ONLY(march.loss.weights + entry * march.loss.fours + k), lowest + FOUR * k);
        }
        for (int k = FOURS_AHEAD - 1; k >= 0; --k) {
            if (k >= march.loss.fours) continue;
            add_sources(sum, filling.uniform ? weights[k] : READ_ONLY(march.loss.weights + entry * march.loss.fours + k),
                        lowest + FOUR * k);
        }
        for (int v = 0; v < FOUR; ++v) sum.v[v] = unless_negligible(sum.v[v]);
        return sum;
    }

    __device__ __forceinline__ void run(const Stored *psi, Stored *next, double *lost, double *rounding) {
        for (int q = 0; q < SCORED; ++q) sums[q] = {};
        for (int i = 0; i < depth; ++i) kept(i) = {};
        if (!cell.inside) return;
        int target = to.energy.first;
        look_up_energy(from.energy.first);
        look_up_target(target);
        for (int energy = from.energy.first; target < to.energy.last; ++energy) {
            Four<Real> weight = {};
            if (energy < from.energy.last) {
                weight = scattered(psi, energy, lost);
                score(energy, weight);
                look_up_energy(energy + 1);
            }
            kept(energy) = weight;
            while (target < to.energy.last && complete <= energy + 1) {
                const Four<Real> arrived = filling.template each<Real>([&](int medium) { return arriving(target, medium); });
                put_four(next + march.layout.index(target, cell.theta, cell.z) + cell.x, arrived,
                         READ_ONLY(march.energies_mev + target), rounding);
                look_up_target(++target);
            }
        }
    }

    // Hands the scores on, and notes the angle if it is to be kept.
    __device__ __forceinline__ void hand_on(int spot) const {
        if (!cell.inside) return;
        bool keeps = false;
        for (int q = 0; q < SCORED; ++q) {
            *reinterpret_cast<Four<Real> *>(march.partial + march.partial_index(spot, q, cell.theta, cell.z) + cell.x) = sums[q];
        }
        for (int v = 0; v < FOUR; ++v) {
            Real absorbed = 0;
            if constexpr (SCORED > ABSORBED) absorbed = sums[ABSORBED].v[v];
            keeps = keeps || static_cast<double>(left_of(sums[WEIGHT].v[v], sums[STOPPED].v[v], absorbed)) >= march.prune;
        }
        if (keeps) march.keep(spot, ANGLE_AXIS, cell.theta, cell.theta + 1);
    }
};

// Cells of the fours of psi that lie outside the window's x are zeros.
template <int SCORED, typename Stored>
__device__ __forceinline__ void transport(const March<Stored> &march, const Stored *psi, Stored *next, int from_slot,
                                          int middle_slot, int to_slot, int plane, int depth) {
    DYNAMIC_SHARED(Four<Arithmetic<Stored>>, ring);
    const int spot = blockIdx.y;
    const Window from = march.window(from_slot, spot);
    Window scattered = from;
    scattered.angle = scattered_angles(march, from);
    const Window to = after_loss(march, scattered);
    turn(march, spot, middle_slot, scattered);
    turn(march, spot, to_slot, to);
    if (from.empty()) return;
    const Fours fours(scattered);
    double lost[4] = {0, 0, 0, 0}, rounding[2] = {0, 0};
    for (int item = blockIdx.x * FEW_ROWS + threadIdx.y; item * LANES < fours.count; item += gridDim.x * FEW_ROWS) {
        const Cell cell(fours, item * LANES + threadIdx.x);
        Walk<Stored, SCORED> walk = {march, from, to, cell, Filling(march, plane + cell.z, cell.x),
                                     static_cast<int>(READ_ONLY(march.mirror_class + cell.theta)), depth, ring};
        walk.run(psi + spot * march.layout.cells(), next + spot * march.layout.cells(), lost, rounding);
        walk.hand_on(spot);
    }
    enter_losses<4>(march, spot, REJECTED, lost);
    if (Storage<Stored>::rounds) enter_losses<2>(march, spot, ROUNDING_AFTER, rounding);
}

// Grid: (blocks, spots); block: (LANES, ROWS). `transport`: (LANES, FEW_ROWS), depth * FOUR * threads numbers of shared memory.
#define ENERGY_LOSS_KERNEL(name, Stored)                                                                             \
    extern "C" __global__ void                                                                                    \
        energy_loss_##name(March<Stored> march, const Stored *psi, Stored *next, int from_slot, int to_slot, int plane) { \
        lose_energy<Stored>(march, psi, next, from_slot, to_slot, plane);                                            \
    }                                                                                                                \
    extern "C" __global__ void __launch_bounds__(LANES *FEW_ROWS, FEW_ROWS_BLOCKS<Stored>)                           \
        transport_##name(March<Stored> march, const Stored *psi, Stored *next, int from_slot, int middle_slot,       \
                         int to_slot, int plane, int depth) {                                                        \
        transport<SCORES>(march, psi, next, from_slot, middle_slot, to_slot, plane, depth);                          \
    }                                                                                                                \
    extern "C" __global__ void __launch_bounds__(LANES *FEW_ROWS, FEW_ROWS_BLOCKS<Stored>)                           \
        transport_reacting_##name(March<Stored> march, const Stored *psi, Stored *next, int from_slot,               \
                                  int middle_slot, int to_slot, int plane, int depth) {                              \
        transport<REACTING>(march, psi, next, from_slot, middle_slot, to_slot, plane, depth);                        \
    }
FOR_EACH_STORAGE(ENERGY_LOSS_KERNEL)
