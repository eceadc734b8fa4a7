// A fiber: a stack and the place where its execution stands. Switching is by hand on x86-64 (six registers, tens of
// nanoseconds) and by ucontext elsewhere (a system call, about ten times slower).
#pragma once
#include <cstddef>
#include <cstdint>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

#if !defined(__x86_64__) || defined(CUDA_HOST_UCONTEXT)
#define CUDA_HOST_PORTABLE_SWITCH
#include <ucontext.h>
#endif

namespace cuda_host {

#ifdef CUDA_HOST_PORTABLE_SWITCH
struct Context {
    ucontext_t registers;
};
inline void switch_context(Context &from, Context &to) { swapcontext(&from.registers, &to.registers); }
inline void prepare_context(Context &context, unsigned char *stack, std::size_t bytes, void (*entry)()) {
    getcontext(&context.registers);
    context.registers.uc_stack.ss_sp = stack;
    context.registers.uc_stack.ss_size = bytes;
    context.registers.uc_link = nullptr;
    makecontext(&context.registers, entry, 0);
}
#else
struct Context {
    void *stack_pointer;
};
// System V ABI, figure 3.4: the callee-saved registers are rbx, rbp and r12 to r15.
extern "C" void cuda_host_switch(void **save_here, void *continue_there);
asm(R"(
    .text
    .p2align 4
    .weak cuda_host_switch
    .type cuda_host_switch, @function
cuda_host_switch:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)
    mov %rsi, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
    .size cuda_host_switch, . - cuda_host_switch
)");
inline void switch_context(Context &from, Context &to) { cuda_host_switch(&from.stack_pointer, to.stack_pointer); }
inline void prepare_context(Context &context, unsigned char *stack, std::size_t bytes, void (*entry)()) {
    void **top = reinterpret_cast<void **>((reinterpret_cast<std::uintptr_t>(stack) + bytes) & ~std::uintptr_t(15));
    *--top = nullptr; // where a return address of entry would stand; keeps the stack aligned as after a call
    *--top = reinterpret_cast<void *>(entry);
    for (int saved_register = 0; saved_register < 6; ++saved_register) *--top = nullptr;
    context.stack_pointer = top;
}
#endif

// The stack has an unreadable page below it: an overflow is a fault, not a corrupted neighbour.
class Fiber {
public:
    explicit Fiber(void (*entry)()) {
        const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
        bytes_ = stack_bytes + page;
        const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
        void *memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, flags, -1, 0);
        if (memory == MAP_FAILED) throw std::bad_alloc();
        mprotect(memory, page, PROT_NONE);
        memory_ = static_cast<unsigned char *>(memory);
        prepare_context(context, memory_ + page, stack_bytes, entry);
    }
    ~Fiber() { munmap(memory_, bytes_); }
    Fiber(const Fiber &) = delete;
    Fiber &operator=(const Fiber &) = delete;

    Context context;

private:
    static constexpr std::size_t stack_bytes = 64 * 1024;
    unsigned char *memory_;
    std::size_t bytes_;
};

} // namespace cuda_host
