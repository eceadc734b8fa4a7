// How cells of a line in free flight advance by the fraction of a displacement; twin of src/operators/streaming/line.rs and
// columns.rs. Cells come in the order of flight.
#pragma once
#include "phase_space.cuh"

template <typename Real> __device__ __forceinline__ Real smaller(Real a, Real b) { return b < a ? b : a; }
__device__ __forceinline__ float smaller(float a, float b) { return min(a, b); }
template <typename Real> __device__ __forceinline__ Real larger(Real a, Real b) { return b > a ? b : a; }
__device__ __forceinline__ float larger(float a, float b) { return max(a, b); }

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

// `linear`: takes nothing back of what the donor-cell step spreads. The bits of the others where their weights are zeros.
struct Spread {
    template <typename Real> struct Column {
        static constexpr int DELAY = 0;
        Real before = 0;

        __device__ __forceinline__ Real enter(const Displacement<Real> &by, Real cell) {
            const Real arrived = donor_cell(by, before, cell);
            before = cell;
            return arrived;
        }
    };
    template <typename Real> static __device__ __forceinline__ Four<Real> arrive(const Displacement<Real> &by, const Real *cells) {
        Four<Real> arrived;
        for (int k = 0; k < FOUR; ++k) arrived.v[k] = donor_cell(by, cells[k - 1], cells[k]);
        return arrived;
    }
};

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

// A column along z on its way: cells enter in the order of flight, and arrive `DELAY` cells later.
template <typename Real> struct RegainingColumn {
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

// Limits what cells regain, and asks twice.
struct Regain {
    template <typename Real> using Column = RegainingColumn<Real>;
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
