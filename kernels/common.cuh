// What every kernel shares: storage types, index order, dynamic shared memory.
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

// How a weight is stored, and the type it is computed in: double in double, float and half in float.
template <typename Stored> struct Storage;

template <> struct Storage<double> {
    using Arithmetic = double;
    static __device__ __forceinline__ double load(double stored) { return stored; }
    static __device__ __forceinline__ double store(double value) { return value; }
};

template <> struct Storage<float> {
    using Arithmetic = float;
    static __device__ __forceinline__ float load(float stored) { return stored; }
    static __device__ __forceinline__ float store(float value) { return value; }
};

template <> struct Storage<__half> {
    using Arithmetic = float;
    static __device__ __forceinline__ float load(__half stored) { return __half2float(stored); }
    static __device__ __forceinline__ __half store(float value) { return __float2half_rn(value); }
};

// Extents of psi[energy, theta, z, x], x fastest; twin of the index order in src/phase_space.rs.
struct Extents {
    int energies;
    int thetas;
    int zs;
    int xs;
};

__device__ __forceinline__ long long flat_index(Extents extents, int energy, int theta, int z, int x) {
    return ((static_cast<long long>(energy) * extents.thetas + theta) * extents.zs + z) * extents.xs + x;
}
