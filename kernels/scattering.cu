// A_theta alone: multiple scattering along theta, at fixed energy, z and x; twin of src/operators/scattering.rs.
#include "gather_theta.cuh"

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
    const Tiles tiles(to);
    double lost[4] = {0, 0, 0, 0};
    psi += spot * layout.cells();
    next += spot * layout.cells();
    const int items = tiles.chunks * to.energy.length() * tiles.angles;
    for (int item = blockIdx.x * ROWS + threadIdx.y; item < items; item += gridDim.x * ROWS) {
        const int theta = tiles.theta(item % tiles.angles), energy = to.energy.first + item / tiles.angles % to.energy.length();
        const Cell cell(tiles, item / tiles.angles / to.energy.length());
        if (!cell.inside) continue;
        const double energy_mev = march.energies_mev[energy];
        const int entry = march.medium[(plane + cell.z) * layout.row + cell.x] * layout.energies + energy;
        const long long start = layout.index(energy, 0, cell.z) + cell.x;
        const Column<Stored> column = {psi + start, march.plane_cells(), from.angle, layout.angles, march.periodic};
        const Gathered<Arithmetic<Stored>> gathered = gather(march, column, entry, theta);
        for (int r = 0; r < FOUR; ++r) {
            if (!to.angle.contains(theta + r)) continue;
            put(next + start + (theta + r) * column.pitch, gathered.after[r], energy_mev, lost + 2);
            reject(march, entry, theta + r, gathered.before[r], energy_mev, lost);
        }
    }
    enter_losses<4>(march, spot, REJECTED, lost);
}

// Grid: (blocks, spots); block: (LANES, ROWS).
#define SCATTERING_KERNEL(name, Stored)                                                                              \
    extern "C" __global__ void __launch_bounds__(LANES *ROWS)                                                        \
        scattering_##name(March<Stored> march, const Stored *psi, Stored *next, int from_slot, int to_slot, int plane) { \
        scatter<Stored>(march, psi, next, from_slot, to_slot, plane);                                                \
    }
FOR_EACH_STORAGE(SCATTERING_KERNEL)
