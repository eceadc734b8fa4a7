// A_stream: free flight along x and z, at fixed energy and theta; twin of src/operators/streaming.rs.
//
// Threads walk over the arriving cells of all rows in fours, x fastest. The flux into a thread's first cell is that out of its
// upstream neighbour's last one, so that the two outermost lanes of a warp only help.
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

// Antidiffusive fluxes out of four cells in the order of flight: `upstream` lies before the first, `downstream` behind the
// last. `donors`: what the donor-cell step leaves.
template <typename Real>
__device__ __forceinline__ Four<Real> outflows(const Displacement<Real> &by, Real upstream, const Four<Real> &here, Real downstream,
                                               Four<Real> &donors) {
    Four<Real> flux;
    for (int k = 0; k < FOUR; ++k) donors.v[k] = donor_cell(by, k == 0 ? upstream : here.v[k - 1], here.v[k]);
    const Real donor_behind = donor_cell(by, here.v[FOUR - 1], downstream);
    for (int k = 0; k < FOUR; ++k) {
        const bool last = k == FOUR - 1;
        flux.v[k] = antidiffusive_flux(by, k == 0 ? upstream : here.v[k - 1], here.v[k], last ? downstream : here.v[k + 1],
                                       donors.v[k], last ? donor_behind : donors.v[k + 1]);
    }
    return flux;
}

// What arrives at the cells `x` to `x + 3` of a line, a whole warp at a time: lanes hold neighbouring fours of a line, or begin
// a new one with empty cells that nothing flows out of.
template <typename Stored>
__device__ __forceinline__ Four<Arithmetic<Stored>> arriving(const Displacement<Arithmetic<Stored>> &by, const Stored *line,
                                                             Span from, int x, bool wanted) {
    using Real = Arithmetic<Stored>;
    const int d = by.direction, first = (d > 0 ? x : x + FOUR - 1) - d * by.whole;
    auto at = [&](int k) {
        const int cell = first + d * k;
        return wanted && from.contains(cell) ? Storage<Stored>::load(READ_ONLY(line + cell)) : Real(0);
    };
    Four<Real> here = {{at(0), at(1), at(2), at(3)}}, donors;
    const Four<Real> outflow = outflows(by, at(-1), here, at(FOUR), donors);
    const Real inflow = __shfl_sync(0xffffffffu, outflow.v[FOUR - 1], (threadIdx.x - d) & (LANES - 1));
    if (by.fraction != 0) {
        for (int k = 0; k < FOUR; ++k) here.v[k] = donors.v[k] - outflow.v[k] + (k == 0 ? inflow : outflow.v[k - 1]);
    }
    return d > 0 ? here : Four<Real>{{here.v[3], here.v[2], here.v[1], here.v[0]}};
}

// One thread's place: four cells of an (energy, theta) line.
struct Place {
    int energy, theta, x;
    bool inside, useful;
};

// Fours that all lines of a window can arrive in, with an empty cell at least at both ends of a line.
struct Lines {
    Window from;
    int first_x, width, angles, count;

    __device__ __forceinline__ Lines(const Window &window, int left, int right) : from(window) {
        first_x = (window.x.first - left - 1) & ~(FOUR - 1);
        width = (((window.x.last + right + FOUR) & ~(FOUR - 1)) - first_x) / FOUR;
        angles = window.angle.length();
        count = window.energy.length() * angles * width;
    }
    __device__ __forceinline__ Place place(int warp) const {
        const int i = warp * USEFUL + static_cast<int>(threadIdx.x) - 1;
        const bool inside = i >= 0 && i < count;
        const int four = inside ? i : 0;
        const int line = four / width;
        return {from.energy.first + line / angles, from.angle.first + line % angles, first_x + four % width * FOUR, inside,
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
    // The cells of a four outside 0 to `cells`; they become zeros.
    template <typename Real>
    __device__ __forceinline__ void add_outside(Four<Real> &four, int x, int cells, double energy_mev, bool counts) {
        for (int v = 0; v < FOUR; ++v) {
            if (x + v >= 0 && x + v < cells) continue;
            if (counts && four.v[v] != 0) add(static_cast<double>(four.v[v]), energy_mev, x + v >= 0);
            four.v[v] = 0;
        }
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
    const Span written = in_fours(to.x);
    for (int warp = blockIdx.x * ROWS + threadIdx.y; warp < lines.warps(); warp += gridDim.x * ROWS) {
        const Place at = lines.place(warp);
        const long long line = march.layout.index(at.energy, at.theta, 0);
        Four<Arithmetic<Stored>> values = arriving(along_x.by_angle[at.theta], psi + line, from.x, at.x, at.inside);
        const double energy_mev = READ_ONLY(march.energies_mev + at.energy);
        leaked.add_outside(values, at.x, march.cells_x, energy_mev, at.useful);
        if (at.useful && written.contains(at.x)) put_four(next + line + at.x, values, energy_mev, rounding);
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
    const double energy_mev = READ_ONLY(march.energies_mev + place.energy);
    const bool writes = place.useful && in_fours(to.x).contains(place.x);
    const bool in_grid = place.x >= 0 && place.x + FOUR <= march.cells_x;
    int z = d > 0 ? reached_z.first : reached_z.last - 1, source = z - shift;
    const Stored *line = psi + static_cast<long long>(source) * row;
    Stored *target = next + static_cast<long long>(z) * row + place.x;
    auto advanced = [&]() {
        Four<Real> values = arriving(by_x, line, from.x, place.x, place.inside && from.z.contains(source));
        if (!in_grid) leaked_x.add_outside(values, place.x, march.cells_x, energy_mev, place.useful);
        source += d;
        line += d * row;
        return values;
    };
    Four<Real> upstream = {}, here = advanced(), donor, inflow = {};
    for (int v = 0; v < FOUR; ++v) donor.v[v] = donor_cell(by_z, upstream.v[v], here.v[v]);
#pragma unroll 2
    for (int i = reached_z.first; i < reached_z.last; ++i, z += d, target += d * row) {
        const Four<Real> downstream = advanced();
        Four<Real> values;
        for (int v = 0; v < FOUR; ++v) {
            const Real donor_downstream = donor_cell(by_z, here.v[v], downstream.v[v]);
            const Real outflow =
                antidiffusive_flux(by_z, upstream.v[v], here.v[v], downstream.v[v], donor.v[v], donor_downstream);
            values.v[v] = donor.v[v] - outflow + inflow.v[v];
            inflow.v[v] = outflow;
            donor.v[v] = donor_downstream;
        }
        if (writes && to.z.contains(z)) {
            put_four(target, values, energy_mev, rounding);
        } else if (writes) {
            for (int v = 0; v < FOUR; ++v) leaked_z.add(static_cast<double>(values.v[v]), energy_mev, z >= 0);
        }
        upstream = here;
        here = downstream;
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
