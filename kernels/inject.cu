// Injection: psi[energy, angle, x] += sum over terms of emission[energy, angle] row[x]; twin of src/backend/cpu/stepper/inject.rs.
#include "phase_space.cuh"

// Protons born at a plane; the twin is in src/backend/cuda/twins.rs.
template <typename Real> struct Term {
    const Real *emission;  // [energy of `energy`, angle]
    const Real *row;       // [x]
    Span energy, x;
};

__device__ __forceinline__ Window enclosing(const Window &a, const Window &b) {
    if (a.empty() || b.empty()) return a.empty() ? b : a;
    return {enclosing(a.energy, b.energy), enclosing(a.angle, b.angle), enclosing(a.z, b.z), enclosing(a.x, b.x)};
}

// Sum of the terms, in their order, on top of what a cell holds.
template <typename Stored>
__device__ __forceinline__ Arithmetic<Stored> with_births(const March<Stored> &march, const Term<Arithmetic<Stored>> *terms,
                                                          int count, int energy, int theta, int x, Arithmetic<Stored> weight) {
    for (int i = 0; i < count; ++i) {
        const Term<Arithmetic<Stored>> term = READ_ONLY(terms + i);
        if (!term.energy.contains(energy) || !term.x.contains(x)) continue;
        weight += READ_ONLY(term.emission + (energy - term.energy.first) * march.layout.angles + theta) * READ_ONLY(term.row + x);
    }
    return weight;
}

// One spot, one plane. `born`: the box of all terms; cells of whole fours outside the window become zeros.
template <typename Stored>
__device__ __forceinline__ void inject(const March<Stored> &march, Stored *psi, const Term<Arithmetic<Stored>> *terms, int count,
                                       Window born, int from_slot, int to_slot) {
    const Window old = march.window(from_slot, 0), window = enclosing(old, born);
    if (blockIdx.x == 0 && threadIdx.x == 0 && threadIdx.y == 0) {
        march.windows[to_slot * march.spots] = window;
        march.counts[0] += born.empty() ? 0 : static_cast<unsigned long long>(born.cells());
    }
    if (window.empty()) return;
    const int angles = window.angle.length();
    const Span written = in_fours(window.x);
    double rounding[2] = {0, 0};
    for (int row = blockIdx.x * ROWS + threadIdx.y; row < window.energy.length() * angles; row += gridDim.x * ROWS) {
        const int energy = window.energy.first + row / angles, theta = window.angle.first + row % angles;
        const bool held = !old.empty() && old.energy.contains(energy) && old.angle.contains(theta);
        Stored *line = psi + march.layout.index(energy, theta, 0);
        for (int x = written.first + threadIdx.x; x < written.last; x += LANES) {
            Arithmetic<Stored> weight = held && old.x.contains(x) ? Storage<Stored>::load(line[x]) : Arithmetic<Stored>(0);
            if (window.x.contains(x)) weight = with_births(march, terms, count, energy, theta, x, weight);
            put(line + x, weight, march.energies_mev[energy], rounding);
        }
    }
    if (Storage<Stored>::rounds) enter_losses<2>(march, 0, ROUNDING, rounding);
}

// Grid: (blocks, 1); block: (LANES, ROWS).
#define INJECT_KERNEL(name, Stored)                                                                                     \
    extern "C" __global__ void inject_##name(March<Stored> march, Stored *psi, const Term<Arithmetic<Stored>> *terms,   \
                                             int count, Window born, int from_slot, int to_slot) {                      \
        inject<Stored>(march, psi, terms, count, born, from_slot, to_slot);                                             \
    }
FOR_EACH_STORAGE(INJECT_KERNEL)
