// A_stream: free flight along x and z, at fixed energy and theta; twin of src/operators/streaming.rs.
//
// Threads walk over the arriving cells of all rows, x fastest. A thread makes the flux out of its cell; the flux into it is
// its upstream neighbour's, so that the two outermost lanes of a warp only help.
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
__device__ __forceinline__ Real antidiffusive_flux(const Displacement<Real> &by, Real upstream, Real here, Real downstream,
                                                   Real donor_here, Real donor_downstream) {
    const Real step = downstream - here;
    const Real flux = by.slope * step - by.curvature * (step - (here - upstream));
    return larger(smaller(flux, Real(0.5) * donor_here), -(Real(0.5) * donor_downstream));
}

// Useful lanes of a warp.
constexpr int USEFUL = LANES - 2;

// What arrives at cell `x` of a line, a whole warp at a time: lanes hold neighbouring cells of a line, or begin a new one
// with an empty cell that nothing flows out of.
template <typename Stored>
__device__ __forceinline__ Arithmetic<Stored> arriving(const Displacement<Arithmetic<Stored>> &by, const Stored *line,
                                                       Span from, int x, bool wanted) {
    using Real = Arithmetic<Stored>;
    const int d = by.direction, source = x - d * by.whole;
    auto at = [&](int cell) { return wanted && from.contains(cell) ? Storage<Stored>::load(line[cell]) : Real(0); };
    const Real upstream = at(source - d), here = at(source), downstream = at(source + d);
    const Real donor = donor_cell(by, upstream, here);
    const Real outflow = antidiffusive_flux(by, upstream, here, downstream, donor, donor_cell(by, here, downstream));
    const Real inflow = __shfl_sync(0xffffffffu, outflow, (threadIdx.x - d) & (LANES - 1));
    return by.fraction == 0 ? here : donor - outflow + inflow;
}

// One thread's place: a cell of an (energy, theta) line.
struct Place {
    int energy, theta, x;
    bool inside, useful;
};

// Cells that all lines of a window can arrive in, and an empty one at each end of a line.
struct Lines {
    Window from;
    int first_x, width, angles, count;

    __device__ __forceinline__ Lines(const Window &window, int left, int right) : from(window) {
        first_x = window.x.first - left - 1;
        width = window.x.length() + left + right + 2;
        angles = window.angle.length();
        count = window.energy.length() * angles * width;
    }
    __device__ __forceinline__ Place place(int warp) const {
        const int i = warp * USEFUL + static_cast<int>(threadIdx.x) - 1;
        const bool inside = i >= 0 && i < count;
        const int cell = inside ? i : 0;
        const int line = cell / width;
        return {from.energy.first + line / angles, from.angle.first + line % angles, first_x + cell % width, inside,
                inside && threadIdx.x > 0 && threadIdx.x < LANES - 1};
    }
    __device__ __forceinline__ int warps() const { return (count + USEFUL - 1) / USEFUL; }
};

// Weight and energy over the low and the high side of an axis.
struct Leak {
    double amounts[4] = {0, 0, 0, 0};
    __device__ __forceinline__ void add(double weight, double energy_mev, bool high) {
        amounts[0] += high ? 0.0 : weight;
        amounts[1] += high ? 0.0 : weight * energy_mev;
        amounts[2] += high ? weight : 0.0;
        amounts[3] += high ? weight * energy_mev : 0.0;
    }
};

template <typename Stored>
__device__ __forceinline__ void stream_x(const March<Stored> &march, Displacements<Arithmetic<Stored>> along_x,
                                         const Stored *psi, Stored *next, int from_slot, int to_slot) {
    const int spot = blockIdx.y;
    const Window from = march.window(from_slot, spot);
    const int left = along_x.below.over(from.angle), right = along_x.above.over(from.angle);
    Window to = from;
    to.x = from.x.grown(left, right, {0, march.cells_x});
    turn(march, spot, to_slot, to);
    if (from.empty()) return;
    Leak leaked;
    double rounding[2] = {0, 0};
    psi += spot * march.layout.cells();
    next += spot * march.layout.cells();
    const Lines lines(from, left, right);
    for (int warp = blockIdx.x * ROWS + threadIdx.y; warp < lines.warps(); warp += gridDim.x * ROWS) {
        const Place at = lines.place(warp);
        const long long line = march.layout.index(at.energy, at.theta, 0);
        const Arithmetic<Stored> value = arriving(along_x.by_angle[at.theta], psi + line, from.x, at.x, at.inside);
        if (!at.useful) continue;
        if (to.x.contains(at.x)) {
            put(next + line + at.x, value, march.energies_mev[at.energy], rounding);
        } else if (value != 0) {
            leaked.add(static_cast<double>(value), march.energies_mev[at.energy], at.x >= march.cells_x);
        }
    }
    enter_losses<4>(march, spot, LEAKED, leaked.amounts);
    if (Storage<Stored>::rounds) enter_losses<2>(march, spot, ROUNDING, rounding);
}

