// What goes to psi at the start of a march, and what comes from the device at its end; twin of src/backend/cuda/tally.rs.
#include "phase_space.cuh"

// Puts a spot's source, cells [energy, angle, x] of its window from `start[spot]` on, into psi, with zeros up to whole fours.
// Grid: (1, spots).
template <typename Stored>
__device__ __forceinline__ void place(const March<Stored> &march, Stored *psi, const Stored *source, const long long *start,
                                      int slot) {
    const int spot = blockIdx.y;
    const Window window = march.window(slot, spot);
    const int angles = window.angle.length();
    psi += spot * march.layout.cells();
    source += start[spot];
    const Span written = in_fours(window.x);
    for (int row = threadIdx.y; row < window.energy.length() * angles; row += ROWS) {
        Stored *line = psi + march.layout.index(window.energy.first + row / angles, window.angle.first + row % angles, 0);
        const Stored *cells = source + static_cast<long long>(row) * window.x.length() - window.x.first;
        for (int x = written.first + threadIdx.x; x < written.last; x += LANES) {
            line[x] = window.x.contains(x) ? cells[x] : Storage<Stored>::store(0);
        }
    }
}

// The maps of all spots, each times its weight, added in the order of the spots: `sum` [map, plane, x]. Grid: (any, 1).
template <typename Stored>
__device__ __forceinline__ void sum_maps(const March<Stored> &march, const double *weights, double *sum) {
    const int cells = MAPS * march.phantom_planes * march.layout.row;
    for (int i = (blockIdx.x * ROWS + threadIdx.y) * LANES + threadIdx.x; i < cells; i += gridDim.x * ROWS * LANES) {
        double all = 0;
#pragma unroll 8
        for (int spot = 0; spot < march.spots; ++spot) all += weights[spot] * march.maps[static_cast<long long>(spot) * cells + i];
        sum[i] = all;
    }
}

// The first spot's plane: psi as floats [energy, angle, x] without padding, and row sums [energy, angle]; zeros outside the
// window. Grid: (any, 1).
template <typename Stored>
__device__ __forceinline__ void copy_plane(const March<Stored> &march, const Stored *psi, float *cells, double *sums, int slot) {
    const Window window = march.window(slot, 0);
    const int rows = march.layout.energies * march.layout.angles;
    for (int row = blockIdx.x * ROWS + threadIdx.y; row < rows; row += gridDim.x * ROWS) {
        const int energy = row / march.layout.angles, theta = row % march.layout.angles;
        const bool inside = !window.empty() && window.energy.contains(energy) && window.angle.contains(theta);
        const Stored *line = psi + march.layout.index(energy, theta, 0);
        double sum = 0;
        for (int x = threadIdx.x; x < march.cells_x; x += LANES) {
            const Arithmetic<Stored> cell =
                inside && window.x.contains(x) ? Storage<Stored>::load(line[x]) : Arithmetic<Stored>(0);
            cells[static_cast<long long>(row) * march.cells_x + x] = static_cast<float>(cell);
            sum += static_cast<double>(cell);
        }
        sum = warp_sum(sum);
        if (threadIdx.x == 0) sums[row] = sum;
    }
}

// Grids as above; block: (LANES, ROWS).
#define TRANSFER_KERNEL(name, Stored)                                                                             \
    extern "C" __global__ void place_##name(March<Stored> march, Stored *psi, const Stored *source,               \
                                            const long long *start, int slot) {                                   \
        place<Stored>(march, psi, source, start, slot);                                                           \
    }                                                                                                             \
    extern "C" __global__ void sum_maps_##name(March<Stored> march, const double *weights, double *sum) {         \
        sum_maps<Stored>(march, weights, sum);                                                                    \
    }                                                                                                             \
    extern "C" __global__ void copy_plane_##name(March<Stored> march, const Stored *psi, float *cells,            \
                                                 double *sums, int slot) {                                        \
        copy_plane<Stored>(march, psi, cells, sums, slot);                                                        \
    }
FOR_EACH_STORAGE(TRANSFER_KERNEL)
