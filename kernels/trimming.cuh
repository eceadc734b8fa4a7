// What trimming the window keeps and drops; twin of src/backend/cpu/stepper/window.rs and angles.rs.
#pragma once
#include "phase_space.cuh"

// Notes the planes of z to keep (path stepping): those with a cell above the threshold in the columns kept.
template <typename Stored> __device__ __forceinline__ void trim_z(const March<Stored> &march, int slot) {
    const int spot = blockIdx.y;
    const Window window = march.window(slot, spot);
    if (window.empty()) return;
    const Span kept_x = march.kept_of(spot, X_AXIS, window.x);
    for (int z = window.z.first + blockIdx.x * ROWS + threadIdx.y; z < window.z.last; z += gridDim.x * ROWS) {
        bool kept = false;
        for (int x = kept_x.first + threadIdx.x; x < kept_x.last; x += LANES) {
            const long long cell = spot * march.plane_cells() + static_cast<long long>(z) * march.layout.row + x;
            kept = kept || static_cast<double>(march.column_most[cell]) >= march.prune;
        }
        if (__any_sync(0xffffffffu, kept) && threadIdx.x == 0) march.keep(spot, Z_AXIS, z, z + 1);
    }
}

// Shares of the threshold for cells of psi at the rims of energy and of an energy's angles; as on the CPU.
constexpr double ENERGY_RIM_SHARE = 0.1;
constexpr double ANGLE_RIM_SHARE = 0.01;

// The window that trimming of angle, x and z leaves.
template <typename Stored>
__device__ __forceinline__ Window trimmed_but_energy(const March<Stored> &march, int spot, Window window) {
    window.angle = march.kept_of(spot, ANGLE_AXIS, window.angle);
    window.x = march.kept_of(spot, X_AXIS, window.x);
    if (march.layout.planes > 1) window.z = march.kept_of(spot, Z_AXIS, window.z);
    return window;
}

// Empties a thread's cells of a layer at angles that are not kept; returns their weight.
template <typename Stored>
__device__ __forceinline__ double empty_angles(const March<Stored> &march, Stored *psi, int energy, const Window &window, Span kept,
                                               int first_row, int rows_at_once) {
    double weight = 0;
    for (int theta = window.angle.first + first_row; theta < window.angle.last; theta += rows_at_once) {
        if (kept.contains(theta)) continue;
        for (int z = window.z.first; z < window.z.last; ++z) {
            Stored *row = psi + march.layout.index(energy, theta, z);
            for (int x = window.x.first + threadIdx.x; x < window.x.last; x += LANES) {
                weight += static_cast<double>(Storage<Stored>::load(row[x]));
                row[x] = Storage<Stored>::store(0);
            }
        }
    }
    return weight;
}

