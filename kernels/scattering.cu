// A_theta: multiple scattering as a gather along theta, at fixed energy, z and x; twin of src/operators/scattering.rs.
//
//     out[E, theta, z, x] = sum over n = -reach..reach of  weight[E, theta - n, n + reach] * psi[E, theta - n, z, x]
//
// weight[E, source theta, n + reach] is the share of a source cell that moves n angle bins; sources outside the axis
// hold nothing. The sum runs in rising n, as in the twin. One thread per (x, z) and (theta, energy): x fastest.
#include "common.cuh"

template <typename Stored>
__device__ __forceinline__ void scatter(const Stored *__restrict__ psi,
                                        const typename Storage<Stored>::Arithmetic *__restrict__ weight,
                                        Stored *__restrict__ out, Extents extents, int reach) {
    using Arithmetic = typename Storage<Stored>::Arithmetic;
    const int x = blockIdx.x * blockDim.x + threadIdx.x;
    const int z = blockIdx.y % extents.zs;
    const int theta = blockIdx.y / extents.zs;
    const int energy = blockIdx.z;
    if (x >= extents.xs) return;
    const int taps = 2 * reach + 1;
    Arithmetic sum = 0;
    for (int n = -reach; n <= reach; ++n) {
        const int source = theta - n;
        if (source < 0 || source >= extents.thetas) continue;
        const Arithmetic share = weight[(static_cast<long long>(energy) * extents.thetas + source) * taps + n + reach];
        sum += share * Storage<Stored>::load(psi[flat_index(extents, energy, source, z, x)]);
    }
    out[flat_index(extents, energy, theta, z, x)] = Storage<Stored>::store(sum);
}

// Grid: (ceil(xs / block x), thetas * zs, energies); block: (any, 1, 1).
#define SCATTERING_KERNEL(name, Stored)                                                                     \
    extern "C" __global__ void name(const Stored *psi, const typename Storage<Stored>::Arithmetic *weight, \
                                    Stored *out, Extents extents, int reach) {                             \
        scatter<Stored>(psi, weight, out, extents, reach);                                                 \
    }
SCATTERING_KERNEL(scattering_double, double)
SCATTERING_KERNEL(scattering_single, float)
SCATTERING_KERNEL(scattering_half, __half)
