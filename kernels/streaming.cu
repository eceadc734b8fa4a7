// A_stream: free flight along x and z, at fixed energy and theta; twin of src/operators/streaming.rs.
//
// Threads walk over the arriving cells of all rows in fours, x fastest. What cells regain of their neighbours comes from the lanes
// beside where it lies in another four, so that the two outermost lanes of a warp only help.
#include "phase_space.cuh"

template <typename Real> __device__ __forceinline__ Real smaller(Real a, Real b) { return b < a ? b : a; }
template <typename Real> __device__ __forceinline__ Real larger(Real a, Real b) { return b > a ? b : a; }

// Share of what a cell could not regain that each of its neighbours asks for.
template <typename Real> __device__ __forceinline__ Real missed_share() { return Real(0.8); }

// What the donor-cell step leaves in a cell.
template <typename Real>
__device__ __forceinline__ Real donor_cell(const Displacement<Real> &by, Real upstream, Real here) {
    return here - by.fraction * here + by.fraction * upstream;
}

// The least of three numbers of one sign; zero where signs differ.
template <typename Real> __device__ __forceinline__ Real minmod(Real a, Real b, Real c) {
    const Real least = larger(smaller(smaller(a, b), c), Real(0));
    const Real greatest = smaller(larger(larger(a, b), c), Real(0));
    return least + greatest;
}

// What flows from a cell to the one ahead of it, at most all that it holds.
template <typename Real> __device__ __forceinline__ Real flow(const Displacement<Real> &by, Real upstream, Real here, Real ahead) {
    const Real behind = here - upstream, before = ahead - here;
    const Real smooth = by.weights[1] * before + by.weights[2] * behind;
    const Real least = minmod(smooth, by.fraction * before, behind - by.fraction * behind);
    return smaller(larger(by.fraction * here + least, Real(0)), here);
}

// What a cell wants of either neighbour.
template <typename Real>
__device__ __forceinline__ Real wanted(const Displacement<Real> &by, Real far, Real upstream, Real here, Real ahead) {
    const Real inner = by.weights[1] * here + by.weights[2] * upstream;
    const Real outer = by.weights[0] * ahead + by.weights[3] * far;
    return larger(inner + outer, Real(0));
}

// Half of what a neighbour holds at most.
template <typename Real> __device__ __forceinline__ Real limited(Real wanted, Real below, Real above) {
    return smaller(wanted, Real(0.5) * smaller(below, above));
}

// What is left of a cell that its neighbours took from, with what it took itself.
template <typename Real> __device__ __forceinline__ Real taken(Real left, Real below, Real own, Real above) {
    return left - (below + above) + (own + own);
}

// Useful lanes of a warp.
constexpr int USEFUL = LANES - 2;

// Four cells in the order of flight and the cells beside them.
template <typename Real> struct Beside {
    Real before;
    Four<Real> four;
    Real after;
    __device__ __forceinline__ Real operator[](int k) const { return k < 0 ? before : k < FOUR ? four.v[k] : after; }
};

// Brings the cells beside a four from the lanes beside: those next to it in x, also where a lane begins another line, whose
// flight may be the other way and whose end that lies next is empty.
template <typename Real> __device__ __forceinline__ Beside<Real> with_neighbours(const Four<Real> &four, int direction) {
    const unsigned all = 0xffffffffu;
    const bool rises = direction > 0;
    const Real lowest = rises ? four.v[0] : four.v[FOUR - 1], highest = rises ? four.v[FOUR - 1] : four.v[0];
    const Real below = __shfl_sync(all, highest, (threadIdx.x - 1) & (LANES - 1));
    const Real above = __shfl_sync(all, lowest, (threadIdx.x + 1) & (LANES - 1));
    return {rises ? below : above, four, rises ? above : below};
}

template <typename Real> __device__ __forceinline__ Four<Real> take(const Four<Real> &left, const Beside<Real> &regained) {
    Four<Real> taken_from;
    for (int k = 0; k < FOUR; ++k) taken_from.v[k] = taken(left.v[k], regained[k - 1], regained[k], regained[k + 1]);
    return taken_from;
}

// Limits what flows between cells.
struct Flow {
    template <typename Real> static __device__ __forceinline__ Four<Real> arrive(const Displacement<Real> &by, const Real *cells) {
        Four<Real> arrived;
        Real entering = flow(by, cells[-2], cells[-1], cells[0]);
        for (int k = 0; k < FOUR; ++k) {
            const Real leaving = flow(by, cells[k - 1], cells[k], cells[k + 1]);
            arrived.v[k] = cells[k] - leaving + entering;
            entering = leaving;
        }
        return arrived;
    }
};

