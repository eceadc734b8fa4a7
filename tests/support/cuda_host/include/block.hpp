// One block of threads: starts them, lets them wait for each other, and tells when they never will.
//
// A fiber calls the kernel for one thread after another. A thread that has to wait keeps the fiber; another fiber goes
// on with the threads not yet started. So a block without barriers is a plain loop on one fiber, whatever the kernel.
#pragma once
#include "fiber.hpp"
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace cuda_host {

struct Index {
    unsigned x, y, z;
};
inline constinit thread_local Index threadIdx{}, blockIdx{}, blockDim{}, gridDim{};

constexpr unsigned warp_threads = 32;

enum class State : unsigned char { ready, at_block_barrier, at_warp_barrier, done };

struct Thread {
    State state;
    int line;            // of the barrier it waits at
    unsigned mask;       // lanes it waits for
    std::uint64_t given; // to the other lanes of its warp
    std::uint64_t shown; // `given`, once all lanes of the mask have arrived
    Fiber *fiber;
};

class Block {
public:
    // `start_threads` calls the kernel for the threads that `next_thread` hands out, and returns when there are none.
    void set_launch(Index extent, std::uint64_t order, void (*start_threads)(Block &, void *), void *arguments);
    // An empty text, or why the block cannot end.
    std::string run();

    bool next_thread(unsigned &thread) {
        if (started_ == order_.size()) return false;
        thread = current_ = order_[started_++];
        threadIdx = indices_[thread];
        return true;
    }
    void finished(unsigned thread) { threads_[thread].state = State::done; }

    void wait_for_block(int line) {
        threads_[current_].line = line;
        wait(State::at_block_barrier);
    }
    // Shows `given` to the lanes in `mask` when they have all arrived.
    void wait_for_warp(unsigned mask, std::uint64_t given) {
        threads_[current_].mask = mask;
        threads_[current_].given = given;
        wait(State::at_warp_barrier);
    }
    unsigned lane() const { return current_ % warp_threads; }
    // What `lane` of the current warp gave; all bits set (a NaN) for a lane that took no part.
    std::uint64_t shown_by(unsigned lane) const {
        const unsigned thread = current_ - current_ % warp_threads + lane;
        const bool took_part = lane < warp_threads && thread < threads_.size() && threads_[current_].mask >> lane & 1;
        return took_part ? threads_[thread].shown : ~std::uint64_t(0);
    }
    bool took_part(unsigned lane) const {
        return current_ - current_ % warp_threads + lane < threads_.size() && threads_[current_].mask >> lane & 1;
    }

    static inline constinit thread_local Block *current = nullptr;

private:
    void wait(State state) {
        Thread &thread = threads_[current_];
        thread.state = state;
        thread.fiber = running_;
        switch_context(running_->context, scheduler_);
    }
    void resume(Fiber *fiber) {
        running_ = fiber;
        switch_context(scheduler_, fiber->context);
    }
    static void fiber_entry();
    Fiber *idle_fiber();
    bool start_and_resume();
    bool release_warps();
    bool warp_has_arrived(unsigned first, unsigned lane) const;
    bool release_block();
    std::string why_stuck();

    std::vector<Index> indices_;
    std::vector<unsigned> order_;
    std::vector<Thread> threads_;
    std::size_t started_ = 0;
    unsigned current_ = 0;
    bool warps_ahead_ = false;
    void (*start_threads_)(Block &, void *) = nullptr;
    void *arguments_ = nullptr;
    Context scheduler_;
    Fiber *running_ = nullptr;
    std::vector<std::unique_ptr<Fiber>> fibers_;
    std::vector<Fiber *> idle_;
};

// Orders by number: as numbered; reversed; reversed, a warp alone as long as it can go on; else shuffled with that seed.
enum : std::uint64_t { forward, reversed, warps_ahead };
inline std::vector<unsigned> thread_order(unsigned threads, std::uint64_t order) {
    std::vector<unsigned> sequence(threads);
    std::iota(sequence.begin(), sequence.end(), 0u);
    if (order == reversed || order == warps_ahead) return {sequence.rbegin(), sequence.rend()};
    std::uint64_t state = order;
    for (unsigned left = threads; order > warps_ahead && left > 1; --left) {
        state = state * 6364136223846793005u + 1442695040888963407u; // Knuth, MMIX
        std::swap(sequence[left - 1], sequence[(state >> 33) % left]);
    }
    return sequence;
}

inline void Block::set_launch(Index extent, std::uint64_t order, void (*start_threads)(Block &, void *), void *arguments) {
    const unsigned threads = extent.x * extent.y * extent.z;
    indices_.resize(threads);
    for (unsigned thread = 0; thread < threads; ++thread) {
        indices_[thread] = {thread % extent.x, thread / extent.x % extent.y, thread / (extent.x * extent.y)};
    }
    order_ = thread_order(threads, order);
    warps_ahead_ = order == warps_ahead;
    threads_.resize(threads);
    start_threads_ = start_threads;
    arguments_ = arguments;
}

inline void Block::fiber_entry() {
    for (;;) {
        Block &block = *current;
        block.start_threads_(block, block.arguments_);
        block.idle_.push_back(block.running_);
        switch_context(block.running_->context, block.scheduler_);
    }
}

inline Fiber *Block::idle_fiber() {
    if (idle_.empty()) {
        fibers_.push_back(std::make_unique<Fiber>(fiber_entry));
        return fibers_.back().get();
    }
    Fiber *fiber = idle_.back();
    idle_.pop_back();
    return fiber;
}

// Lets every thread that can go on do so, in the launch's order, or those of its first warp; false where none could.
inline bool Block::start_and_resume() {
    if (started_ < order_.size()) {
        while (started_ < order_.size()) resume(idle_fiber());
        return true;
    }
    bool any = false;
    for (unsigned thread : order_) {
        if (threads_[thread].state != State::ready) continue;
        if (warps_ahead_ && any && thread / warp_threads != current_ / warp_threads) break;
        any = true;
        current_ = thread;
        threadIdx = indices_[thread];
        resume(threads_[thread].fiber);
    }
    return any;
}

inline bool Block::warp_has_arrived(unsigned first, unsigned lane) const {
    const unsigned mask = threads_[first + lane].mask;
    for (unsigned other = 0; other < warp_threads && first + other < threads_.size(); ++other) {
        const Thread &thread = threads_[first + other];
        if (mask >> other & 1 && (thread.state != State::at_warp_barrier || thread.mask != mask)) return false;
    }
    return mask >> lane & 1;
}

inline bool Block::release_warps() {
    bool any = false;
    for (unsigned thread = 0; thread < threads_.size(); ++thread) {
        const unsigned lane = thread % warp_threads, first = thread - lane;
        if (threads_[thread].state != State::at_warp_barrier || !warp_has_arrived(first, lane)) continue;
        const unsigned mask = threads_[thread].mask;
        for (unsigned other = 0; other < warp_threads && first + other < threads_.size(); ++other) {
            if (!(mask >> other & 1)) continue;
            threads_[first + other].shown = threads_[first + other].given;
            threads_[first + other].state = State::ready;
        }
        any = true;
    }
    return any;
}

inline bool Block::release_block() {
    for (const Thread &thread : threads_) {
        if (thread.state != State::at_block_barrier || thread.line != threads_[0].line) return false;
    }
    for (Thread &thread : threads_) thread.state = State::ready;
    return true;
}

inline std::string Block::why_stuck() {
    unsigned count[4] = {};
    int first_line = 0, other_line = 0;
    for (const Thread &thread : threads_) {
        ++count[static_cast<int>(thread.state)];
        if (thread.state != State::at_block_barrier) continue;
        if (!first_line) first_line = thread.line;
        if (thread.line != first_line) other_line = thread.line;
    }
    char text[240];
    std::snprintf(text, sizeof text,
                  "divergent barrier in block (%u, %u, %u): %u threads at __syncthreads (line %d%s%s), "
                  "%u at a warp's barrier, %u ended",
                  blockIdx.x, blockIdx.y, blockIdx.z, count[1], first_line, other_line ? " and line " : "",
                  other_line ? std::to_string(other_line).c_str() : "", count[2], count[3]);
    return text;
}

inline std::string Block::run() {
    started_ = 0;
    std::memset(static_cast<void *>(threads_.data()), 0, threads_.size() * sizeof(Thread));
    for (;;) {
        const bool ran = start_and_resume();
        bool all_done = true;
        for (const Thread &thread : threads_) all_done = all_done && thread.state == State::done;
        if (all_done) return {};
        const bool released = release_warps() || release_block();
        if (ran || released) continue;
        std::string why = why_stuck();
        idle_.clear(); // the fibers of the waiting threads cannot be used again
        fibers_.clear();
        return why;
    }
}

} // namespace cuda_host
