// The CUDA intrinsics that the kernels use, on top of block.hpp. Shuffles work on whole warps (no width argument).
#pragma once
#include "block.hpp"
#include <cmath>
#include <cstdlib>

inline void __syncthreads(int line = __builtin_LINE()) { cuda_host::Block::current->wait_for_block(line); }
inline void __syncwarp(unsigned mask = ~0u) { cuda_host::Block::current->wait_for_warp(mask, 0); }

namespace cuda_host {

template <typename T> T exchange(unsigned mask, T value, unsigned source_lane) {
    static_assert(sizeof(T) <= sizeof(std::uint64_t));
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    Block::current->wait_for_warp(mask, bits);
    bits = Block::current->shown_by(source_lane);
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

inline unsigned lane() { return Block::current->lane(); }

} // namespace cuda_host

template <typename T> T __shfl_sync(unsigned mask, T value, int source) {
    return cuda_host::exchange(mask, value, static_cast<unsigned>(source) % cuda_host::warp_threads);
}
// A lane whose source lies outside the warp keeps its own value (CUDA C++ Programming Guide, warp shuffle functions).
template <typename T> T __shfl_down_sync(unsigned mask, T value, unsigned delta) {
    const unsigned own = cuda_host::lane(), source = own + delta;
    return cuda_host::exchange(mask, value, source < cuda_host::warp_threads ? source : own);
}
template <typename T> T __shfl_up_sync(unsigned mask, T value, unsigned delta) {
    const unsigned own = cuda_host::lane();
    return cuda_host::exchange(mask, value, delta <= own ? own - delta : own);
}
template <typename T> T __shfl_xor_sync(unsigned mask, T value, int lanes) {
    return cuda_host::exchange(mask, value, cuda_host::lane() ^ static_cast<unsigned>(lanes));
}
inline unsigned __ballot_sync(unsigned mask, int predicate) {
    cuda_host::Block &block = *cuda_host::Block::current;
    block.wait_for_warp(mask, predicate != 0);
    unsigned votes = 0;
    for (unsigned lane = 0; lane < cuda_host::warp_threads; ++lane) {
        if (block.took_part(lane) && block.shown_by(lane)) votes |= 1u << lane;
    }
    return votes;
}
inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __popc(unsigned bits) { return __builtin_popcount(bits); }

// Threads take turns on one operating-system thread, so plain reads and writes are atomic.
template <typename T> T atomicAdd(T *address, T value) {
    const T old = *address;
    *address = old + value;
    return old;
}
template <typename T> T atomicMax(T *address, T value) {
    const T old = *address;
    if (value > old) *address = value;
    return old;
}
template <typename T> T __ldg(const T *address) { return *address; }

inline int min(int a, int b) { return a < b ? a : b; }
inline int max(int a, int b) { return a > b ? a : b; }
inline unsigned min(unsigned a, unsigned b) { return a < b ? a : b; }
inline unsigned max(unsigned a, unsigned b) { return a > b ? a : b; }
inline long long min(long long a, long long b) { return a < b ? a : b; }
inline long long max(long long a, long long b) { return a > b ? a : b; }
inline float min(float a, float b) { return std::fmin(a, b); }
inline float max(float a, float b) { return std::fmax(a, b); }
inline double min(double a, double b) { return std::fmin(a, b); }
inline double max(double a, double b) { return std::fmax(a, b); }
template <typename T> T atomicMin(T *address, T value) {
    const T old = *address;
    if (value < old) *address = value;
    return old;
}
// Number of leading zeros; 32 for 0. Place of the lowest set bit, counted from 1; 0 for 0.
inline int __clz(int bits) { return bits == 0 ? 32 : __builtin_clz(static_cast<unsigned>(bits)); }
inline int __ffs(int bits) { return __builtin_ffs(bits); }
