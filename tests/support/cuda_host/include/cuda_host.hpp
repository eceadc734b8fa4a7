// CUDA C++ for a host compiler: enough of the language and its intrinsics for the kernels of this project.
//
// Threads of a block run as plain calls in a loop; only a thread that meets a barrier or a shuffle keeps a stack of its
// own (block.hpp). Blocks run one after another on the calling thread. What is missing here fails to compile.
// Not covered: real races between threads or blocks, inline PTX, CUDA's own exp, log and pow.
#pragma once
#include "block.hpp"
#include "cuda_fp16.h"
#include "intrinsics.hpp"
#include "launch.hpp"

#ifndef CUDA_HOST_GLOBAL // the scan for kernel names puts a marker here
#define CUDA_HOST_GLOBAL
#endif
#define __global__ CUDA_HOST_GLOBAL
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
// One block at a time runs on an operating-system thread, so thread-local storage is the block's. It keeps its content
// from block to block: a kernel that reads it before writing is not found out here.
#define __shared__ static thread_local
#define DYNAMIC_SHARED(T, name) T *name = reinterpret_cast<T *>(cuda_host::dynamic_shared())

#define READ_ONLY(from) (*(from))

using cuda_host::blockDim;
using cuda_host::blockIdx;
using cuda_host::gridDim;
using cuda_host::threadIdx;
