// A_stream: free flight along x and z, at fixed energy and theta; twin of src/operators/streaming.rs.
//
// A thread makes an arriving cell from four cells along the direction of flight: flux in, flux out, donor-cell step.
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

// Both axes in one pass (path stepping): a thread walks a column of z along the direction of flight, and makes each of its
// cells from a row of x on the way, so that psi is read once and written once.
template <typename Stored>
__device__ __forceinline__ void stream_column(const March<Stored> &march, const Displacement<Arithmetic<Stored>> &by_x,
                                              const Displacement<Arithmetic<Stored>> &by_z, const Stored *psi, Stored *next,
                                              const Window &from, Span to_z, int x, double energy_mev, double *leaked,
                                              double *rounding) {
    using Real = Arithmetic<Stored>;
    const int row = march.layout.row, d = by_z.direction, shift = d * by_z.whole;
    auto at = [&](int z) {
        const int source = z - shift;
        return from.z.contains(source) ? arriving(by_x, psi + static_cast<long long>(source) * row, 1, from.x, x) : Real(0);
    };
    if (x < 0 || x >= march.cells_x) {
        double weight = 0;
        for (int z = from.z.first; z < from.z.last; ++z) weight += static_cast<double>(at(z + shift));
        leak(weight, energy_mev, x >= 0, leaked);
        return;
    }
    const Span arrives = arrival(by_z, from.z);
    const int low = min(arrives.first, to_z.first), high = max(arrives.last, to_z.last);
    int z = d > 0 ? low : high - 1;
    Real upstream = 0, here = at(z), inflow = 0;
    for (int i = low; i < high; ++i, z += d) {
        const Real downstream = at(z + d);
        const Real outflow = antidiffusive_flux(by_z, upstream, here, downstream);
        const Real value = donor_cell(by_z, upstream, here) - outflow + inflow;
        if (z >= 0 && z < march.layout.planes) {
            put(next + static_cast<long long>(z) * row + x, value, energy_mev, rounding);
        } else {
            leak(static_cast<double>(value), energy_mev, z >= 0, leaked + 4);
        }
        upstream = here;
        here = downstream;
        inflow = outflow;
    }
}

template <typename Stored>
__device__ __forceinline__ void stream_xz(const March<Stored> &march, Displacements<Arithmetic<Stored>> along_x,
                                          Displacements<Arithmetic<Stored>> along_z, const Stored *psi, Stored *next,
                                          int from_slot, int to_slot) {
    const int spot = blockIdx.y;
    const Window from = march.window(from_slot, spot);
    const Layout layout = march.layout;
    const int left = along_x.below.over(from.angle), right = along_x.above.over(from.angle);
    Window to = from;
    to.x = from.x.grown(left, right, {0, march.cells_x});
    to.z = from.z.grown(along_z.below.over(from.angle), along_z.above.over(from.angle), {0, layout.planes});
    turn(march, spot, to_slot, to);
    if (from.empty()) return;
    const int angles = from.angle.length(), width = from.x.length() + left + right;
    double leaked[8] = {}, rounding[2] = {};
    psi += spot * layout.cells();
    next += spot * layout.cells();
    const int columns = from.energy.length() * angles * width, threads = gridDim.x * ROWS * LANES;
    for (int i = (blockIdx.x * ROWS + threadIdx.y) * LANES + threadIdx.x; i < columns; i += threads) {
        const int x = from.x.first - left + i % width, theta = from.angle.first + i / width % angles;
        const int energy = from.energy.first + i / width / angles;
        const long long plane = layout.index(energy, theta, 0);
        stream_column(march, along_x.by_angle[theta], along_z.by_angle[theta], psi + plane, next + plane, from, to.z, x,
                      march.energies_mev[energy], leaked, rounding);
    }
    enter_losses<8>(march, spot, LEAKED, leaked);
    if (Storage<Stored>::rounds) enter_losses<2>(march, spot, ROUNDING, rounding);
}

// Grid: (blocks, spots); block: (LANES, ROWS).
#define STREAMING_KERNEL(name, Stored)                                                                                 \
    extern "C" __global__ void streaming_x_##name(March<Stored> march, Displacements<Arithmetic<Stored>> along_x,      \
                                                  const Stored *psi, Stored *next, int from_slot, int to_slot) {       \
        stream_x<Stored>(march, along_x, psi, next, from_slot, to_slot);                                               \
    }                                                                                                                  \
    extern "C" __global__ void streaming_xz_##name(March<Stored> march, Displacements<Arithmetic<Stored>> along_x,     \
                                                   Displacements<Arithmetic<Stored>> along_z, const Stored *psi,       \
                                                   Stored *next, int from_slot, int to_slot) {                         \
        stream_xz<Stored>(march, along_x, along_z, psi, next, from_slot, to_slot);                                     \
    }
FOR_EACH_STORAGE(STREAMING_KERNEL)
