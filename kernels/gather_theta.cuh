// The gather of A_theta for four neighbouring cells of x at one (energy, theta, z); twin of src/operators/scattering.rs.
//
//     psi'[theta] = sum over n from the farthest to 1 of ( w_n(theta-n) psi[theta-n] + w_n(theta+n) psi[theta+n] )
//                   + w_0(theta) psi[theta]
#pragma once
#include "phase_space.cuh"

// Four cells (energy, z, x to x + 3) of psi along theta.
template <typename Stored> struct Column {
    const Stored *cells;
    long long pitch;
    Span angle, x;
    int first_x, angles, periodic;

    // 0 outside the window.
    __device__ __forceinline__ Four<Arithmetic<Stored>> at(int bin) const {
        if (periodic) bin = bin < 0 ? bin + angles : bin >= angles ? bin - angles : bin;
        Four<Arithmetic<Stored>> four = {};
        if (angle.contains(bin)) four = load_four(cells + bin * pitch);
        return four;
    }
    // The same where cells outside the window's x may hold anything.
    __device__ __forceinline__ Four<Arithmetic<Stored>> masked(int bin) const {
        Four<Arithmetic<Stored>> four = at(bin);
        for (int v = 0; v < FOUR; ++v) four.v[v] = x.contains(first_x + v) ? four.v[v] : Arithmetic<Stored>(0);
        return four;
    }
};

// How a kernel finds the cells of its fours that lie outside the window's x: as zeros, or as anything.
enum Edges { ZEROS, ANYTHING };

// A kernel of (medium, energy): how far it reaches, and where its weights begin.
struct Kernel {
    int half_width;
    unsigned start;
};

template <typename Stored>
__device__ __forceinline__ Kernel kernel_of(const March<Stored> &march, int medium, int energy) {
    const int entry = medium * march.layout.energies + energy;
    return {static_cast<int>(READ_ONLY(march.scattering.half_width + entry)), READ_ONLY(march.scattering.pair_start + entry)};
}

template <Edges EDGES, typename Stored>
__device__ __forceinline__ Four<Arithmetic<Stored>> gather(const March<Stored> &march, const Column<Stored> &column,
                                                           const Kernel &kernel, int theta) {
    using Real = Arithmetic<Stored>;
    const int half_width = kernel.half_width, row = march.scattering.padded_angles;
    const Two<Real> *weights = march.scattering.pairs + kernel.start + theta;
    auto at = [&](int bin) { return EDGES == ZEROS ? column.at(bin) : column.masked(bin); };
    Four<Real> sum = {};
#pragma unroll 2
    for (int n = half_width; n > 0; --n) {
        const Two<Real> weight = READ_ONLY(weights + n * row);
        const Four<Real> below = at(theta - n), above = at(theta + n);
        for (int v = 0; v < FOUR; ++v) sum.v[v] += weight.below * below.v[v] + weight.above * above.v[v];
    }
    const Two<Real> weight = READ_ONLY(weights);
    const Four<Real> own = at(theta);
    for (int v = 0; v < FOUR; ++v) sum.v[v] += weight.below * own.v[v];
    return sum;
}

// Four cells of a row and what fills them.
struct Filling {
    int media[FOUR];
    bool uniform;

    template <typename Stored> __device__ __forceinline__ Filling(const March<Stored> &march, int plane, int x) {
        for (int v = 0; v < FOUR; ++v) media[v] = march.medium_at(plane, x + v);
        uniform = media[0] == media[1] && media[0] == media[2] && media[0] == media[3];
    }
    // `work(medium)` gives four numbers; each cell gets that of its own medium.
    template <typename Real, typename Work> __device__ __forceinline__ Four<Real> each(Work work) const {
        Four<Real> result = {};
#pragma unroll 1
        for (int v = 0; v < (uniform ? 1 : FOUR); ++v) {
            const Four<Real> other = work(v == 0 ? media[0] : v == 1 ? media[1] : v == 2 ? media[2] : media[3]);
            for (int i = 0; i < FOUR; ++i) result.v[i] = i >= v ? other.v[i] : result.v[i];
        }
        return result;
    }
};

template <typename Stored>
__device__ __forceinline__ Span scattered_angles(const March<Stored> &march, const Window &from) {
    const int reach = march.scattering.reach.over(from.energy);
    const bool over = from.angle.first < reach || from.angle.last + reach > march.layout.angles;
    return march.periodic && over ? march.allowed_angles : from.angle.grown(reach, reach, march.allowed_angles);
}

// Adds what the kernels of four source cells carry beyond the allowed angles to `rejected` (weight, energy).
template <typename Stored>
__device__ __forceinline__ void reject(const March<Stored> &march, const Filling &filling, int energy, int theta,
                                       const Four<Arithmetic<Stored>> &weights, double *rejected) {
    // The nearer end of the allowed angles must be within a kernel's reach.
    const int to_end = min(theta - march.allowed_angles.first + 1, march.allowed_angles.last - theta);
    for (int v = 0; v < FOUR; ++v) {
        const int entry = filling.media[v] * march.layout.energies + energy;
        if (to_end > static_cast<int>(READ_ONLY(march.scattering.half_width + entry)) || weights.v[v] == 0) continue;
        const double share = READ_ONLY(march.scattering.rejected + static_cast<long long>(entry) * march.layout.angles + theta);
        const double gone = share * static_cast<double>(weights.v[v]);
        rejected[0] += gone;
        rejected[1] += gone * READ_ONLY(march.energies_mev + energy);
    }
}

// A window's (angle, z, x) in fours of x: a thread's place by number, x fastest.
struct Fours {
    Span x, z, angle;
    int width, count;

    __device__ __forceinline__ explicit Fours(const Window &window) : x(in_fours(window.x)), z(window.z), angle(window.angle) {
        width = x.length() / FOUR;
        count = angle.length() * z.length() * width;
    }
};

struct Cell {
    int theta, z, x;
    bool inside;
    __device__ __forceinline__ Cell(const Fours &fours, int i) {
        inside = i < fours.count;
        const int place = inside ? i : 0, row = place / fours.width, planes = fours.z.length();
        theta = fours.angle.first + row / planes;
        z = fours.z.first + row % planes;
        x = fours.x.first + place % fours.width * FOUR;
    }
};
