// A_stream: free flight along x and z, at fixed energy and theta; twin of src/operators/streaming.rs.
//
// A thread makes one arriving cell from four cells along the direction of flight: flux in, flux out, donor-cell step.
#include "phase_space.cuh"

template <typename Real> __device__ __forceinline__ Real smaller(Real a, Real b) { return b < a ? b : a; }
template <typename Real> __device__ __forceinline__ Real larger(Real a, Real b) { return b > a ? b : a; }

// What the donor-cell step leaves in a cell.
template <typename Real>
__device__ __forceinline__ Real donor_cell(const Displacement<Real> &by, Real upstream, Real here) {
    return here - by.fraction * here + by.fraction * upstream;
}

// Antidiffusive flux from a cell to the next downstream, limited by what both hold after the donor-cell step.
template <typename Real>
__device__ __forceinline__ Real antidiffusive_flux(const Displacement<Real> &by, Real upstream, Real here, Real downstream) {
    const Real step = downstream - here;
    const Real flux = by.slope * step - by.curvature * (step - (here - upstream));
    const Real most = Real(0.5) * donor_cell(by, upstream, here);
    const Real least = -(Real(0.5) * donor_cell(by, here, downstream));
    return larger(smaller(flux, most), least);
}

// The cell `here` after the fraction of a displacement; `farther` lies upstream of `upstream`.
template <typename Real>
__device__ __forceinline__ Real advance(const Displacement<Real> &by, Real farther, Real upstream, Real here, Real downstream) {
    const Real outflow = antidiffusive_flux(by, upstream, here, downstream);
    const Real inflow = antidiffusive_flux(by, farther, upstream, here);
    return donor_cell(by, upstream, here) - outflow + inflow;
}

// Cells that a span arrives in.
template <typename Real> __device__ __forceinline__ Span arrival(const Displacement<Real> &by, Span from) {
    const int shift = by.direction * by.whole, fraction = by.fraction != 0;
    return {from.first + shift - (by.direction < 0 ? fraction : 0), from.last + shift + (by.direction > 0 ? fraction : 0)};
}

// What arrives at cell `i` of a line of cells `pitch` apart.
template <typename Stored>
__device__ __forceinline__ Arithmetic<Stored> arriving(const Displacement<Arithmetic<Stored>> &by, const Stored *line,
                                                       long long pitch, Span from, int i) {
    const int source = i - by.direction * by.whole;
    auto at = [&](int cell) {
        return from.contains(cell) ? Storage<Stored>::load(line[cell * pitch]) : Arithmetic<Stored>(0);
    };
    if (by.fraction == 0) return at(source);
    const int d = by.direction;
    return advance(by, at(source - 2 * d), at(source - d), at(source), at(source + d));
}

// Weight and energy over a side of the grid into `leaked` [(low side), (high side)].
__device__ __forceinline__ void leak(double weight, double energy_mev, bool high, double *leaked) {
    leaked[high ? 2 : 0] += weight;
    leaked[high ? 3 : 1] += weight * energy_mev;
}

