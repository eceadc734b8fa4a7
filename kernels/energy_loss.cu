// A_E: energy loss and straggling as a gather along E, at fixed theta, z, x; twin of src/operators/energy_loss.rs.
//
//     psi'[j] = sum over k of g[j, k] psi[base[j] + k]
#include "phase_space.cuh"

template <typename Stored>
__device__ __forceinline__ void lose_energy(const March<Stored> &march, const Stored *psi, Stored *next, int from_slot,
                                            int to_slot, int plane) {
    const int spot = blockIdx.y;
    const Window from = march.window(from_slot, spot);
    const Layout layout = march.layout;
    Window to = from;
    to.energy = from.energy.grown(march.loss.reach_down, march.loss.reach_up, {0, layout.energies});
    turn(march, spot, to_slot, to);
    if (from.empty()) return;
    const int angles = to.angle.length(), planes = to.z.length();
    const long long pitch = layout.index(1, 0, 0);
    double rounding[2] = {0, 0};
    psi += spot * layout.cells();
    next += spot * layout.cells();
    for (int row = blockIdx.x * ROWS + threadIdx.y; row < to.energy.length() * angles * planes; row += gridDim.x * ROWS) {
        const int z = to.z.first + row % planes;
        const int theta = to.angle.first + row / planes % angles;
        const int target = to.energy.first + row / planes / angles;
        for (int x = from.x.first + threadIdx.x; x < from.x.last; x += LANES) {
            const int medium = march.medium[(plane + z) * layout.row + x];
            const int entry = (medium * layout.energies + target) * march.loss.classes + march.mirror_class[theta];
            const int base = march.loss.base[entry];
            const Arithmetic<Stored> *weights = march.loss.weights + static_cast<long long>(entry) * march.loss.sources;
            const Stored *column = psi + layout.index(base, theta, z) + x;
            Arithmetic<Stored> sum = 0;
            for (int k = 0; k < march.loss.sources; ++k) {
                if (from.energy.contains(base + k)) sum += weights[k] * Storage<Stored>::load(column[k * pitch]);
            }
            put(next + layout.index(target, theta, z) + x, sum, march.energies_mev[target], rounding);
        }
    }
    if (Storage<Stored>::rounds) enter_losses<2>(march, spot, ROUNDING_AFTER, rounding);
}

// Grid: (blocks, spots); block: (LANES, ROWS).
#define ENERGY_LOSS_KERNEL(name, Stored)                                                                              \
    extern "C" __global__ void energy_loss_##name(March<Stored> march, const Stored *psi, Stored *next, int from_slot, \
                                                  int to_slot, int plane) {                                           \
        lose_energy<Stored>(march, psi, next, from_slot, to_slot, plane);                                             \
    }
FOR_EACH_STORAGE(ENERGY_LOSS_KERNEL)
