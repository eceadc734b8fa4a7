// A_theta alone: multiple scattering along theta, at fixed energy, z and x; twin of src/operators/scattering.rs.
#include "gather_theta.cuh"

// `plane`: the phantom's plane that stored plane 0 is.
template <typename Stored>
__device__ __forceinline__ void scatter(const March<Stored> &march, const Stored *psi, Stored *next, int from_slot,
                                        int to_slot, int plane) {
    using Real = Arithmetic<Stored>;
    const int spot = blockIdx.y;
    const Window from = march.window(from_slot, spot);
    Window to = from;
    to.angle = scattered_angles(march, from);
    turn(march, spot, to_slot, to);
    if (from.empty()) return;
    const Layout layout = march.layout;
    const Fours fours(to);
    const int warps = (fours.count + LANES - 1) / LANES;
    double lost[4] = {0, 0, 0, 0};
    psi += spot * layout.cells();
    next += spot * layout.cells();
    for (int item = blockIdx.x * ROWS + threadIdx.y; item < warps * to.energy.length(); item += gridDim.x * ROWS) {
        const int energy = to.energy.first + item / warps;
        const Cell cell(fours, item % warps * LANES + threadIdx.x);
        if (!cell.inside) continue;
        const Filling filling(march, plane + cell.z, cell.x);
        const long long start = layout.index(energy, 0, cell.z) + cell.x;
        const Column<Stored> column = {psi + start, layout.planes * layout.row, from.angle, from.x, cell.x, layout.angles, march.periodic};
        const Four<Real> after = filling.template each<Real>([&](int medium) {
            return gather<ANYTHING>(march, column, kernel_of(march, medium, energy), cell.theta);
        });
        put_four(next + start + cell.theta * march.plane_cells(), after, READ_ONLY(march.energies_mev + energy), lost + 2);
        if (from.angle.contains(cell.theta)) reject(march, filling, energy, cell.theta, column.template at<ANYTHING>(cell.theta), lost);
    }
    enter_losses<4>(march, spot, REJECTED, lost);
}

// Grid: (blocks, spots); block: (LANES, ROWS).
#define SCATTERING_KERNEL(name, Stored)                                                                                  \
    extern "C" __global__ void __launch_bounds__(LANES *ROWS, 2)                                                         \
        scattering_##name(March<Stored> march, const Stored *psi, Stored *next, int from_slot, int to_slot, int plane) { \
        scatter<Stored>(march, psi, next, from_slot, to_slot, plane);                                                    \
    }
FOR_EACH_STORAGE(SCATTERING_KERNEL)
