// A_stream: free flight along x and z, at fixed energy and theta; twin of src/operators/streaming.rs.
//
// Threads walk over the arriving cells of all rows in fours, x fastest. What cells regain of their neighbours comes from the lanes
// beside where it lies in another four, so that the two outermost lanes of a warp only help.
#include "advection.cuh"

// Useful lanes of a warp.
constexpr int USEFUL = LANES - 2;

// Cells that a four is made from: two upstream of it to one behind it.
constexpr int NEEDED = FOUR + 3;

// Where the cells that a four at `x` of any line is made from lie, lowest first, and which of them the window holds: bits.
struct Needed {
    int lowest;
    unsigned held;

    template <typename Real>
    __device__ __forceinline__ Needed(const Displacement<Real> &by, Span from, int x)
        : lowest(x - by.direction * by.whole - (by.direction > 0 ? 2 : 1)), held(0) {
        for (int i = 0; i < NEEDED; ++i) held |= from.contains(lowest + i) ? 1u << i : 0u;
    }
};

// What arrives at four cells of a line, a whole warp at a time: lanes hold neighbouring fours of a line, or begin a new one with
// empty cells that nothing flows out of.
template <typename Limit, typename Stored>
__device__ __forceinline__ Four<Arithmetic<Stored>> arriving(const Displacement<Arithmetic<Stored>> &by, const Stored *lowest,
                                                             unsigned held) {
    using Real = Arithmetic<Stored>;
    const bool rises = by.direction > 0;
    Real rising[NEEDED], cells[NEEDED];
    for (int i = 0; i < NEEDED; ++i) rising[i] = held & 1u << i ? Storage<Stored>::load(READ_ONLY(lowest + i)) : Real(0);
    for (int k = 0; k < NEEDED; ++k) cells[k] = rises ? rising[k] : rising[NEEDED - 1 - k];
    Four<Real> here = Limit::arrive(by, cells + 2);
    if (by.fraction == 0) here = {{cells[2], cells[3], cells[4], cells[5]}};
    return rises ? here : Four<Real>{{here.v[3], here.v[2], here.v[1], here.v[0]}};
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

// Weight and energy that a thread sees leave over the low and the high side of an axis: in shared memory, as few threads see any.
template <int THREADS> struct Leak {
    double *amounts;  // [side, (weight, energy), thread]

    __device__ __forceinline__ explicit Leak(double *all) : amounts(all + threadIdx.y * LANES + threadIdx.x) {
        for (int i = 0; i < 4; ++i) amounts[i * THREADS] = 0;
    }
    __device__ __forceinline__ void add(double weight, double energy_mev, bool high) {
        double *side = amounts + (high ? 2 * THREADS : 0);
        side[0] += weight;
        side[THREADS] += weight * energy_mev;
    }
    template <typename Stored> __device__ __forceinline__ void enter(const March<Stored> &march, int spot, int first) const {
        const double all[4] = {amounts[0], amounts[THREADS], amounts[2 * THREADS], amounts[3 * THREADS]};
        enter_losses<4>(march, spot, first, all);
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

template <typename Limit, typename Stored>
__device__ __forceinline__ void stream_x(const March<Stored> &march, Displacements<Arithmetic<Stored>> along_x,
                                         const Stored *psi, Stored *next, int from_slot, int to_slot) {
    const int spot = blockIdx.y;
    const Window from = march.window(from_slot, spot);
    const int left = along_x.below.over(from.angle), right = along_x.above.over(from.angle);
    Window to = from;
    to.x = from.x.grown(left, right, {0, march.cells_x});
    turn(march, spot, to_slot, to);
    if (from.empty()) return;
    constexpr int THREADS = ROWS * LANES;
    __shared__ double leaks[4 * THREADS];
    Leak<THREADS> leaked(leaks);
    double rounding[2] = {0, 0};
    psi += spot * march.layout.cells();
    next += spot * march.layout.cells();
    const Lines lines(from, left, right);
    const Span written = in_fours(to.x);
    for (int warp = blockIdx.x * ROWS + threadIdx.y; warp < lines.warps(); warp += gridDim.x * ROWS) {
        const Place at = lines.place(warp);
        const long long line = march.layout.index(at.energy, at.theta, 0);
        const Displacement<Arithmetic<Stored>> by = along_x.by_angle[at.theta];
        const Needed needed(by, from.x, at.x);
        Four<Arithmetic<Stored>> values = arriving<Limit>(by, psi + line + needed.lowest, at.inside ? needed.held : 0);
        const double energy_mev = READ_ONLY(march.energies_mev + at.energy);
        leaked.add_outside(values, at.x, march.cells_x, energy_mev, at.useful);
        if (at.useful && written.contains(at.x)) put_four(next + line + at.x, values, energy_mev, rounding);
    }
    leaked.enter(march, spot, LEAKED);
    if (Storage<Stored>::rounds) enter_losses<2>(march, spot, ROUNDING, rounding);
}

// Both axes in one pass (path stepping): a thread walks a column of z along the direction of flight, and makes each of its
// cells from a row of x on the way, so that psi is read once and written once.
template <typename Limit, typename Stored>
__device__ __forceinline__ void stream_column(const March<Stored> &march, Displacement<Arithmetic<Stored>> by_x,
                                              Displacement<Arithmetic<Stored>> by_z, const Stored *psi, Stored *next,
                                              const Window &from, Span reached_z, const Window &to, const Place &place,
                                              Leak<FEW_ROWS * LANES> &leaked_x, Leak<FEW_ROWS * LANES> &leaked_z, double *rounding) {
    using Column = typename Limit::template Column<Arithmetic<Stored>>;
    const int row = march.layout.row, d = by_z.direction, shift = d * by_z.whole;
    const double energy_mev = READ_ONLY(march.energies_mev + place.energy);
    const bool writes = place.useful && in_fours(to.x).contains(place.x);
    const Needed needed(by_x, from.x, place.x);
    const bool in_grid = place.x >= 0 && place.x + FOUR <= march.cells_x;
    int z = d > 0 ? reached_z.first : reached_z.last - 1, source = z - shift;
    const Stored *lowest = psi + static_cast<long long>(source) * row + needed.lowest;
    z -= d * Column::DELAY;
    Stored *target = next + static_cast<long long>(z) * row + place.x;
    Column columns[FOUR];
#pragma unroll 2
    for (int i = reached_z.first - Column::DELAY; i < reached_z.last; ++i, z += d, target += d * row) {
        Four<Arithmetic<Stored>> values = arriving<Limit>(by_x, lowest, place.inside && from.z.contains(source) ? needed.held : 0);
        if (!in_grid) leaked_x.add_outside(values, place.x, march.cells_x, energy_mev, place.useful);
        source += d;
        lowest += d * row;
        for (int v = 0; v < FOUR; ++v) values.v[v] = columns[v].enter(by_z, values.v[v]);
        if (i < reached_z.first) continue;
        if (writes && to.z.contains(z)) {
            put_four(target, values, energy_mev, rounding);
        } else if (writes) {
            for (int v = 0; v < FOUR; ++v) leaked_z.add(static_cast<double>(values.v[v]), energy_mev, z >= 0);
        }
    }
}

template <typename Limit, typename Stored>
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
    constexpr int THREADS = FEW_ROWS * LANES;
    __shared__ double leaks[2][4 * THREADS];
    Leak<THREADS> leaked_x(leaks[0]), leaked_z(leaks[1]);
    double rounding[2] = {0, 0};
    psi += spot * layout.cells();
    next += spot * layout.cells();
    const Lines lines(from, left, right);
    const Span reached_z = {from.z.first - back, from.z.last + ahead};
    for (int warp = blockIdx.x * FEW_ROWS + threadIdx.y; warp < lines.warps(); warp += gridDim.x * FEW_ROWS) {
        const Place place = lines.place(warp);
        const long long plane = layout.index(place.energy, place.theta, 0);
        stream_column<Limit>(march, along_x.by_angle[place.theta], along_z.by_angle[place.theta], psi + plane, next + plane, from,
                      reached_z, to, place, leaked_x, leaked_z, rounding);
    }
    leaked_x.enter(march, spot, LEAKED);
    leaked_z.enter(march, spot, LEAKED + 4);
    if (Storage<Stored>::rounds) enter_losses<2>(march, spot, ROUNDING, rounding);
}

// Grid: (blocks, spots); block: (LANES, ROWS), along x and z (LANES, FEW_ROWS).
#define STREAMING_X_KERNEL(name, Limit, Stored)                                                                        \
    extern "C" __global__ void __launch_bounds__(LANES *ROWS)                                                          \
        name(March<Stored> march, Displacements<Arithmetic<Stored>> along_x, const Stored *psi, Stored *next,          \
             int from_slot, int to_slot) {                                                                             \
        stream_x<Limit>(march, along_x, psi, next, from_slot, to_slot);                                                \
    }
#define STREAMING_XZ_KERNEL(name, Limit, Stored)                                                                       \
    extern "C" __global__ void __launch_bounds__(LANES *FEW_ROWS, FEW_ROWS_BLOCKS<Stored>)                            \
        name(March<Stored> march, Displacements<Arithmetic<Stored>> along_x, Displacements<Arithmetic<Stored>> along_z, \
             const Stored *psi, Stored *next, int from_slot, int to_slot) {                                            \
        stream_xz<Limit>(march, along_x, along_z, psi, next, from_slot, to_slot);                                      \
    }
#define STREAMING_KERNELS(name, Stored)                                                                                \
    STREAMING_X_KERNEL(streaming_x_##name, Flow, Stored)                                                               \
    STREAMING_X_KERNEL(streaming_x_linear_##name, Spread, Stored)                                                      \
    STREAMING_XZ_KERNEL(streaming_xz_##name, Regain, Stored)                                                           \
    STREAMING_XZ_KERNEL(streaming_xz_linear_##name, Spread, Stored)
FOR_EACH_STORAGE(STREAMING_KERNELS)