template <typename Stored>
__device__ __forceinline__ void stream_x(const March<Stored> &march, Displacements<Arithmetic<Stored>> displacements,
                                         const Stored *psi, Stored *next, int from_slot, int to_slot) {
    const int spot = blockIdx.y;
    const Window from = march.window(from_slot, spot);
    const Layout layout = march.layout;
    Window to = from;
    to.x = from.x.grown(displacements.below.over(from.angle), displacements.above.over(from.angle), {0, march.cells_x});
    turn(march, spot, to_slot, to);
    if (from.empty()) return;
    const int angles = from.angle.length(), planes = from.z.length();
    double leaked[4] = {0, 0, 0, 0}, rounding[2] = {0, 0};
    psi += spot * layout.cells();
    next += spot * layout.cells();
    for (int row = blockIdx.x * ROWS + threadIdx.y; row < to.energy.length() * angles * planes; row += gridDim.x * ROWS) {
        const int z = from.z.first + row % planes;
        const int theta = from.angle.first + row / planes % angles;
        const int energy = from.energy.first + row / planes / angles;
        const double energy_mev = march.energies_mev[energy];
        const Displacement<Arithmetic<Stored>> by = displacements.by_angle[theta];
        const Span arrives = arrival(by, from.x);
        const long long line = layout.index(energy, theta, z);
        for (int x = min(arrives.first, to.x.first) + threadIdx.x; x < max(arrives.last, to.x.last); x += LANES) {
            const Arithmetic<Stored> value = arriving(by, psi + line, 1, from.x, x);
            if (x >= 0 && x < march.cells_x) {
                put(next + line + x, value, energy_mev, rounding);
            } else {
                leak(static_cast<double>(value), energy_mev, x >= 0, leaked);
            }
        }
    }
    enter_losses<4>(march, spot, LEAKED, leaked);
    if (Storage<Stored>::rounds) enter_losses<2>(march, spot, ROUNDING, rounding);
}

template <typename Stored>
__device__ __forceinline__ void stream_z(const March<Stored> &march, Displacements<Arithmetic<Stored>> displacements,
                                         const Stored *psi, Stored *next, int from_slot, int to_slot) {
    const int spot = blockIdx.y;
    const Window from = march.window(from_slot, spot);
    const Layout layout = march.layout;
    Window to = from;
    to.z = from.z.grown(displacements.below.over(from.angle), displacements.above.over(from.angle), {0, layout.planes});
    turn(march, spot, to_slot, to);
    if (from.empty()) return;
    const int angles = from.angle.length();
    double leaked[4] = {0, 0, 0, 0}, rounding[2] = {0, 0};
    psi += spot * layout.cells();
    next += spot * layout.cells();
    for (int row = blockIdx.x * ROWS + threadIdx.y; row < to.energy.length() * angles; row += gridDim.x * ROWS) {
        const int theta = from.angle.first + row % angles;
        const int energy = from.energy.first + row / angles;
        const double energy_mev = march.energies_mev[energy];
        const Displacement<Arithmetic<Stored>> by = displacements.by_angle[theta];
        const Span arrives = arrival(by, from.z);
        const long long plane = layout.index(energy, theta, 0);
        for (int z = min(arrives.first, to.z.first); z < max(arrives.last, to.z.last); ++z) {
            for (int x = from.x.first + threadIdx.x; x < from.x.last; x += LANES) {
                const Arithmetic<Stored> value = arriving(by, psi + plane + x, layout.row, from.z, z);
                if (z >= 0 && z < layout.planes) {
                    put(next + plane + static_cast<long long>(z) * layout.row + x, value, energy_mev, rounding);
                } else {
                    leak(static_cast<double>(value), energy_mev, z >= 0, leaked);
                }
            }
        }
    }
    enter_losses<4>(march, spot, LEAKED + 4, leaked);
    if (Storage<Stored>::rounds) enter_losses<2>(march, spot, ROUNDING, rounding);
}

// Grid: (blocks, spots); block: (LANES, ROWS).
#define STREAMING_KERNEL(name, Stored)                                                                                \
    extern "C" __global__ void streaming_x_##name(March<Stored> march, Displacements<Arithmetic<Stored>> displacements, \
                                                  const Stored *psi, Stored *next, int from_slot, int to_slot) {       \
        stream_x<Stored>(march, displacements, psi, next, from_slot, to_slot);                                        \
    }                                                                                                                 \
    extern "C" __global__ void streaming_z_##name(March<Stored> march, Displacements<Arithmetic<Stored>> displacements, \
                                                  const Stored *psi, Stored *next, int from_slot, int to_slot) {       \
        stream_z<Stored>(march, displacements, psi, next, from_slot, to_slot);                                        \
    }
FOR_EACH_STORAGE(STREAMING_KERNEL)