// Both axes in one pass (path stepping): a thread walks a column of z along the direction of flight, and makes each of its
// cells from a row of x on the way, so that psi is read once and written once.
template <typename Stored>
__device__ __forceinline__ void stream_column(const March<Stored> &march, const Displacement<Arithmetic<Stored>> &by_x,
                                              const Displacement<Arithmetic<Stored>> &by_z, const Stored *psi, Stored *next,
                                              const Window &from, Span reached_z, const Window &to, const Place &place,
                                              Leak &leaked_x, Leak &leaked_z, double *rounding) {
    using Real = Arithmetic<Stored>;
    const int row = march.layout.row, d = by_z.direction, shift = d * by_z.whole;
    const double energy_mev = march.energies_mev[place.energy];
    const bool in_grid = place.x >= 0 && place.x < march.cells_x;
    auto at = [&](int z) {
        const int source = z - shift;
        const bool wanted = place.inside && from.z.contains(source);
        const Real value = arriving(by_x, psi + static_cast<long long>(source) * row, from.x, place.x, wanted);
        if (!in_grid && place.useful && value != 0) leaked_x.add(static_cast<double>(value), energy_mev, place.x >= 0);
        return in_grid ? value : Real(0);
    };
    int z = d > 0 ? reached_z.first : reached_z.last - 1;
    Real upstream = 0, here = at(z), donor = donor_cell(by_z, upstream, here), inflow = 0;
#pragma unroll 2
    for (int i = reached_z.first; i < reached_z.last; ++i, z += d) {
        const Real downstream = at(z + d);
        const Real donor_downstream = donor_cell(by_z, here, downstream);
        const Real outflow = antidiffusive_flux(by_z, upstream, here, downstream, donor, donor_downstream);
        const Real value = donor - outflow + inflow;
        if (place.useful && to.x.contains(place.x)) {
            if (to.z.contains(z)) {
                put(next + static_cast<long long>(z) * row + place.x, value, energy_mev, rounding);
            } else if (value != 0) {
                leaked_z.add(static_cast<double>(value), energy_mev, z >= 0);
            }
        }
        upstream = here;
        here = downstream;
        donor = donor_downstream;
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
    const int back = along_z.below.over(from.angle), ahead = along_z.above.over(from.angle);
    Window to = from;
    to.x = from.x.grown(left, right, {0, march.cells_x});
    to.z = from.z.grown(back, ahead, {0, layout.planes});
    turn(march, spot, to_slot, to);
    if (from.empty()) return;
    Leak leaked_x, leaked_z;
    double rounding[2] = {0, 0};
    psi += spot * layout.cells();
    next += spot * layout.cells();
    const Lines lines(from, left, right);
    const Span reached_z = {from.z.first - back, from.z.last + ahead};
    for (int warp = blockIdx.x * ROWS + threadIdx.y; warp < lines.warps(); warp += gridDim.x * ROWS) {
        const Place place = lines.place(warp);
        const long long plane = layout.index(place.energy, place.theta, 0);
        stream_column(march, along_x.by_angle[place.theta], along_z.by_angle[place.theta], psi + plane, next + plane, from,
                      reached_z, to, place, leaked_x, leaked_z, rounding);
    }
    enter_losses<4>(march, spot, LEAKED, leaked_x.amounts);
    enter_losses<4>(march, spot, LEAKED + 4, leaked_z.amounts);
    if (Storage<Stored>::rounds) enter_losses<2>(march, spot, ROUNDING, rounding);
}

// Grid: (blocks, spots); block: (LANES, ROWS).
#define STREAMING_KERNEL(name, Stored)                                                                                 \
    extern "C" __global__ void __launch_bounds__(LANES *ROWS)                                                          \
        streaming_x_##name(March<Stored> march, Displacements<Arithmetic<Stored>> along_x, const Stored *psi,          \
                           Stored *next, int from_slot, int to_slot) {                                                 \
        stream_x<Stored>(march, along_x, psi, next, from_slot, to_slot);                                               \
    }                                                                                                                  \
    extern "C" __global__ void __launch_bounds__(LANES *ROWS)                                                          \
        streaming_xz_##name(March<Stored> march, Displacements<Arithmetic<Stored>> along_x,                            \
                            Displacements<Arithmetic<Stored>> along_z, const Stored *psi, Stored *next, int from_slot, \
                            int to_slot) {                                                                             \
        stream_xz<Stored>(march, along_x, along_z, psi, next, from_slot, to_slot);                                     \
    }
FOR_EACH_STORAGE(STREAMING_KERNEL)
