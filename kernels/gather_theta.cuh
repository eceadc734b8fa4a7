// The gather of A_theta for four neighbouring angles at one (energy, z, x); twin of src/operators/scattering.rs.
//
//     psi'[theta] = sum over n from the farthest to 1 of ( w_n(theta-n) psi[theta-n] + w_n(theta+n) psi[theta+n] )
//                   + w_0(theta) psi[theta]
//
// From one n to the next the four sources below and the four above move on by one: two new cells are read for each n.
#pragma once
#include "phase_space.cuh"

// psi of one (energy, z, x) along theta.
template <typename Stored> struct Column {
    const Stored *cells;
    long long pitch;
    Span angle;
    int angles, periodic;

    // 0 outside the window.
    __device__ __forceinline__ Arithmetic<Stored> at(int bin) const {
        if (periodic) bin = bin < 0 ? bin + angles : bin >= angles ? bin - angles : bin;
        return angle.contains(bin) ? Storage<Stored>::load(cells[bin * pitch]) : Arithmetic<Stored>(0);
    }
};

// psi' of theta to theta + 3, and psi itself there.
template <typename Real> struct Gathered {
    Real after[FOUR], before[FOUR];
};

template <typename Stored>
__device__ __forceinline__ Gathered<Arithmetic<Stored>> gather(const March<Stored> &march, const Column<Stored> &column,
                                                               int entry, int theta) {
    using Real = Arithmetic<Stored>;
    const int half_width = march.scattering.half_width[entry], row = march.scattering.padded_angles / 2;
    // Weights of (theta, below), (theta, above), (theta + 1, below), ...
    const Four<Real> *weights = march.scattering.pairs + march.scattering.pair_start[entry] + theta / 2;
    Real sum[FOUR] = {0, 0, 0, 0}, below[FOUR], above[FOUR];
    for (int r = 0; r < FOUR; ++r) {
        below[r] = column.at(theta + r - half_width);
        above[r] = column.at(theta + r + half_width);
    }
#pragma unroll 4
    for (int n = half_width; n > 0; --n) {
        const Four<Real> low = weights[n * row], high = weights[n * row + 1];
        sum[0] += low.v[0] * below[0] + low.v[1] * above[0];
        sum[1] += low.v[2] * below[1] + low.v[3] * above[1];
        sum[2] += high.v[0] * below[2] + high.v[1] * above[2];
        sum[3] += high.v[2] * below[3] + high.v[3] * above[3];
        below[0] = below[1], below[1] = below[2], below[2] = below[3];
        above[3] = above[2], above[2] = above[1], above[1] = above[0];
        below[3] = column.at(theta + 3 - (n - 1));
        above[0] = column.at(theta + n - 1);
    }
    const Four<Real> low = weights[0], high = weights[1];
    return {{sum[0] + low.v[0] * below[0], sum[1] + low.v[2] * below[1], sum[2] + high.v[0] * below[2],
             sum[3] + high.v[2] * below[3]},
            {below[0], below[1], below[2], below[3]}};
}

template <typename Stored>
__device__ __forceinline__ Span scattered_angles(const March<Stored> &march, const Window &from) {
    const int reach = march.scattering.reach.over(from.energy);
    const bool over = from.angle.first < reach || from.angle.last + reach > march.layout.angles;
    return march.periodic && over ? march.allowed_angles : from.angle.grown(reach, reach, march.allowed_angles);
}

// Adds what one source bin's kernel carries beyond the allowed angles to `rejected` (weight, energy).
template <typename Stored>
__device__ __forceinline__ void reject(const March<Stored> &march, int entry, int theta, Arithmetic<Stored> weight,
                                       double energy_mev, double *rejected) {
    // The nearer end of the allowed angles must be within the kernel's reach.
    const int to_end = min(theta - march.allowed_angles.first + 1, march.allowed_angles.last - theta);
    if (to_end > static_cast<int>(march.scattering.half_width[entry]) || weight == 0) return;
    const double share = march.scattering.rejected[static_cast<long long>(entry) * march.layout.angles + theta];
    const double gone = share * static_cast<double>(weight);
    rejected[0] += gone;
    rejected[1] += gone * energy_mev;
}

// Stretches of 32 neighbouring cells (z, x) of a window and tiles of four angles: a warp takes one of each.
struct Tiles {
    Window window;
    int first, angles, width, cells, chunks;

    __device__ __forceinline__ explicit Tiles(const Window &of) : window(of) {
        first = of.angle.first / FOUR;
        angles = (of.angle.last + FOUR - 1) / FOUR - first;
        width = of.x.length();
        cells = of.z.length() * width;
        chunks = (cells + LANES - 1) / LANES;
    }
    // First angle of tile `i`.
    __device__ __forceinline__ int theta(int i) const { return (first + i) * FOUR; }
};

// A thread's cell in a stretch.
struct Cell {
    int z, x;
    bool inside;
    __device__ __forceinline__ Cell(const Tiles &tiles, int chunk) {
        const int i = chunk * LANES + static_cast<int>(threadIdx.x);
        inside = i < tiles.cells;
        z = tiles.window.z.first + (inside ? i / tiles.width : 0);
        x = tiles.window.x.first + (inside ? i % tiles.width : 0);
    }
};
