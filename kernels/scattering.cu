// A_theta: multiple scattering as a gather along theta, at fixed energy, z and x; twin of src/operators/scattering.rs.
//
//     psi'[theta] = sum over n from the farthest to 1 of ( w_n(theta-n) psi[theta-n] + w_n(theta+n) psi[theta+n] )
//                   + w_0(theta) psi[theta]
//
// Every source bin has its own kernel (class of |theta|); what a kernel carries beyond the allowed angles is rejected.
#include "phase_space.cuh"

template <typename Stored>
__device__ __forceinline__ Span scattered_angles(const March<Stored> &march, const Window &from) {
    const int reach = march.scattering.reach.over(from.energy);
    const bool over = from.angle.first < reach || from.angle.last + reach > march.layout.angles;
    return march.periodic && over ? march.allowed_angles : from.angle.grown(reach, reach, march.allowed_angles);
}

// psi of one (energy, z, x) along theta.
template <typename Stored> struct Column {
    const Stored *cells;
    long long pitch;
    Span angle;
    int angles, periodic;
    const unsigned *mirror_class;
    const Arithmetic<Stored> *weights;
    int kernel_length;

    // What the bin gives to a bin `jump` away; 0 outside the window.
    __device__ __forceinline__ Arithmetic<Stored> share(int bin, int jump) const {
        if (periodic) bin = (bin % angles + angles) % angles;
        if (!angle.contains(bin)) return 0;
        return weights[mirror_class[bin] * kernel_length + jump] * Storage<Stored>::load(cells[bin * pitch]);
    }
};

template <typename Stored>
__device__ __forceinline__ Arithmetic<Stored> gather(const Column<Stored> &column, int theta, int half_width) {
    Arithmetic<Stored> sum = 0;
    for (int n = half_width; n > 0; --n) sum += column.share(theta - n, n) + column.share(theta + n, n);
    return sum + column.share(theta, 0);
}

// Share of a bin's weight that its kernel carries beyond the allowed angles.
__device__ __forceinline__ double rejected_share(const double *tail, int half_width, int theta, Span allowed) {
    const int down = theta - allowed.first + 1, up = allowed.last - theta;
    return (down <= half_width ? tail[down] : 0.0) + (up <= half_width ? tail[up] : 0.0);
}

// `plane`: the phantom's plane that stored plane 0 is.
template <typename Stored>
__device__ __forceinline__ void scatter(const March<Stored> &march, const Stored *psi, Stored *next, int from_slot,
                                        int to_slot, int plane) {
    const int spot = blockIdx.y;
    const Window from = march.window(from_slot, spot);
    Window to = from;
    to.angle = scattered_angles(march, from);
    turn(march, spot, to_slot, to);
    if (from.empty()) return;
    const Layout layout = march.layout;
    const int angles = to.angle.length(), planes = to.z.length();
    double lost[4] = {0, 0, 0, 0};
    psi += spot * layout.cells();
    next += spot * layout.cells();
    for (int row = blockIdx.x * ROWS + threadIdx.y; row < to.energy.length() * angles * planes; row += gridDim.x * ROWS) {
        const int z = to.z.first + row % planes;
        const int theta = to.angle.first + row / planes % angles;
        const int energy = to.energy.first + row / planes / angles;
        const double energy_mev = march.energies_mev[energy];
        for (int x = from.x.first + threadIdx.x; x < from.x.last; x += LANES) {
            const int entry = march.medium[(plane + z) * layout.row + x] * layout.energies + energy;
            const int half_width = march.scattering.half_width[entry];
            const unsigned start = march.scattering.start[entry];
            const Column<Stored> column = {psi + layout.index(energy, 0, z) + x, march.plane_cells(), from.angle,
                                           layout.angles, march.periodic, march.mirror_class,
                                           march.scattering.weights + start, half_width + 1};
            put(next + layout.index(energy, theta, z) + x, gather(column, theta, half_width), energy_mev, lost + 2);
            if (march.periodic || !from.angle.contains(theta)) continue;
            const double *tail = march.scattering.tails + start + march.mirror_class[theta] * (half_width + 1);
            const double share = rejected_share(tail, half_width, theta, march.allowed_angles);
            if (share > 0) {
                const double gone = share * static_cast<double>(Storage<Stored>::load(column.cells[theta * column.pitch]));
                lost[0] += gone;
                lost[1] += gone * energy_mev;
            }
        }
    }
    enter_losses<4>(march, spot, REJECTED, lost);
}

// Grid: (blocks, spots); block: (LANES, ROWS).
#define SCATTERING_KERNEL(name, Stored)                                                                              \
    extern "C" __global__ void scattering_##name(March<Stored> march, const Stored *psi, Stored *next, int from_slot, \
                                                 int to_slot, int plane) {                                           \
        scatter<Stored>(march, psi, next, from_slot, to_slot, plane);                                                \
    }
FOR_EACH_STORAGE(SCATTERING_KERNEL)
