// Small kernels that check the host execution itself: each needs one feature of it, or breaks one rule on purpose.
#include "common.cuh"

extern "C" __global__ void check_half_to_float(const __half *in, float *out, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = __half2float(in[i]);
}

extern "C" __global__ void check_float_to_half(const float *in, __half *out, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = __float2half_rn(in[i]);
}

// Tree sum of each block in dynamic shared memory; block size a power of two.
extern "C" __global__ void check_block_sum(const double *in, double *out) {
    DYNAMIC_SHARED(double, partial);
    const int thread = threadIdx.x;
    partial[thread] = in[blockIdx.x * blockDim.x + thread];
    __syncthreads();
    for (int width = blockDim.x / 2; width > 0; width /= 2) {
        if (thread < width) partial[thread] += partial[thread + width];
        __syncthreads();
    }
    if (thread == 0) out[blockIdx.x] = partial[0];
}

// Per thread: sum over the warp by xor, value of the lane above, of the lane below, of lane 5, and the vote in[i] > 0.
extern "C" __global__ void check_warp(const float *in, float *sum, float *above, float *below, float *fifth,
                                      unsigned *votes) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    float value = in[i];
    for (int lanes = 16; lanes > 0; lanes /= 2) value += __shfl_xor_sync(0xffffffffu, value, lanes);
    sum[i] = value;
    above[i] = __shfl_down_sync(0xffffffffu, in[i], 1);
    below[i] = __shfl_up_sync(0xffffffffu, in[i], 1);
    fifth[i] = __shfl_sync(0xffffffffu, in[i], 5);
    votes[i] = __ballot_sync(0xffffffffu, in[i] > 0.0f);
}

// Transposes a tile of 8 by 4 threads through static shared memory.
extern "C" __global__ void check_transpose(const int *in, int *out) {
    __shared__ int tile[4][8];
    tile[threadIdx.y][threadIdx.x] = in[threadIdx.y * 8 + threadIdx.x];
    __syncthreads();
    const int flat = threadIdx.y * 8 + threadIdx.x;
    out[flat] = tile[flat % 4][flat / 4];
}

// Broken: no barrier between write and read.
extern "C" __global__ void broken_missing_barrier(const float *in, float *out) {
    __shared__ float shared[256];
    shared[threadIdx.x] = in[threadIdx.x];
    out[threadIdx.x] = shared[(threadIdx.x + 1) % 256];
}

// Broken: only some threads reach the barrier.
extern "C" __global__ void broken_early_return(float *out, int n) {
    if (threadIdx.x >= n) return;
    __syncthreads();
    out[threadIdx.x] = 1.0f;
}

// Broken: the two halves wait at different barriers.
extern "C" __global__ void broken_two_barriers(float *out) {
    if (threadIdx.x < 16) {
        __syncthreads();
    } else {
        __syncthreads();
    }
    out[threadIdx.x] = 1.0f;
}

// Broken: a lane that the mask names never comes.
extern "C" __global__ void broken_missing_lane(float *out) {
    if (threadIdx.x == 7) return;
    out[threadIdx.x] = __shfl_sync(0xffffffffu, out[threadIdx.x], 0);
}