// Weight of psi by energy in the trimmed window; notes the energies to keep, and empties a layer's outermost angles in which no
// cell reaches the threshold: what they held is `outside`. Where storage rounds, `outside` also has what is stored outside the
// window: what trimming drops has been rounded already. A layer takes a block, or, in large batches of planes, a warp.
template <typename Stored>
__device__ __forceinline__ void sum_layers(const March<Stored> &march, Stored *psi, int slot) {
    using Real = Arithmetic<Stored>;
    const int spot = blockIdx.y, rows_at_once = gridDim.x * ROWS >= march.layout.energies + ROWS ? ROWS : 1;
    const Window all = march.window(slot, spot);
    if (all.empty()) return;
    const Window window = trimmed_but_energy(march, spot, all), read = Storage<Stored>::rounds ? all : window;
    const int first_row = rows_at_once > 1 ? threadIdx.y : 0;
    const int first = rows_at_once > 1 ? blockIdx.x : blockIdx.x * ROWS + threadIdx.y;
    psi += spot * march.layout.cells();
    const Real least = static_cast<Real>(march.prune * ANGLE_RIM_SHARE);
    for (int energy = all.energy.first + first; energy < all.energy.last; energy += gridDim.x * ROWS / rows_at_once) {
        double sum = 0, outside = 0;
        Real most = 0;
        Span kept = NO_SPAN;
        const int pitch = march.layout.planes * march.layout.row;
        for (int z = read.z.first; z < read.z.last; ++z) {
            for (int x = read.x.first + threadIdx.x; x < read.x.last; x += LANES) {
                const Stored *cells = psi + march.layout.index(energy, 0, z) + x;
                const bool column_stays = window.z.contains(z) && window.x.contains(x);
#pragma unroll 8
                for (int theta = read.angle.first + first_row; theta < read.angle.last; theta += rows_at_once) {
                    const Real cell = Storage<Stored>::load(cells[static_cast<long long>(theta) * pitch]);
                    if (Storage<Stored>::rounds && !(column_stays && window.angle.contains(theta))) {
                        outside += static_cast<double>(cell);
                        continue;
                    }
                    sum += static_cast<double>(cell);
                    most = cell > most ? cell : most;
                    if (cell >= least) kept = enclosing(kept, {theta, theta + 1});
                }
            }
        }
        if (march.prune > 0) {
            kept = rows_at_once > 1 ? block_enclosing(kept) : warp_enclosing(kept);
            const double dropped = empty_angles(march, psi, energy, window, kept, first_row, rows_at_once);
            sum -= dropped;
            outside += dropped;
        }
        most = warp_largest(most);
        if (threadIdx.x == 0 && march.prune > 0 && static_cast<double>(most) / ENERGY_RIM_SHARE >= march.prune) {
            march.keep(spot, ENERGY_AXIS, energy, energy + 1);
        }
        sum = rows_at_once > 1 ? block_sum(sum) : warp_sum(sum);
        const bool writes = threadIdx.x == 0 && (rows_at_once == 1 || threadIdx.y == 0);
        if (writes) march.layers[spot * march.layout.energies + energy] = sum;
        outside = rows_at_once > 1 ? block_sum(outside) : warp_sum(outside);
        if (writes) march.outside[spot * march.layout.energies + energy] = outside;
    }
}

// Weight (quantity 0) or energy (1) that trimming of x and z drops.
template <typename Stored>
__device__ __forceinline__ double dropped_columns(const March<Stored> &march, int spot, int quantity, const Window &all,
                                                  const Window &kept) {
    const double *columns = march.columns + (static_cast<long long>(spot) * 2 + quantity) * march.plane_cells();
    double sum = 0;
    for (int z = all.z.first + threadIdx.y; z < all.z.last; z += ROWS) {
        for (int x = all.x.first + threadIdx.x; x < all.x.last; x += LANES) {
            if (kept.x.contains(x) && kept.z.contains(z)) continue;
            sum += columns[static_cast<long long>(z) * march.layout.row + x];
        }
    }
    return sum;
}

// What a thread finds of the weight and energy that trimming drops: of angles (`sums`) and columns before they were stored, or,
// where storage rounds, of all outside the trimmed window as it is stored; of layers of energy, and of their angles.
template <typename Stored>
__device__ __forceinline__ void enter_pruned(const March<Stored> &march, int spot, const Window &all, const Window &kept,
                                             const double *sums, double *pruned) {
    const int thread = threadIdx.y * LANES + threadIdx.x, layers = spot * march.layout.energies;
    for (int i = 0; i < 2 && !Storage<Stored>::rounds; ++i) {
        pruned[i] = dropped_columns(march, spot, i, all, kept) + (thread == 0 ? sums[DROPPED_WEIGHT + i] : 0.0);
    }
    for (int energy = all.energy.first + thread; energy < all.energy.last; energy += LANES * ROWS) {
        double weight = march.outside[layers + energy];
        weight += kept.energy.contains(energy) ? 0.0 : march.layers[layers + energy];
        pruned[0] += weight;
        pruned[1] += weight * march.energies_mev[energy];
    }
}