// Limits what cells regain, and asks twice.
struct Regain {
    template <typename Real> static __device__ __forceinline__ Four<Real> arrive(const Displacement<Real> &by, const Real *cells) {
        Beside<Real> left;
        left.before = donor_cell(by, cells[-2], cells[-1]);
        for (int k = 0; k < FOUR; ++k) left.four.v[k] = donor_cell(by, cells[k - 1], cells[k]);
        left.after = donor_cell(by, cells[FOUR - 1], cells[FOUR]);
        Four<Real> regained, missed;
        for (int k = 0; k < FOUR; ++k) {
            const Real all = wanted(by, cells[k - 2], cells[k - 1], cells[k], cells[k + 1]);
            regained.v[k] = limited(all, left[k - 1], left[k + 1]);
            missed.v[k] = missed_share<Real>() * (all - regained.v[k]);
        }
        const Beside<Real> held = with_neighbours(take(left.four, with_neighbours(regained, by.direction)), by.direction);
        const Beside<Real> owed = with_neighbours(missed, by.direction);
        for (int k = 0; k < FOUR; ++k) regained.v[k] = limited(owed[k - 1] + owed[k + 1], held[k - 1], held[k + 1]);
        return take(held.four, with_neighbours(regained, by.direction));
    }
};

// What arrives at the cells `x` to `x + 3` of a line, a whole warp at a time: lanes hold neighbouring fours of a line, or begin
// a new one with empty cells that nothing flows out of.
template <typename Limit, typename Stored>
__device__ __forceinline__ Four<Arithmetic<Stored>> arriving(const Displacement<Arithmetic<Stored>> &by, const Stored *line,
                                                             Span from, int x, bool wanted) {
    using Real = Arithmetic<Stored>;
    const int d = by.direction, first = (d > 0 ? x : x + FOUR - 1) - d * by.whole;
    // From two cells upstream of the four to one behind it.
    Real cells[FOUR + 3];
    for (int k = 0; k < FOUR + 3; ++k) {
        const int cell = first + d * (k - 2);
        cells[k] = wanted && from.contains(cell) ? Storage<Stored>::load(READ_ONLY(line + cell)) : Real(0);
    }
    Four<Real> here = Limit::arrive(by, cells + 2);
    if (by.fraction == 0) here = {{cells[2], cells[3], cells[4], cells[5]}};
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
        Four<Arithmetic<Stored>> values = arriving<Flow>(along_x.by_angle[at.theta], psi + line, from.x, at.x, at.inside);
        const double energy_mev = READ_ONLY(march.energies_mev + at.energy);
        leaked.add_outside(values, at.x, march.cells_x, energy_mev, at.useful);
        if (at.useful && written.contains(at.x)) put_four(next + line + at.x, values, energy_mev, rounding);
    }
    enter_losses<4>(march, spot, LEAKED, leaked.amounts);
    if (Storage<Stored>::rounds) enter_losses<2>(march, spot, ROUNDING, rounding);
}

// A column on its way: cells enter in the order of flight, and arrive `DELAY` cells later.
template <typename Real> struct Column {
    static constexpr int DELAY = 4;
    // Counted from the cell that entered last.
    Real cells[3] = {}, left[2] = {}, regained[2] = {}, missed[3] = {}, held[2] = {}, again[2] = {};

    __device__ __forceinline__ Real enter(const Displacement<Real> &by, Real cell) {
        const Real left_now = donor_cell(by, cells[0], cell);
        const Real all = wanted(by, cells[2], cells[1], cells[0], cell);
        const Real regained_now = limited(all, left[1], left_now);
        const Real held_now = taken(left[1], regained[1], regained[0], regained_now);
        const Real again_now = limited(missed[2] + missed[0], held[1], held_now);
        const Real arrived = taken(held[1], again[1], again[0], again_now);
        shift(cells, cell);
        shift(left, left_now);
        shift(regained, regained_now);
        shift(missed, missed_share<Real>() * (all - regained_now));
        shift(held, held_now);
        shift(again, again_now);
        return arrived;
    }
    template <int COUNT> static __device__ __forceinline__ void shift(Real (&list)[COUNT], Real value) {
        for (int i = COUNT - 1; i > 0; --i) list[i] = list[i - 1];
        list[0] = value;
    }
};

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
    z -= d * Column<Real>::DELAY;
    Stored *target = next + static_cast<long long>(z) * row + place.x;
    Column<Real> columns[FOUR];
    for (int i = reached_z.first - Column<Real>::DELAY; i < reached_z.last; ++i, z += d, target += d * row) {
        Four<Real> values = arriving<Regain>(by_x, line, from.x, place.x, place.inside && from.z.contains(source));
        if (!in_grid) leaked_x.add_outside(values, place.x, march.cells_x, energy_mev, place.useful);
        source += d;
        line += d * row;
        for (int v = 0; v < FOUR; ++v) values.v[v] = columns[v].enter(by_z, values.v[v]);
        if (i < reached_z.first) continue;
        if (writes && to.z.contains(z)) {
            put_four(target, values, energy_mev, rounding);
        } else if (writes) {
            for (int v = 0; v < FOUR; ++v) leaked_z.add(static_cast<double>(values.v[v]), energy_mev, z >= 0);
        }
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
