// The gather of A_theta for four neighbouring cells of x at one (energy, theta, z); twin of src/operators/scattering.rs.
//
//     psi'[theta] = sum over n from the farthest to 1 of ( w_n(theta-n) psi[theta-n] + w_n(theta+n) psi[theta+n] )
//                   + w_0(theta) psi[theta]
#pragma once
#include "phase_space.cuh"

// How a kernel finds the cells of its fours that lie outside the window's x: as zeros, or as anything.
enum Edges { ZEROS, ANYTHING };

// Four cells (energy, z, x to x + 3) of psi along theta.
template <typename Stored> struct Column {
    const Stored *cells;
    int pitch;
    Span angle, x;
    int first_x, angles, periodic;

    __device__ __forceinline__ const Stored *of(int bin) const { return cells + static_cast<long long>(bin) * pitch; }
    template <Edges EDGES> __device__ __forceinline__ Four<Arithmetic<Stored>> four(const Stored *from) const {
        Four<Arithmetic<Stored>> four = load_four(from);
        if (EDGES == ZEROS) return four;
        for (int v = 0; v < FOUR; ++v) four.v[v] = x.contains(first_x + v) ? four.v[v] : Arithmetic<Stored>(0);
        return four;
    }
    // 0 outside the window.
    template <Edges EDGES> __device__ __forceinline__ Four<Arithmetic<Stored>> at(int bin) const {
        if (periodic) bin = bin < 0 ? bin + angles : bin >= angles ? bin - angles : bin;
        return angle.contains(bin) ? four<EDGES>(of(bin)) : Four<Arithmetic<Stored>>{};
    }
    // Jumps up to this have both their sources in the window.
    __device__ __forceinline__ int jumps_within(int bin) const { return max(min(bin - angle.first, angle.last - 1 - bin), 0); }
};

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

template <typename Real>
__device__ __forceinline__ void add_pair(Four<Real> &sum, Two<Real> weight, const Four<Real> &below, const Four<Real> &above) {
    for (int v = 0; v < FOUR; ++v) sum.v[v] += weight.below * below.v[v] + weight.above * above.v[v];
}

// Jumps whose sources may lie outside the window are asked for one by one; for those within, places are counted on.
template <Edges EDGES, typename Stored>
__device__ __forceinline__ Four<Arithmetic<Stored>> gather(const March<Stored> &march, const Column<Stored> &column,
                                                           const Kernel &kernel, int theta) {
    using Real = Arithmetic<Stored>;
    const int row = march.scattering.padded_angles;
    const Two<Real> *weights = march.scattering.pairs + kernel.start + theta;
    Four<Real> sum = {};
    int n = kernel.half_width;
#pragma unroll 1
    for (const int within = column.jumps_within(theta); n > within; --n) {
        add_pair(sum, READ_ONLY(weights + n * row), column.template at<EDGES>(theta - n), column.template at<EDGES>(theta + n));
    }
    const Two<Real> *weight = weights + n * row;
    const Stored *below = column.of(theta - n), *above = column.of(theta + n);
#pragma unroll 2
    for (; n > 0; --n, weight -= row, below += column.pitch, above -= column.pitch) {
        add_pair(sum, READ_ONLY(weight), column.template four<EDGES>(below), column.template four<EDGES>(above));
    }
    const Real own_weight = READ_ONLY(weights).below;
    const Four<Real> own = column.template at<EDGES>(theta);
    for (int v = 0; v < FOUR; ++v) sum.v[v] += own_weight * own.v[v];
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
