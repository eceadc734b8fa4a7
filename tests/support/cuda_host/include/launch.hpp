// The table of kernels and the loop over blocks. Twin of the declarations in src/lib.rs.
#pragma once
#include "block.hpp"
#include <tuple>

namespace cuda_host {

struct Shape {
    Index grid, block;
    std::size_t dynamic_shared_bytes;
    std::uint64_t order;
};

struct Kernel {
    const char *name;
    const std::size_t *argument_bytes;
    std::size_t argument_count;
    // Null, or why the launch failed (valid until this thread's next launch).
    const char *(*launch)(const Shape *shape, void *const *arguments);
};

inline std::vector<std::uint64_t> &dynamic_shared_words() {
    static thread_local std::vector<std::uint64_t> words;
    return words;
}
inline void *dynamic_shared() { return dynamic_shared_words().data(); }

// Fresh blocks find all bits set in dynamic shared memory: a NaN for whoever reads before writing.
inline std::string run_blocks(Block &block, const Shape &shape) {
    std::vector<std::uint64_t> &shared = dynamic_shared_words();
    const std::size_t words = (shape.dynamic_shared_bytes + 7) / 8;
    for (unsigned z = 0; z < shape.grid.z; ++z) {
        for (unsigned y = 0; y < shape.grid.y; ++y) {
            for (unsigned x = 0; x < shape.grid.x; ++x) {
                blockIdx = {x, y, z};
                shared.assign(words, ~std::uint64_t(0));
                std::string why = block.run();
                if (!why.empty()) return why;
            }
        }
    }
    return {};
}

template <auto Function, typename... Arguments, std::size_t... I>
const char *launch_with(const Shape &shape, void *const *pointers, std::index_sequence<I...>) {
    static thread_local Block block;
    static thread_local std::string why;
    std::tuple<Arguments...> arguments(*static_cast<Arguments *>(pointers[I])...);
    auto start_threads = [](Block &running, void *passed) {
        const auto &values = *static_cast<std::tuple<Arguments...> *>(passed);
        for (unsigned thread; running.next_thread(thread);) {
            Function(std::get<I>(values)...);
            running.finished(thread);
        }
    };
    gridDim = shape.grid;
    blockDim = shape.block;
    Block::current = &block;
    block.set_launch(shape.block, shape.order, start_threads, &arguments);
    why = run_blocks(block, shape);
    return why.empty() ? nullptr : why.c_str();
}

template <auto Function, typename... Arguments> struct Describe {
    static constexpr std::size_t bytes[sizeof...(Arguments) + 1] = {sizeof(Arguments)..., 0};
    static const char *launch(const Shape *shape, void *const *pointers) {
        return launch_with<Function, Arguments...>(*shape, pointers, std::index_sequence_for<Arguments...>{});
    }
    static constexpr Kernel kernel(const char *name) { return {name, bytes, sizeof...(Arguments), launch}; }
};

template <auto Function, typename... Arguments>
constexpr Kernel describe(const char *name, void (*)(Arguments...)) {
    return Describe<Function, Arguments...>::kernel(name);
}

} // namespace cuda_host

#define CUDA_HOST_EXPORT(function)                                                      \
    extern "C" {                                                                        \
    extern const cuda_host::Kernel cuda_host_kernel_##function;                         \
    const cuda_host::Kernel cuda_host_kernel_##function =                               \
        cuda_host::describe<&function>(#function, &function);                           \
    }
