// What every kernel shares: storage types, dynamic shared memory, sums over a block in fixed order.
//
// No host headers and no CUDA math functions here: NVRTC, nvcc and the host compiler of tests/support/cuda_host read
// the same text. Built without contraction (--fmad=false), so + - * / and sqrt give the host's bits.
#pragma once
#include <cuda_fp16.h>

// Dynamic shared memory as an array of T; the host header brings its own.
#ifndef DYNAMIC_SHARED
#define DYNAMIC_SHARED(T, name)                      \
    extern __shared__ unsigned char name##_bytes[];  \
    T *name = reinterpret_cast<T *>(name##_bytes)
#endif

// 16-bit cells hold psi times this: a cell holds at most the whole beam (1), which is half of the type's largest number.
// A power of two, so that scaling is exact.
constexpr float HALF_SCALE = 32768.0f;

// How a weight is stored, and the type it is computed in: double in double, float and half in float.
template <typename Stored> struct Storage;

template <> struct Storage<double> {
    using Arithmetic = double;
    static constexpr int rounds = 0;
    static __device__ __forceinline__ double load(double stored) { return stored; }
    static __device__ __forceinline__ double store(double value) { return value; }
};

template <> struct Storage<float> {
    using Arithmetic = float;
    static constexpr int rounds = 0;
    static __device__ __forceinline__ float load(float stored) { return stored; }
    static __device__ __forceinline__ float store(float value) { return value; }
};

template <> struct Storage<__half> {
    using Arithmetic = float;
    static constexpr int rounds = 1;
    static __device__ __forceinline__ float load(__half stored) { return __half2float(stored) * (1.0f / HALF_SCALE); }
    static __device__ __forceinline__ __half store(float value) { return __float2half_rn(value * HALF_SCALE); }
};

template <typename Stored> using Arithmetic = typename Storage<Stored>::Arithmetic;

// A weight, zero for a negligible one: the energy loss leaves no such cells in psi. As in src/real.rs.
template <typename Real> __device__ __forceinline__ Real unless_negligible(Real weight) {
    return weight < Real(sizeof(Real) == 4 ? 1e-24f : 1e-280) ? Real(0) : weight;
}

// The block of a kernel: a warp along x, 8 rows; fewer where a thread holds many numbers, so that registers go further.
constexpr int LANES = 32;
constexpr int ROWS = 8;
constexpr int FEW_ROWS = 4;
// Blocks of few rows that the 65,536 registers of a multiprocessor are to hold.
template <typename Stored> constexpr int FEW_ROWS_BLOCKS = sizeof(Arithmetic<Stored>) == sizeof(double) ? 2 : 3;

// Four numbers read at once.
constexpr int FOUR = 4;
template <typename Real> struct alignas(FOUR * sizeof(Real)) Four {
    Real v[FOUR];
};

template <typename Real> struct alignas(2 * sizeof(Real)) Two {
    Real below, above;
};

// Reads what no thread of the launch writes, in pieces of up to 16 bytes, so that reads may overtake writes; the host header
// brings its own.
#ifndef READ_ONLY
template <typename T> __device__ __forceinline__ T read_only(const T *from) {
    T value;
    if (sizeof(T) % 16 == 0) {
        for (int i = 0; i < sizeof(T) / 16; ++i) reinterpret_cast<uint4 *>(&value)[i] = __ldg(reinterpret_cast<const uint4 *>(from) + i);
    } else if (sizeof(T) % 8 == 0) {
        for (int i = 0; i < sizeof(T) / 8; ++i) reinterpret_cast<uint2 *>(&value)[i] = __ldg(reinterpret_cast<const uint2 *>(from) + i);
    } else if (sizeof(T) % 4 == 0) {
        for (int i = 0; i < sizeof(T) / 4; ++i) reinterpret_cast<unsigned *>(&value)[i] = __ldg(reinterpret_cast<const unsigned *>(from) + i);
    } else {
        reinterpret_cast<unsigned short *>(&value)[0] = __ldg(reinterpret_cast<const unsigned short *>(from));
    }
    return value;
}
#define READ_ONLY(from) read_only(from)
#endif

// Sum over the 32 lanes of a warp, by halves; every lane gets it.
__device__ __forceinline__ double warp_sum(double value) {
    for (int lanes = LANES / 2; lanes > 0; lanes /= 2) value += __shfl_xor_sync(0xffffffffu, value, lanes);
    return value;
}

template <typename Real> __device__ __forceinline__ Real warp_largest(Real value) {
    for (int lanes = LANES / 2; lanes > 0; lanes /= 2) {
        const Real other = __shfl_xor_sync(0xffffffffu, value, lanes);
        value = other > value ? other : value;
    }
    return value;
}

// Sum over a block of (LANES, ROWS) threads: lanes by halves, then warps in turn; every thread gets it.
__device__ __forceinline__ double block_sum(double value) {
    __shared__ double warps[ROWS];
    value = warp_sum(value);
    __syncthreads();
    if (threadIdx.x == 0) warps[threadIdx.y] = value;
    __syncthreads();
    double sum = 0;
    for (int row = 0; row < ROWS; ++row) sum += warps[row];
    return sum;
}
